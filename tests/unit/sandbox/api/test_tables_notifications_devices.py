"""The endpoints below a database, against what the specification prints."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.sandbox.api.estate import Database
from bot.sandbox.api.server import StandInApi
from tests.unit.sandbox.api.conftest import path_of

TABLES = "/cloudsync/tables"
ENABLE = "/cloudsync/enable"
DISABLE = "/cloudsync/disable"
TOKEN = "/notifications/expo-access-token"
STATUS = "/notifications/status"
DEVICES = "/devices"


async def test_tables_are_listed_as_printed(http: httpx.AsyncClient, orders: Database) -> None:
    orders.tables = {"users": True, "orders": False}
    listed = (await http.get(path_of(orders, TABLES))).json()
    assert listed["data"] == [{"name": "users", "enabled": True}, {"name": "orders", "enabled": False}]


async def test_tables_are_enabled_and_disabled_by_name(http: httpx.AsyncClient, orders: Database) -> None:
    assert (await http.post(path_of(orders, ENABLE), json={"tables": ["invoices", "audit_log"]})).status_code == 200
    assert (await http.post(path_of(orders, DISABLE), json={"tables": ["orders"]})).status_code == 200
    enabled = {name for name, is_enabled in orders.tables.items() if is_enabled}
    assert enabled == {"users", "order_lines", "invoices", "audit_log"}


@pytest.mark.parametrize("below", [ENABLE, DISABLE])
@pytest.mark.parametrize("body", [{}, {"tables": []}, {"tables": "users"}, {"tables": ["users", "unknown"]}], ids=str)
async def test_no_table_changes_unless_all_can(
    below: str, body: dict[str, Any], http: httpx.AsyncClient, orders: Database
) -> None:
    before = dict(orders.tables)
    answer = await http.post(path_of(orders, below), json=body)
    assert answer.status_code == 422
    assert orders.tables == before


@pytest.mark.parametrize(("label", "status"), [("billing", 502), ("warehouse", 422)])
async def test_tables_of_an_unreachable_database_cannot_be_read(
    label: str, status: int, api: StandInApi, http: httpx.AsyncClient
) -> None:
    database = api.estate.labelled(label)
    answer = await http.get(path_of(database, TABLES))
    assert database.failure is not None
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, database.failure.code)


async def test_a_token_is_set_replaced_and_removed_and_never_shown(api: StandInApi, http: httpx.AsyncClient) -> None:
    kiosk = api.estate.labelled("kiosk")
    for token in ("first-token", "second-token"):
        answer = await http.put(path_of(kiosk, TOKEN), json={"expoAccessToken": token})
        shown = await http.get(path_of(kiosk, TOKEN))
        assert kiosk.expo_token == token
        assert shown.json()["data"] == {"configured": True, "updatedAt": "2026-11-02T03:00:00Z"}
        assert token not in answer.text + shown.text
    assert (await http.delete(path_of(kiosk, TOKEN))).status_code == 200
    assert (await http.get(path_of(kiosk, TOKEN))).status_code == 404
    assert (await http.delete(path_of(kiosk, TOKEN))).status_code == 404


async def test_an_empty_token_is_refused(http: httpx.AsyncClient, orders: Database) -> None:
    before = orders.expo_token
    assert (await http.put(path_of(orders, TOKEN), json={"expoAccessToken": ""})).status_code == 422
    assert orders.expo_token == before


@pytest.mark.parametrize(
    ("label", "status"),
    [
        ("orders-eu", {"status": "enabled"}),
        ("kiosk", {"status": "disabled"}),
        ("field-app", {"status": "paused", "reason": "expo_unauthorized"}),
    ],
)
async def test_push_is_enabled_disabled_or_paused_with_a_reason(
    label: str, status: dict[str, str], api: StandInApi, http: httpx.AsyncClient
) -> None:
    answer = await http.get(path_of(api.estate.labelled(label), STATUS))
    assert answer.json() == {"data": status}


async def test_a_new_token_ends_a_pause(api: StandInApi, http: httpx.AsyncClient) -> None:
    field_app = api.estate.labelled("field-app")
    await http.put(path_of(field_app, TOKEN), json={"expoAccessToken": "better"})
    assert (await http.get(path_of(field_app, STATUS))).json()["data"] == {"status": "enabled"}


async def test_devices_come_in_pages_of_fifty(api: StandInApi, http: httpx.AsyncClient) -> None:
    customers = api.estate.labelled("customers")
    first = (await http.get(path_of(customers, DEVICES))).json()
    assert first["data"][0] == {"siteId": "site_00001", "lastSyncAt": "2026-11-02T02:53:00Z"}
    assert (len(first["data"]), first["meta"]) == (50, {"page": 1, "page_size": 50, "total": 1000})


async def test_pages_of_devices_follow_each_other_without_gap_or_repeat(
    api: StandInApi, http: httpx.AsyncClient
) -> None:
    customers, seen = api.estate.labelled("customers"), []
    for page in ("1", "2", "3", "4"):
        listed = await http.get(path_of(customers, DEVICES), params={"page": page, "page_size": "300"})
        seen += [one["siteId"] for one in listed.json()["data"]]
    assert seen == [device.site_id for device in customers.devices]


@pytest.mark.parametrize(
    "query",
    [
        {"page_size": "501"},
        {"page_size": "0"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "x"},
        {"page": "²"},
        {"page": ""},
    ],
    ids=str,
)
async def test_an_impossible_page_is_refused(query: dict[str, str], http: httpx.AsyncClient, orders: Database) -> None:
    answer = await http.get(path_of(orders, DEVICES), params=query)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_parameter")


async def test_the_largest_page_is_allowed(http: httpx.AsyncClient, orders: Database) -> None:
    assert (await http.get(path_of(orders, DEVICES), params={"page_size": "500"})).status_code == 200


async def test_a_device_is_removed_by_an_id_with_any_letters(http: httpx.AsyncClient, orders: Database) -> None:
    orders.devices[0].site_id = "site/ä 1"
    assert (await http.delete(path_of(orders, f"{DEVICES}/site%2F%C3%A4%201"))).status_code == 200
    assert [device.site_id for device in orders.devices][:1] == ["site_00002"]
    assert (await http.delete(path_of(orders, f"{DEVICES}/site_gone"))).status_code == 404

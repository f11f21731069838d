"""The control surface, as another process uses it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.sandbox.api.estate import Database
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.server import StandInApi
from bot.sandbox.api.switches import Meta, Names
from tests.unit.sandbox.api.conftest import KEY, NOW, OTHER_KEY, path_of

SECRETS = (KEY, OTHER_KEY, "hunter2", "expo-acme-token", "s3cret")


async def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    assert not any(secret in answer.text for secret in SECRETS)
    return answer.json()["data"]


async def test_the_state_shows_everything_that_can_be_bent(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.faults.arm(FaultKind.HANG, method="DELETE")
    state = await data(await http.get("/control/state"))
    assert [one["slug"] for one in state["organisations"]] == ["acme", "staging"]
    billing = next(one for one in state["organisations"][0]["databases"] if one["label"] == "billing")
    assert (billing["failure"]["code"], billing["devices"]) == ("database_unreachable", 12)
    assert state["switches"]["meta"] == "full"
    assert (state["faults"][0]["kind"], state["faults"][0]["method"]) == ("hang", "DELETE")
    assert state["calls"] == 0, "looking on leaves no trace"


async def test_the_journal_shows_calls_without_their_secrets(
    api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    await http.patch(path_of(orders), json={"jwtSecret": "s3cret", "label": "x"})
    (call,) = await data(await http.get("/control/journal"))
    assert (call["method"], call["path"], call["fields"]) == ("PATCH", path_of(orders), ["jwtSecret", "label"])
    assert (call["status"], call["tookEffect"], call["fate"]) == (200, True, "answered")
    assert await data(await http.delete("/control/journal")) == []
    assert len(api.journal) == 0


async def test_a_fault_is_armed_and_disarmed(api: StandInApi, http: httpx.AsyncClient) -> None:
    armed = await data(await http.post("/control/faults", json={"kind": "conflict", "method": "DELETE", "times": 3}))
    assert [(one["kind"], one["times"]) for one in armed] == [("conflict", 3)]
    assert (await http.delete("/v1/databases/db_x")).status_code == 409
    await data(await http.delete("/control/faults"))
    assert (await http.delete("/v1/databases/db_x")).status_code == 404


async def test_faults_never_meet_the_control_surface(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.faults.arm(FaultKind.RESET, times=-1)
    assert (await http.get("/control/state")).status_code == 200


async def test_switches_are_set_by_name(api: StandInApi, http: httpx.AsyncClient) -> None:
    await data(await http.post("/control/switches", json={"meta": "missing", "names": "snake"}))
    assert (api.switches.meta, api.switches.names) == (Meta.MISSING, Names.SNAKE)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", "{"),
        ("faults", "[]"),
        ("faults", "{}"),
        ("faults", '{"kind": "earthquake"}'),
        ("faults", '{"kind": "hang", "colour": "red"}'),
        ("faults", '{"kind": "hang", "path": "("}'),
        ("switches", '{"names": "snake", "meta": "red"}'),
        ("switches", '{"colour": "red"}'),
        ("switches", '{"meta": 1}'),
    ],
)
async def test_what_is_not_understood_changes_nothing(
    path: str, body: str, api: StandInApi, http: httpx.AsyncClient
) -> None:
    before = api.switches
    answer = await http.post(f"/control/{path}", content=body)
    assert (answer.status_code, answer.text.startswith("not understood")) == (422, True)
    assert (api.faults.armed, api.switches) == ([], before)


async def test_a_database_is_made_ill_and_healthy(http: httpx.AsyncClient, orders: Database) -> None:
    failure = {"code": "database_paused", "message": "paused", "retryable": True}
    await data(await http.patch(f"/control/databases/{orders.id}", json={"failure": failure}))
    assert not (await http.get(path_of(orders, "/connection"))).json()["data"]["ok"]
    await data(await http.patch(f"/control/databases/{orders.id}", json={"label": "still ill"}))
    assert not (await http.get(path_of(orders, "/connection"))).json()["data"]["ok"]
    await data(await http.patch(f"/control/databases/{orders.id}", json={"failure": None}))
    assert (await http.get(path_of(orders, "/connection"))).json()["data"]["ok"]


async def test_everything_else_about_a_database_changes_too(http: httpx.AsyncClient, orders: Database) -> None:
    change = {
        "label": "orders-europe",
        "pause_reason": "solar_flare",
        "tables": {"users": False, "new": True},
        "deletion_warnings": ["jobs were left"],
    }
    await data(await http.patch(f"/control/databases/{orders.id}", json=change))
    assert (orders.label, orders.pause_reason, orders.updated_at) == ("orders-europe", "solar_flare", NOW)
    assert (orders.tables["users"], orders.tables["new"], orders.tables["orders"]) == (False, True, True)
    assert orders.deletion_warnings == ["jobs were left"]
    for token, since in (("s3cret", NOW), (None, None)):
        await data(await http.patch(f"/control/databases/{orders.id}", json={"expo_token": token}))
        assert (orders.expo_token, orders.expo_token_updated_at) == (token, since)


async def test_devices_are_added_beside_those_that_are_there(http: httpx.AsyncClient, orders: Database) -> None:
    del orders.devices[3]
    shown = await data(await http.post(f"/control/databases/{orders.id}/devices", json={"count": 20}))
    assert shown["devices"] == 31
    assert len({device.site_id for device in orders.devices}) == 31


async def test_an_organisation_is_suspended(http: httpx.AsyncClient) -> None:
    await data(await http.patch("/control/organisations/acme", json={"status": "suspended"}))
    organisation = (await http.get("/v1/orgs")).json()["data"]
    assert (organisation["status"], organisation["name"]) == ("suspended", "Acme Corp")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "databases/db_gone"),
        ("POST", "databases/db_gone/devices"),
        ("PATCH", "organisations/gone"),
        ("GET", "nothing"),
    ],
)
async def test_what_is_not_there_is_not_found(method: str, path: str, api: StandInApi, http: httpx.AsyncClient) -> None:
    assert (await http.request(method, f"/control/{path}", json={})).status_code == 404
    assert len(api.journal) == 0

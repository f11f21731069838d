"""Each switch does what it says, and nothing else."""

from __future__ import annotations

from enum import Enum
from typing import Any

import httpx
import pytest

from bot.sandbox.api.estate import Database
from bot.sandbox.api.server import StandInApi
from bot.sandbox.api.switches import (
    AbsentDeletion,
    AbsentToken,
    Confirmation,
    Creation,
    Fields,
    Invalid,
    Meta,
    Names,
    PastEnd,
    PresentToken,
    Switches,
    Times,
    UnknownTable,
    Unset,
    Verification,
    Warnings,
)
from tests.unit.sandbox.api.conftest import path_of
from tests.unit.sandbox.api.test_organisation_and_databases import REGISTRATION

TOKEN = "/notifications/expo-access-token"
WARNING = "could not disable table invoices: tenant database is unreachable"


def test_each_other_choice_comes_by_itself_and_once() -> None:
    each = dict(Switches.each())
    default = each.pop("defaults")
    assert default == Switches()
    assert len(each) == sum(len(choices) - 1 for choices in Switches.choices().values())
    for name, switches in each.items():
        differing = [switch for switch in Switches.choices() if getattr(switches, switch) != getattr(default, switch)]
        assert differing == [name.partition("-")[0]]


def test_every_choice_has_its_turn_beside_other_choices() -> None:
    turns = [dict(Switches().chosen()), *(switches.chosen() for _, switches in Switches.turns())]
    for name, choices in Switches.choices().items():
        assert {turn[name] for turn in turns} == {choice.name.lower() for choice in choices}


def test_an_unknown_switch_or_choice_is_not_set() -> None:
    for name, choice in (("colour", "red"), ("meta", "red")):
        with pytest.raises(KeyError):
            Switches().with_choice(name, choice)


@pytest.mark.parametrize("choice", Creation)
async def test_a_registration_answers_with_the_chosen_status(
    choice: Creation, api: StandInApi, http: httpx.AsyncClient
) -> None:
    api.switches = Switches(creation=choice)
    answer = await http.post("/v1/databases", json=REGISTRATION)
    assert answer.status_code == choice.value
    assert answer.json()["data"]["managedDatabaseId"] in api.estate.databases


BODIES: dict[Confirmation, tuple[int, Any]] = {
    Confirmation.EMPTY_DATA: (200, {"data": {}}),
    Confirmation.NULL_DATA: (200, {"data": None}),
    Confirmation.NO_CONTENT: (204, None),
    Confirmation.EMPTY_BODY: (200, None),
}


@pytest.mark.parametrize("choice", BODIES)
@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("PATCH", "", {"label": "new"}),
        ("POST", "/cloudsync/enable", {"tables": ["users"]}),
        ("POST", "/cloudsync/disable", {"tables": ["users"]}),
        ("PUT", TOKEN, {"expoAccessToken": "x"}),
        ("DELETE", TOKEN, None),
        ("DELETE", "/devices/site_00001", None),
        ("DELETE", "", None),
    ],
)
async def test_a_change_is_confirmed_in_the_chosen_shape(
    choice: Confirmation, method: str, below: str, body: Any, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(confirmation=choice)
    answer = await http.request(method, path_of(orders, below), json=body)
    assert (answer.status_code, answer.json() if answer.content else None) == BODIES[choice]
    assert api.journal.calls[0].took_effect


@pytest.mark.parametrize(
    ("choice", "place", "warnings"),
    [
        (Warnings.IN_DATA, "data", [WARNING]),
        (Warnings.IN_META, "meta", [WARNING]),
        (Warnings.OBJECTS, "data", [{"code": "cleanup_failed", "message": WARNING}]),
        (Warnings.TOP, "", [WARNING]),
    ],
)
async def test_warnings_stand_in_the_chosen_place(
    choice: Warnings, place: str, warnings: list[Any], api: StandInApi, http: httpx.AsyncClient
) -> None:
    api.switches = Switches(warnings=choice)
    answer = (await http.delete(path_of(api.estate.labelled("orders-archive")))).json()
    assert (answer[place] if place else answer)["warnings"] == warnings
    assert str(answer).count("could not disable") == 1


@pytest.mark.parametrize(
    ("choice", "meta"),
    [
        (Meta.FULL, {"page": 2, "page_size": 5, "total": 12}),
        (Meta.TOTAL, {"total": 12}),
        (Meta.MORE, {"hasMore": True}),
        (Meta.NESTED, {"pagination": {"page": 2, "page_size": 5, "total": 12}}),
        (Meta.MISSING, None),
    ],
)
async def test_a_list_tells_of_itself_as_chosen(
    choice: Meta, meta: Any, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(meta=choice)
    page = {"page": "2", "page_size": "5"}
    assert (await http.get(path_of(orders, "/devices"), params=page)).json().get("meta") == meta


async def test_a_list_that_is_not_paged_never_says_that_more_follow(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.switches = Switches(meta=Meta.MORE)
    assert (await http.get("/v1/databases")).json()["meta"] == {"hasMore": False}


@pytest.mark.parametrize(
    ("choice", "status", "data"),
    [
        (AbsentToken.NOT_FOUND, 404, None),
        (AbsentToken.NO_CONTENT, 204, None),
        (AbsentToken.NULL, 200, None),
        (AbsentToken.PRESENT, 200, {"present": False}),
        (AbsentToken.EXISTS, 200, {"exists": False}),
        (AbsentToken.IS_SET, 200, {"isSet": False}),
        (AbsentToken.HAS_TOKEN, 200, {"hasToken": False}),
        (AbsentToken.FLAG, 200, {"configured": False}),
        (AbsentToken.EMPTY, 200, {}),
    ],
)
async def test_an_absent_token_is_told_as_chosen(
    choice: AbsentToken, status: int, data: Any, api: StandInApi, http: httpx.AsyncClient
) -> None:
    api.switches = Switches(absent_token=choice)
    answer = await http.get(path_of(api.estate.labelled("kiosk"), TOKEN))
    told = answer.json().get("data") if answer.content else None
    assert (answer.status_code, told) == (status, data)


@pytest.mark.parametrize(
    ("choice", "fields"),
    [
        (PresentToken.FLAG, {"configured", "updatedAt"}),
        (PresentToken.PRESENT, {"present", "updatedAt"}),
        (PresentToken.EXISTS, {"exists", "updatedAt"}),
        (PresentToken.IS_SET, {"isSet", "updatedAt"}),
        (PresentToken.HAS_TOKEN, {"hasToken", "updatedAt"}),
        (PresentToken.TIMES, {"createdAt", "updatedAt"}),
    ],
)
async def test_a_present_token_is_told_as_chosen(
    choice: PresentToken, fields: set[str], api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(present_token=choice)
    assert (await http.get(path_of(orders, TOKEN))).json()["data"].keys() == fields


@pytest.mark.parametrize(("choice", "status"), [(AbsentDeletion.NOT_FOUND, 404), (AbsentDeletion.SUCCESS, 200)])
async def test_deleting_what_is_not_there_ends_as_chosen(
    choice: AbsentDeletion, status: int, api: StandInApi, http: httpx.AsyncClient
) -> None:
    api.switches = Switches(absent_deletion=choice)
    kiosk = api.estate.labelled("kiosk")
    for below in (TOKEN, "/devices/site_gone"):
        assert (await http.delete(path_of(kiosk, below))).status_code == status


@pytest.mark.parametrize(
    ("choice", "database_id", "database_name", "site_id"),
    [
        (Names.CAMEL, "managedDatabaseId", "databaseName", "siteId"),
        (Names.PLAIN_ID, "id", "databaseName", "id"),
        (Names.DATABASE_ID, "databaseId", "databaseName", "siteId"),
        (Names.SNAKE, "managed_database_id", "database_name", "site_id"),
    ],
)
async def test_fields_are_spelled_as_chosen(
    choice: Names,
    database_id: str,
    database_name: str,
    site_id: str,
    api: StandInApi,
    http: httpx.AsyncClient,
    orders: Database,
) -> None:
    api.switches = Switches(names=choice)
    shown = (await http.get(path_of(orders))).json()["data"]
    assert (shown[database_id], shown[database_name]) == (orders.id, "orders_eu")
    listed = (await http.get(path_of(orders, "/devices"))).json()["data"]
    assert listed[0][site_id] == "site_00001"
    assert (await http.post("/v1/databases", json=REGISTRATION)).json()["data"].keys() == {database_id}


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (Times.ISO, "2026-11-02T03:00:00Z"),
        (Times.OFFSET, "2026-11-02T03:00:00.000000+00:00"),
        (Times.EPOCH, 1793588400.0),
        (Times.MILLISECONDS, 1793588400000),
        (Times.MISSING, None),
    ],
)
async def test_times_are_written_as_chosen(
    choice: Times, written: Any, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(times=choice)
    changed = (await http.patch(path_of(orders), json={"label": "x"})).json()["data"]
    checked = (await http.get(path_of(orders, "/connection"))).json()["data"]
    assert (changed.get("updatedAt"), checked.get("checkedAt")) == (written, written)


@pytest.mark.parametrize(("choice", "is_there"), [(Unset.LEFT_OUT, False), (Unset.NULL, True)])
async def test_a_field_without_a_value_is_told_as_chosen(
    choice: Unset, is_there: bool, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(unset=choice)
    shown = (await http.get(path_of(orders))).json()["data"]
    assert shown.get("projectId") is None
    assert ("projectId" in shown) is is_there


@pytest.mark.parametrize(("choice", "status"), [(PastEnd.EMPTY, 200), (PastEnd.NOT_FOUND, 404)])
async def test_a_page_past_the_end_is_told_as_chosen(
    choice: PastEnd, status: int, api: StandInApi, http: httpx.AsyncClient
) -> None:
    api.switches = Switches(past_end=choice)
    kiosk = path_of(api.estate.labelled("kiosk"), "/devices")
    assert (await http.get(kiosk, params={"page": "2"})).status_code == status
    assert (await http.get(kiosk)).json()["data"] == [], "the first page is there even where it is empty"


@pytest.mark.parametrize(
    ("choice", "is_there", "is_not_there"),
    [
        (Fields.ALL, {"provider", "createdAt"}, {"region"}),
        (Fields.FEW, {"managedDatabaseId", "label"}, {"provider", "createdAt", "region"}),
        (Fields.EXTRA, {"provider", "region", "flags"}, set()),
    ],
)
async def test_a_database_shows_the_chosen_fields(
    choice: Fields,
    is_there: set[str],
    is_not_there: set[str],
    api: StandInApi,
    http: httpx.AsyncClient,
    orders: Database,
) -> None:
    api.switches = Switches(fields=choice)
    for shown in (
        (await http.get(path_of(orders))).json()["data"],
        (await http.get("/v1/databases")).json()["data"][1],
    ):
        assert is_there <= shown.keys()
        assert not is_not_there & shown.keys()


@pytest.mark.parametrize(
    ("switch", "choices", "below", "body"),
    [
        ("invalid", Invalid, "/cloudsync/enable", {"tables": []}),
        ("unknown_table", UnknownTable, "/cloudsync/enable", {"tables": ["unknown"]}),
        ("verification", Verification, "", {**REGISTRATION, "connectionString": "sqlitecloud://paused.example"}),
    ],
)
async def test_a_refusal_has_the_chosen_status(
    switch: str, choices: type[Enum], below: str, body: Any, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    path = path_of(orders, below) if below else "/v1/databases"
    for choice in choices:
        api.switches = Switches().with_choice(switch, choice.name)
        answer = await http.post(path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["status"]) == (choice.value, str(choice.value))

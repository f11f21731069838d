"""The switches about registrations, statuses, lists and conflicts do what they say."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.sandbox.api.estate import Database
from bot.sandbox.api.server import StandInApi
from bot.sandbox.api.switches import (
    AsItIs,
    BadKey,
    Changed,
    DeviceTime,
    EmptyList,
    Registered,
    SameLabel,
    SomeUnknown,
    Switches,
    Unset,
)
from tests.unit.sandbox.api.conftest import path_of
from tests.unit.sandbox.api.test_organisation_and_databases import REGISTRATION

TOKEN = "/notifications/expo-access-token"


@pytest.mark.parametrize(
    ("choice", "status", "body"),
    [
        (Registered.EMPTY_DATA, 201, {"data": {}}),
        (Registered.NO_CONTENT, 204, None),
        (Registered.EMPTY_BODY, 201, None),
    ],
)
async def test_a_registration_answers_as_chosen(
    choice: Registered, status: int, body: Any, api: StandInApi, http: httpx.AsyncClient
) -> None:
    api.switches = Switches(registered=choice)
    answer = await http.post("/v1/databases", json=REGISTRATION)
    assert (answer.status_code, answer.json() if answer.content else None) == (status, body)
    assert api.estate.labelled(str(REGISTRATION["label"])).tables


async def test_a_registration_answers_with_the_whole_object(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.switches = Switches(registered=Registered.OBJECT)
    made = (await http.post("/v1/databases", json=REGISTRATION)).json()["data"]
    assert made == (await http.get(f"/v1/databases/{made['managedDatabaseId']}")).json()["data"]


@pytest.mark.parametrize("choice", Changed)
async def test_a_change_has_the_chosen_status(
    choice: Changed, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(changed=choice)
    archive = path_of(api.estate.labelled("orders-archive"))
    answers = [
        await http.patch(path_of(orders), json={"label": "new"}),
        await http.post(path_of(orders, "/cloudsync/enable"), json={"tables": ["users"]}),
        await http.post(path_of(orders, "/cloudsync/disable"), json={"tables": ["users"]}),
        await http.put(path_of(orders, TOKEN), json={"expoAccessToken": "x"}),
        await http.delete(path_of(orders, TOKEN)),
        await http.delete(path_of(orders)),
        await http.delete(archive),
    ]
    assert {answer.status_code for answer in answers} == {choice.value}


@pytest.mark.parametrize(("choice", "told"), [(EmptyList.EMPTY, []), (EmptyList.NULL, None)])
async def test_a_list_without_members_is_told_as_chosen(
    choice: EmptyList, told: Any, api: StandInApi, http: httpx.AsyncClient
) -> None:
    api.switches = Switches(empty_list=choice)
    kiosk = api.estate.labelled("kiosk")
    for below in ("/devices", "/cloudsync/tables"):
        assert (await http.get(path_of(kiosk, below))).json()["data"] == told
    api.estate.databases.clear()
    assert (await http.get("/v1/databases")).json()["data"] == told


@pytest.mark.parametrize("choice", DeviceTime)
async def test_a_devices_time_has_the_chosen_name(
    choice: DeviceTime, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(device_time=choice)
    assert choice.value in (await http.get(path_of(orders, "/devices"))).json()["data"][0]


@pytest.mark.parametrize(("choice", "is_there"), [(Unset.LEFT_OUT, False), (Unset.NULL, True)])
async def test_no_failure_and_no_reason_are_told_as_chosen(
    choice: Unset, is_there: bool, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(unset=choice)
    for below, name in (("/connection", "failure"), ("/notifications/status", "reason")):
        told = (await http.get(path_of(orders, below))).json()["data"]
        assert (told.get(name), name in told) == (None, is_there)


@pytest.mark.parametrize(("choice", "status"), [(AsItIs.DONE, 200), (AsItIs.CONFLICT, 409)])
async def test_what_is_so_already_is_done_or_a_conflict(
    choice: AsItIs, status: int, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(as_it_is=choice)
    for verb, table in (("enable", "users"), ("disable", "invoices")):
        answer = await http.post(path_of(orders, f"/cloudsync/{verb}"), json={"tables": [table]})
        assert answer.status_code == status


@pytest.mark.parametrize(("choice", "status"), [(SomeUnknown.REFUSED, 422), (SomeUnknown.PART_DONE, 200)])
async def test_one_unknown_table_among_several_ends_as_chosen(
    choice: SomeUnknown, status: int, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(some_unknown=choice)
    path = path_of(orders, "/cloudsync/enable")
    assert (await http.post(path, json={"tables": ["invoices", "unknown"]})).status_code == status
    assert orders.tables["invoices"] is (status == 200)
    assert (await http.post(path, json={"tables": ["unknown"]})).status_code == 422


@pytest.mark.parametrize(("choice", "statuses"), [(SameLabel.TAKEN, [200, 201]), (SameLabel.CONFLICT, [409, 409])])
async def test_a_label_in_use_is_taken_or_a_conflict(
    choice: SameLabel, statuses: list[int], api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.switches = Switches(same_label=choice)
    renamed = await http.patch(path_of(orders), json={"label": "kiosk"})
    made = await http.post("/v1/databases", json={**REGISTRATION, "label": "kiosk"})
    assert [renamed.status_code, made.status_code] == statuses
    assert (await http.patch(path_of(orders), json={"label": orders.label})).status_code == 200


@pytest.mark.parametrize("choice", BadKey)
async def test_an_unknown_key_has_the_chosen_status(choice: BadKey, api: StandInApi, http: httpx.AsyncClient) -> None:
    api.switches = Switches(bad_key=choice)
    answer = await http.get("/v1/orgs", headers={"Authorization": "Bearer none"})
    assert (answer.status_code, answer.json()["errors"][0]["status"]) == (choice.value, str(choice.value))

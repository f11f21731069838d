"""An unknown end is found out by reading, or left to a person; nothing is claimed that reading cannot prove."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.requests import ItemResult, Request, Result
from bot.domain.requests import OperationKind as Kind
from bot.domain.requests import RequestState as State
from bot.sandbox.api.switches import Fields, Switches, Times
from bot.services.operations.operation import Finding, Proof
from tests.unit.services.operations.asking import Asked, Desk


async def found_after(asked: Asked) -> Finding:
    """Send it, and look."""
    request = await asked.requested()
    await asked.send()
    return await asked.find(claimed(request))


async def found_without(asked: Asked) -> Finding:
    """Look without having sent anything: what a call that never took effect leaves."""
    return await asked.find(claimed(await asked.requested()))


def claimed(request: Request) -> Request:
    """As it stands right after the send."""
    return replace(request, claimed_at=datetime.now(UTC))


async def test_a_database_that_is_gone_was_deleted(desk: Desk) -> None:
    assert (await found_after(desk.ask(Kind.DELETE_DATABASE))).proof is Proof.APPLIED


async def test_a_database_that_is_still_there_is_looked_at_again(desk: Desk) -> None:
    found = await found_without(desk.ask(Kind.DELETE_DATABASE))
    assert (found.proof, found.readings) == (Proof.OPEN, ("It is still there.",))


async def test_a_registration_is_proved_by_one_new_database_of_that_label_and_name(desk: Desk) -> None:
    found = await found_after(desk.register())
    assert (found.proof, found.created_id) == (Proof.APPLIED, desk.database("billing-eu").id)


async def test_a_twin_that_was_there_before_proves_no_registration(desk: Desk) -> None:
    await desk.register().send()
    assert (await found_without(desk.register())).proof is Proof.OPEN


async def test_another_database_of_that_label_proves_no_registration(desk: Desk) -> None:
    request = await desk.register().requested()
    await desk.register("billing-eu", "another").send()
    assert (await desk.register().find(request)).proof is Proof.OPEN


async def test_two_new_ones_leave_it_to_a_person(desk: Desk) -> None:
    request = await desk.register().requested()
    await desk.register().send()
    await desk.register().send()
    assert (await desk.register().find(request)).proof is Proof.UNDECIDABLE


@pytest.mark.parametrize(
    ("kind", "tables"), [(Kind.ENABLE_TABLES, "invoices audit_log"), (Kind.DISABLE_TABLES, "users orders")]
)
async def test_all_tables_as_wanted_prove_it_and_none_does_not(desk: Desk, kind: Kind, tables: str) -> None:
    asked = desk.ask(kind, "orders-eu", *tables.split())
    assert (await found_without(asked)).proof is Proof.OPEN
    found = await found_after(asked)
    assert found.proof is Proof.APPLIED
    assert {item.state for item in found.items} == {State.SUCCEEDED}


async def test_some_tables_as_wanted_leave_it_to_a_person(desk: Desk) -> None:
    asked = desk.ask(Kind.ENABLE_TABLES, "orders-eu", "invoices", "audit_log")
    request = await asked.requested()
    desk.database().tables["invoices"] = True
    found = await asked.find(request)
    assert found.proof is Proof.UNDECIDABLE
    assert [item.state for item in found.items] == [State.SUCCEEDED, State.NOT_APPLIED]


async def test_tables_that_were_so_before_prove_nothing(desk: Desk) -> None:
    asked = desk.ask(Kind.ENABLE_TABLES, "orders-eu", "users", "invoices")
    assert (await found_without(asked)).proof is Proof.OPEN
    assert (await found_after(asked)).proof is Proof.APPLIED


async def test_a_new_label_is_compared(desk: Desk) -> None:
    asked = desk.ask(Kind.UPDATE_DATABASE, arguments={"label": "orders-europe"})
    found = await found_without(asked)
    assert (found.proof, found.readings) == (Proof.OPEN, ("Read now: Label orders-eu.",))
    assert (await found_after(asked)).proof is Proof.APPLIED


async def test_half_of_the_readable_changes_leaves_it_to_a_person(desk: Desk) -> None:
    asked = desk.ask(Kind.UPDATE_DATABASE, arguments={"label": "orders-europe", "jwksUri": "https://k.example"})
    request = await asked.requested()
    desk.database().label = "orders-europe"
    assert (await asked.find(request)).proof is Proof.UNDECIDABLE


def new_secret(desk: Desk) -> Asked:
    return desk.ask(Kind.UPDATE_DATABASE, arguments={"new_jwt_secret": True}, secrets={"jwtSecret": "s3cret"})


async def test_a_secret_that_cannot_be_read_back_is_proved_by_the_update_time(desk: Desk) -> None:
    found = await found_after(new_secret(desk))
    assert found.proof is Proof.APPLIED
    assert "Last updated" in found.readings[1]


async def test_a_secret_without_an_update_since_leaves_it_to_a_person(desk: Desk) -> None:
    assert (await found_without(new_secret(desk))).proof is Proof.UNDECIDABLE


async def test_an_update_between_asking_and_sending_proves_nothing(desk: Desk) -> None:
    request = await new_secret(desk).requested()
    desk.database().updated_at = datetime.now(UTC)
    late = replace(request, claimed_at=datetime.now(UTC) + timedelta(minutes=10))
    assert (await new_secret(desk).find(late)).proof is Proof.UNDECIDABLE


@pytest.mark.parametrize("switches", [Switches(times=Times.MISSING), Switches(fields=Fields.FEW)])
async def test_an_api_without_update_times_leaves_secrets_to_a_person(desk: Desk, switches: Switches) -> None:
    desk.api.switches = switches
    assert (await found_after(new_secret(desk))).proof is Proof.UNDECIDABLE


async def test_a_field_that_the_api_does_not_return_is_not_taken_for_unchanged(desk: Desk) -> None:
    desk.api.switches = Switches(fields=Fields.FEW)
    asked = desk.ask(Kind.UPDATE_DATABASE, arguments={"jwksUri": "https://k.example"})
    assert (await found_after(asked)).proof is Proof.UNDECIDABLE


async def test_a_token_where_there_was_none_was_set(desk: Desk) -> None:
    asked = desk.ask(Kind.SET_TOKEN, "kiosk", secrets={"expoAccessToken": "t"})
    assert (await found_without(asked)).proof is Proof.OPEN
    assert (await found_after(asked)).proof is Proof.APPLIED


async def test_a_replaced_token_is_told_by_its_update_time(desk: Desk) -> None:
    asked = desk.ask(Kind.SET_TOKEN, secrets={"expoAccessToken": "t"})
    assert (await found_without(asked)).proof is Proof.OPEN
    assert (await found_after(asked)).proof is Proof.APPLIED


async def test_a_replaced_token_without_times_leaves_it_to_a_person(desk: Desk) -> None:
    desk.api.switches = Switches(times=Times.MISSING)
    assert (await found_after(desk.ask(Kind.SET_TOKEN, secrets={"expoAccessToken": "t"}))).proof is Proof.UNDECIDABLE


async def test_a_token_that_was_updated_just_before_the_send_leaves_it_to_a_person(desk: Desk) -> None:
    desk.database().expo_token_updated_at = datetime.now(UTC) - timedelta(seconds=1)
    asked = desk.ask(Kind.SET_TOKEN, secrets={"expoAccessToken": "t"})
    assert (await found_without(asked)).proof is Proof.UNDECIDABLE, "coarse times may hide that it was set again"


async def test_a_token_that_is_absent_was_deleted(desk: Desk) -> None:
    asked = desk.ask(Kind.DELETE_TOKEN)
    assert (await found_without(asked)).proof is Proof.OPEN
    assert (await found_after(asked)).proof is Proof.APPLIED


def devices_with(desk: Desk, **states: State) -> tuple[Asked, Result]:
    """A removal, and what is known of each device's end."""
    asked = desk.ask(Kind.REMOVE_DEVICES, "orders-eu", *states)
    return asked, Result(items=tuple(ItemResult(item=name, state=state) for name, state in states.items()))


async def looked(asked: Asked, result: Result) -> Finding:
    return await asked.find(replace(await asked.requested(), result=result))


async def test_a_device_that_is_absent_was_removed(desk: Desk) -> None:
    found = await looked(*devices_with(desk, site_gone=State.UNKNOWN, site_00003=State.NOT_SENT))
    assert found.proof is Proof.APPLIED
    assert [item.state for item in found.items] == [State.SUCCEEDED, State.NOT_SENT]


async def test_a_device_that_is_present_again_proves_nothing(desk: Desk) -> None:
    found = await looked(*devices_with(desk, site_00001=State.UNKNOWN))
    assert (found.proof, found.items[0].state) == (Proof.UNDECIDABLE, State.UNKNOWN)
    assert "site_00001" in found.readings[0]


async def test_a_refused_device_does_not_hide_that_the_unknown_one_is_gone(desk: Desk) -> None:
    found = await looked(*devices_with(desk, site_00001=State.REJECTED, site_gone=State.UNKNOWN))
    assert found.proof is Proof.APPLIED
    assert [item.state for item in found.items] == [State.REJECTED, State.SUCCEEDED]


async def test_after_a_crash_every_device_counts_as_unknown(desk: Desk) -> None:
    asked = desk.ask(Kind.REMOVE_DEVICES, "orders-eu", "site_gone", "site_00002")
    found = await looked(asked, Result())
    assert found.proof is Proof.UNDECIDABLE
    assert [item.state for item in found.items] == [State.SUCCEEDED, State.UNKNOWN]

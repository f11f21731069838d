"""What a send rests on: a reading that is quick where it can be, the pinned organisation, and the copy as approved."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import replace

import pytest

from bot.cloudsync import writing
from bot.cloudsync.errors import ApiBroken
from bot.db.request_rows import dumped
from bot.domain.access import Role
from bot.domain.audit import AuditFilter, AuditOutcome, AuditRecord
from bot.domain.errors import Conflict
from bot.domain.requests import OperationKind as Kind
from bot.domain.requests import Request, RequestState, Result
from bot.sandbox.api.faults import FaultKind
from bot.services.operations import observing
from bot.services.operations.operation import Sent
from tests.integration.services.sending import BOB, Office

S = RequestState
TOKEN = {"expoAccessToken": "expo-of-acme"}


async def test_a_database_that_is_slow_to_read_is_deleted_all_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await office.approved(Kind.DELETE_DATABASE)
    monkeypatch.setattr(writing, "FRESH_SECONDS", 2.0)
    office.api.faults.arm(FaultKind.SLOW, method="GET", path=".*/tables", seconds=3)
    ended = await office.run(request)
    assert (ended.state, ended.sends) == (S.SUCCEEDED, 1)


async def test_tables_that_cannot_be_read_in_time_are_not_compared_and_do_not_block(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await office.approved(Kind.DELETE_DATABASE)
    monkeypatch.setattr(observing, "PATIENCE_SECONDS", 0.1)
    office.api.faults.arm(FaultKind.SLOW, method="GET", path=".*/tables", seconds=2)
    assert (await office.run(request)).state is S.SUCCEEDED


async def test_what_is_only_shown_is_not_read_again_at_the_send(office: Office) -> None:
    request = await office.approved(Kind.DELETE_DATABASE)
    before = len(office.api.journal)
    await office.run(request)
    read = [call.path for call in list(office.api.journal)[before:] if call.method == "GET"]
    assert [path for path in read if "devices" in path or "notifications" in path] == []


async def test_a_reading_that_has_grown_old_claims_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    request = await office.approved(Kind.DELETE_DATABASE)
    monkeypatch.setattr(writing, "FRESH_SECONDS", -1.0)
    waiting = await office.run(request)
    assert (waiting.state, waiting.sends, office.api.journal.changing) == (S.APPROVED, 0, [])


async def test_an_answer_that_names_no_organisation_is_not_the_pinned_one(office: Office) -> None:
    assert await office.environments.confirm("default")
    request = await office.approved(Kind.DELETE_DATABASE)
    office.api.estate.organisation = replace(office.api.estate.organisation, id="")
    with pytest.raises(ApiBroken):
        await office.environments.confirm("default")
    assert (await office.run(request)).state is S.APPROVED
    assert office.api.journal.changing == []


async def test_the_organisation_is_read_once_there_is_a_place_to_send(office: Office) -> None:
    assert await office.environments.confirm("default")
    request = await office.approved(Kind.DELETE_DATABASE)
    places = office.client._write_slots
    held = places._value
    for _ in range(held):
        await places.acquire()
    sending = asyncio.create_task(office.run(request))
    await asyncio.sleep(0.3)
    office.api.estate.organisation = replace(office.api.estate.organisation, id="org_other")
    for _ in range(held):
        places.release()
    assert (await sending).state is S.APPROVED
    assert office.api.journal.changing == []


async def test_a_mismatch_counts_even_where_somebody_else_has_just_read_the_right_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await office.approved(Kind.DELETE_DATABASE)

    async def another(name: str) -> bool:
        office.environments._mismatched.clear()
        return False

    monkeypatch.setattr(office.environments, "confirm", another)
    assert (await office.run(request)).state is S.APPROVED
    assert office.api.journal.changing == []


async def test_a_stored_copy_that_was_altered_is_not_sent(office: Office) -> None:
    request = await office.approved(Kind.DELETE_DATABASE)
    other = dumped(replace(request.operation, database_id=office.api.estate.labelled("orders-us").id))
    await office.database.note(lambda unit: unit.requests.set_columns(request.id, operation=other))
    ended = await office.run(request)
    assert (ended.state, office.api.journal.changing) == (S.STALE, [])


async def test_a_secret_that_was_exchanged_is_not_sent_and_the_one_that_was_given_is(office: Office) -> None:
    request = await office.approved(Kind.SET_TOKEN, secrets=TOKEN)
    sealed = office.vault.seal({"expoAccessToken": "another"})
    await office.database.note(lambda unit: unit.requests.set_columns(request.id, sealed=sealed))
    ended = await office.run(request)
    assert (ended.state, ended.end_reason) == (S.STALE, "The stored copy is not what was approved.")
    again = await office.run(await office.approved(Kind.SET_TOKEN, secrets=TOKEN))
    assert again.state is S.SUCCEEDED
    (call,) = office.api.journal.changing
    assert call.body == TOKEN


async def test_a_secret_is_wiped_once_it_was_sent_though_the_end_is_unknown(office: Office) -> None:
    request = await office.approved(Kind.SET_TOKEN, secrets=TOKEN)
    assert request.sealed is not None
    office.api.faults.arm(FaultKind.CLOSE_AFTER_EFFECT, method="PUT")
    ended = await office.run(request)
    assert (ended.state, ended.sealed) == (S.UNKNOWN, None)


NEW = {"label": "billing-eu", "provider": "postgres", "flavor": "vanilla", "databaseName": "billing"}


async def test_a_database_that_appeared_between_asking_and_sending_does_not_prove_the_registration(
    office: Office,
) -> None:
    given = {"connectionString": "postgresql://owner:hunter2@h.example:5432/app"}
    request = await office.approved(Kind.REGISTER_DATABASE, label="billing-eu", arguments=NEW, secrets=given)
    twin = copy.deepcopy(office.api.estate.labelled("orders-eu"))
    twin.id, twin.label, twin.database_name = "db_twin", "billing-eu", "billing"
    office.api.estate.add(twin)
    office.api.faults.arm(FaultKind.CLOSE_BEFORE_EFFECT, method="POST")
    assert (await office.run(request)).state is S.UNKNOWN
    office.clock.advance(61)
    (due,) = await office.reconciler.claim_due(9)
    assert (await office.reconciler.resolve(due)).state is S.UNKNOWN


async def claimed_and_found(office: Office) -> tuple[Request, Request]:
    """A request as its sender knew it, and as it stands after reading showed that it happened."""
    request = await office.approved(Kind.DELETE_DATABASE)
    office.api.faults.arm(FaultKind.CLOSE_AFTER_EFFECT, method="DELETE")
    claimed = await office.run(request)
    office.clock.advance(61)
    (due,) = await office.reconciler.claim_due(9)
    return claimed, await office.reconciler.resolve(due)


@pytest.mark.parametrize("answer", [S.REJECTED, S.NOT_SENT, S.UNKNOWN])
async def test_a_late_answer_that_corrects_nothing_leaves_its_trace(office: Office, answer: RequestState) -> None:
    claimed, found = await claimed_and_found(office)
    assert (found.state, found.result.inferred) == (S.SUCCEEDED, True)
    with pytest.raises(Conflict):
        await office.executor._outcome(claimed, Sent(state=answer, result=Result(codes=("late",))))
    row = await newest(office)
    assert (row.outcome, row.code, row.payload["late"]) == (AuditOutcome(answer.value), "late", True)
    assert row.payload["state"] == "succeeded"
    assert (await office.request(found.id)).state is S.SUCCEEDED


async def newest(office: Office) -> AuditRecord:
    page = await office.database.read(lambda unit: unit.audit.page(AuditFilter(quiet=True, limit=1)))
    return page.records[0]


async def test_a_right_that_is_lost_while_the_target_is_slow_to_read_stops_the_send(office: Office) -> None:
    request = await office.approved(Kind.DELETE_DATABASE)
    office.api.faults.arm(FaultKind.SLOW, method="GET", path=".*/tables", seconds=2)
    sending = asyncio.create_task(office.run(request))
    await asyncio.sleep(0.2)
    await office.give(BOB, Role.VIEWER)
    assert (await sending).state is S.STALE
    assert office.api.journal.changing == []

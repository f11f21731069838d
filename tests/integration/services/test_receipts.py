"""A reading that is owed after a success: kept only with what it was read for, and given up after some minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from bot.cloudsync.errors import ApiUnreachable, NotFound
from bot.db.engine import Database
from bot.domain.access import Gate
from bot.domain.requests import ItemResult, Operation, OperationKind, Request, RequestState, Result
from bot.services.environments import Environments
from bot.services.operations.operation import OperationHandler, Receipt
from bot.services.outbox import OutboxWorker
from bot.services.receipts import Receipts
from tests.clock import ManualClock
from tests.factories import make_request
from tests.integration.services.conftest import Replica

KIND = OperationKind.ENABLE_TABLES
READ = Receipt(lines=(("Read afterwards", "users enabled"),))


@dataclass(kw_only=True)
class Reading:
    """A handler whose receipt is what the test says, and counts how often it was asked."""

    gives: Callable[[], Receipt]
    asked: int = 0

    async def receipt(self, api: object, request: Request) -> Receipt:
        """Count it."""
        self.asked += 1
        return self.gives()


class NoApi:
    """An environment that is never called."""

    def client(self, name: str) -> None:
        """Nothing to call."""


def receipts_on(database: Database, reading: Reading) -> Receipts:
    handlers = {KIND: cast(OperationHandler, reading)}
    return Receipts(database, cast(Environments, NoApi()), handlers)


async def ended(database: Database, receipts: Receipts, requester_id: str) -> Request:
    """A change that succeeded, with its receipt owed."""
    operation = Operation(kind=KIND, environment="prod", database_id="db_1", items=("users",))
    request = make_request(
        operation=operation, state=RequestState.SUCCEEDED, gate=Gate.CONFIRM, requester_id=requester_id
    )

    def work(unit: Any) -> Request:
        unit.requests.insert(request)
        return receipts.owe(unit, request)

    return await database.write(work)


def unreachable() -> Receipt:
    raise ApiUnreachable("gone")


async def current(database: Database, request: Request) -> Request:
    found = await database.read(lambda unit: unit.requests.get(request.id))
    assert found is not None
    return found


async def test_a_receipt_of_another_state_is_not_kept(database: Database) -> None:
    receipts = receipts_on(database, Reading(gives=lambda: READ))
    request = await ended(database, receipts, "U0ADA")
    before = replace(request, state=RequestState.ALREADY_ABSENT)
    assert (await receipts.read(before)).result.receipt == ()
    assert (await current(database, request)).result.receipt == ()


async def test_a_receipt_leaves_what_was_written_meanwhile_as_it_is(database: Database) -> None:
    receipts = receipts_on(database, Reading(gives=lambda: READ))
    request = await ended(database, receipts, "U0ADA")
    late = Result(warnings=("Slow.",))
    await database.note(lambda unit: unit.requests.set_columns(request.id, result=late))
    await receipts.read(request)
    kept = (await current(database, request)).result
    assert (kept.warnings, kept.receipt) == (("Slow.",), READ.lines)


@pytest.mark.parametrize("inferred", [False, True], ids=["answered", "inferred"])
async def test_a_reading_doubts_what_the_api_answered_and_not_what_another_reading_showed(
    database: Database, inferred: bool
) -> None:
    astray = Receipt(lines=(("Read afterwards", "users disabled"),), astray=("users",))
    receipts = receipts_on(database, Reading(gives=lambda: astray))
    request = await ended(database, receipts, "U0ADA")
    result = Result(items=(ItemResult(item="users", state=RequestState.SUCCEEDED),), inferred=inferred)
    await database.note(lambda unit: unit.requests.set_columns(request.id, result=result))
    kept = (await receipts.read(request)).result
    assert (kept.items == result.items) is inferred
    assert kept.warnings == (() if inferred else ("Not enabled when read afterwards: users.",))


async def test_it_is_read_again_until_it_can_be_and_then_no_more(replica: Replica, clock: ManualClock) -> None:
    reading = Reading(gives=unreachable)
    receipts = receipts_on(replica.database, reading)
    ada = replica.slack.workspace.person("ada")
    request = await ended(replica.database, receipts, ada.id)
    worker = OutboxWorker(replica.database, replica.messenger, cast(Any, None), receipts.drawers())
    await receipts.after(request)
    for _ in range(3):
        clock.advance(30)
        await worker.pass_once()
    assert reading.asked == 4
    reading.gives = lambda: READ
    clock.advance(30)
    await worker.pass_once()
    clock.advance(30)
    await worker.pass_once()
    assert (await current(replica.database, request)).result.receipt == READ.lines
    assert "users enabled" in ada.read(ada.see("dm")[-1])
    assert reading.asked == 5


async def test_after_some_minutes_it_is_given_up_and_said(replica: Replica, clock: ManualClock) -> None:
    receipts = receipts_on(replica.database, Reading(gives=unreachable))
    ada = replica.slack.workspace.person("ada")
    request = await ended(replica.database, receipts, ada.id)
    worker = OutboxWorker(replica.database, replica.messenger, cast(Any, None), receipts.drawers())
    for _ in range(9):
        clock.advance(60)
        await worker.pass_once()
    assert "not possible" in dict((await current(replica.database, request)).result.receipt)["Read afterwards"]
    assert "Read afterwards: not possible" in ada.read(ada.see("dm")[-1])
    assert await replica.database.read(lambda unit: unit.outbox.pending()) == 0


async def test_a_receipt_that_says_nothing_does_not_tell_the_requester_twice(
    database: Database, clock: ManualClock
) -> None:
    receipts = receipts_on(database, Reading(gives=Receipt))
    await ended(database, receipts, "U0ADA")
    worker = OutboxWorker(database, cast(Any, None), cast(Any, None), receipts.drawers())
    clock.advance(30)
    assert (await worker.pass_once()).sent == 1
    assert await database.read(lambda unit: unit.outbox.pending()) == 0


async def test_what_is_gone_by_then_is_not_read_again_and_again(replica: Replica, clock: ManualClock) -> None:
    reading = Reading(gives=gone)
    receipts = receipts_on(replica.database, reading)
    request = await ended(replica.database, receipts, replica.slack.workspace.person("ada").id)
    worker = OutboxWorker(replica.database, replica.messenger, cast(Any, None), receipts.drawers())
    for _ in range(3):
        clock.advance(30)
        await worker.pass_once()
    assert reading.asked == 1
    assert "not possible" in dict((await current(replica.database, request)).result.receipt)["Read afterwards"]


def gone() -> Receipt:
    raise NotFound("there is no such database")

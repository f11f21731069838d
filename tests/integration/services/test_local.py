"""How an operation in our own database ends that raised: refused, not begun, or for a person to say."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.db.engine import Database
from bot.domain.access import Role
from bot.domain.errors import BotError, Conflict, Denied, PeopleUnavailable, TrailUnavailable, Unavailable
from bot.domain.requests import Request, RequestState, Vote
from bot.services.operations.operation import Sent
from tests.clock import ManualClock
from tests.faults.machinery import KIND, Machinery

S = RequestState
ADA, BOB = "U0ADA", "U0BOB"


@dataclass(frozen=True)
class Raising:
    """A local operation that ends with an error."""

    error: BotError

    async def perform(self, request: Request) -> Sent:
        raise self.error


async def ended_with(database: Database, clock: ManualClock, error: BotError) -> tuple[Machinery, Request]:
    """Ada asked for it, Bob approved, and it raised."""
    one = Machinery.on(database, clock, 1)
    one.operation.identities["db1"] = 1
    one.executor._local = {KIND: Raising(error)}
    one.reconciler._handlers = {}
    await one.open_channel()
    await one.give(ADA, Role.OPERATOR)
    await one.give(BOB, Role.ADMIN)
    request = await one.ask(ADA, "db1")
    await one.vote(request.id, BOB, Vote.APPROVE)
    ended = await one.executor.run(request.id)
    assert ended is not None
    return one, ended


@pytest.mark.parametrize("error", [Denied("Your role is viewer."), Conflict("Somebody was quicker.")])
async def test_a_refusal_is_an_end(database: Database, clock: ManualClock, error: BotError) -> None:
    _, ended = await ended_with(database, clock, error)
    assert (ended.state, ended.result.messages) == (S.REJECTED, (str(error),))


async def test_who_could_not_be_looked_up_ends_nothing(database: Database, clock: ManualClock) -> None:
    _, ended = await ended_with(database, clock, PeopleUnavailable("Slack did not answer."))
    assert (ended.state, ended.sends) == (S.APPROVED, 1)


@pytest.mark.parametrize("error", [TrailUnavailable("The answer was lost."), Unavailable("The answer was lost.")])
async def test_a_commit_whose_answer_was_lost_goes_to_a_person(
    database: Database, clock: ManualClock, error: BotError
) -> None:
    one, ended = await ended_with(database, clock, error)
    assert ended.state is S.UNKNOWN
    clock.advance(61)
    await one.look()
    assert (await one.request(ended.id)).state is S.NEEDS_HUMAN
    await one.settle(ended.id, BOB)
    assert (await one.request(ended.id)).state is S.RESOLVED

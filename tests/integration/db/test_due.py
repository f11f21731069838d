"""What there is to do is told by one reading, and no sooner and no later than whoever does it would find it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.db.due import Due
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.requests import RequestState as S
from tests.clock import START, ManualClock
from tests.factories import make_item, make_request

NOTHING = Due(sends=False, clocks=False, looks=False, messages=False, head=0)
LATER = START + timedelta(minutes=10)
END = START + timedelta(minutes=15)

Found = Callable[[Unit, datetime], object]
WORKERS: dict[str, Found] = {
    "sends": lambda unit, now: unit.requests.approved_ready(now, 10),
    "clocks": lambda unit, now: (
        unit.requests.expired(now, 10) or unit.requests.reminders_due(now, 10) or unit.requests.expired_claims(now, 10)
    ),
    "looks": lambda unit, now: unit.requests.claim_looks(now, timedelta(), 10),
    "messages": lambda unit, now: unit.outbox.claim_due("one", now, 0, 10),
}


def request(state: S, decide_by: datetime = END + timedelta(days=1), **columns: Any) -> Callable[[Unit], None]:
    """A request in this state, with these columns."""

    def work(unit: Unit) -> None:
        asked = make_request(state=state, decide_by=decide_by)
        unit.requests.insert(asked)
        if columns:
            unit.requests.set_columns(asked.id, **columns)

    return work


LEFT: dict[str, tuple[Callable[[Unit], None], str]] = {
    "one that is approved": (request(S.APPROVED, send_by=END), "sends"),
    "one that nobody decided in time": (request(S.PENDING, decide_by=LATER, reminded_at=START), "clocks"),
    "one that is undecided for long": (request(S.PENDING, decide_by=END), "clocks"),
    "one that was not sent in time": (request(S.APPROVED, send_by=LATER), "clocks"),
    "one whose sender is gone": (request(S.EXECUTING, claim_expires=LATER), "clocks"),
    "one whose end is unknown": (request(S.UNKNOWN, reconcile_at=LATER), "looks"),
    "a message": (lambda unit: unit.outbox.put(make_item("a", due_at=LATER)), "messages"),
    "one that waits for nothing": (request(S.SUCCEEDED, reconcile_at=START, claim_expires=START), ""),
}


async def test_where_nothing_is_left_nothing_is_due(database: Database) -> None:
    assert await database.read(lambda unit: unit.due()) == NOTHING


@pytest.mark.parametrize("left", LEFT)
async def test_something_is_due_just_when_its_worker_would_find_it(
    database: Database, clock: ManualClock, left: str
) -> None:
    leave, worker = LEFT[left]
    await database.note(leave)
    was_due = set()
    for _ in range(17):
        due = await database.read(lambda unit: unit.due())
        found = await database.note(lambda unit: {name: bool(find(unit, unit.now)) for name, find in WORKERS.items()})
        assert vars(due) == {**found, "head": 0}, clock.now()
        was_due |= {name for name, is_due in found.items() if is_due}
        clock.advance(60)
    assert was_due >= ({worker} if worker else set())


async def test_a_message_that_somebody_holds_is_not_due(database: Database) -> None:
    await database.note(lambda unit: unit.outbox.put(make_item("a")))
    await database.note(lambda unit: unit.outbox.claim_due("one", START, 30, 10))
    assert await database.read(lambda unit: unit.due()) == NOTHING

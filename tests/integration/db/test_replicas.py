"""Several processes on one PostgreSQL: its row locks are all the coordination that they have."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.db import connections
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.errors import Conflict, TrailUnavailable
from bot.domain.requests import Request, RequestState
from tests.clock import START
from tests.conftest import OpenDatabase
from tests.factories import make_delivery, make_item, make_request
from tests.integration.db.conftest import append

Replicas = tuple[Database, Database]


@pytest.fixture
def replicas(postgres_url: str, open_database: OpenDatabase) -> Replicas:
    """Two that know of each other only through the database."""
    return open_database(postgres_url), open_database(postgres_url)


@dataclass(kw_only=True)
class Held:
    """A unit that does its work, then keeps its transaction open until it is let go."""

    work: Callable[[Unit], Any]
    entered: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def __call__(self, unit: Unit) -> Any:
        result = self.work(unit)
        self.entered.set()
        assert self.release.wait(15)
        return result

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, 10)


async def test_two_replicas_write_one_chain(replicas: Replicas) -> None:
    written = await asyncio.gather(*(append(replica) for _ in range(25) for replica in replicas))
    assert sorted(record.seq for record in written) == list(range(1, 51))
    finding = await replicas[0].read(lambda unit: unit.audit.verify())
    assert (finding.rows, finding.problem) == (50, "")


async def test_an_acknowledgement_does_not_wait_for_another_replicas_head(replicas: Replicas) -> None:
    holder, other = replicas
    held = Held(work=lambda unit: unit.audit.head())
    holding = asyncio.create_task(holder.write(held))
    await held.reached()

    waiting = asyncio.create_task(append(other))
    assert await asyncio.wait_for(other.note(lambda unit: unit.inbox.record(make_delivery())), 60) is None
    assert not waiting.done()

    held.release.set()
    await holding
    assert (await waiting).seq == 1


async def test_a_head_that_is_held_for_too_long_is_an_answer_and_no_hanging(
    postgres_url: str, open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_MILLISECONDS", 50)
    holder, other = open_database(postgres_url), open_database(postgres_url)
    held = Held(work=lambda unit: None)
    holding = asyncio.create_task(holder.write(held))
    await held.reached()

    with pytest.raises(TrailUnavailable):
        await append(other)

    held.release.set()
    await holding
    assert (await append(other)).seq == 1


async def test_a_replica_that_falls_silent_loses_its_hold(
    postgres_url: str, open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_MILLISECONDS", 50)
    silent, other = open_database(postgres_url), open_database(postgres_url)
    held = Held(work=lambda unit: unit.settings.set("half", "done"))
    holding = asyncio.create_task(silent.write(held))
    await held.reached()

    assert (await append(other)).seq == 1

    held.release.set()
    with pytest.raises(TrailUnavailable):
        await holding
    assert await other.read(lambda unit: unit.settings.get("half")) is None


def test_whoever_waits_for_the_head_outlasts_one_who_fell_silent_over_it() -> None:
    assert connections.IDLE_MILLISECONDS < connections.BUSY_MILLISECONDS


async def test_messages_are_shared_out_and_never_taken_twice(replicas: Replicas) -> None:
    one, two = replicas
    for number in range(4):
        item = make_item(f"i{number}", f"k{number}")
        await one.note(lambda unit, item=item: unit.outbox.put(item))  # type: ignore[misc]
    held = Held(work=lambda unit: unit.outbox.claim_due("one", START, 30, 2))
    holding = asyncio.create_task(one.note(held))
    await held.reached()

    second = await two.note(lambda unit: unit.outbox.claim_due("two", START, 30, 10))

    held.release.set()
    assert [item.id for item in await holding] == ["i0", "i1"]
    assert [item.id for item in second] == ["i2", "i3"]


QUEUES: dict[str, dict[str, Any]] = {
    "expired": {"decide_by": START},
    "expired_claims": {"state": RequestState.EXECUTING, "claim_expires": START},
    "reminders_due": {"decide_by": START + timedelta(seconds=1)},
}


@pytest.mark.parametrize(("queue", "given"), QUEUES.items(), ids=QUEUES)
async def test_a_request_that_another_replica_works_on_is_skipped(
    replicas: Replicas, queue: str, given: dict[str, Any]
) -> None:
    one, two = replicas
    first, second = make_request(**given), make_request(created_at=START + timedelta(microseconds=1), **given)
    for request in (first, second):
        await one.write(lambda unit, request=request: unit.requests.insert(request))  # type: ignore[misc]

    def look(unit: Unit, limit: int) -> list[str]:
        found: tuple[Request, ...] = getattr(unit.requests, queue)(START + timedelta(seconds=0.9), limit)
        return [request.id for request in found]

    held = Held(work=lambda unit: look(unit, 1))
    holding = asyncio.create_task(one.note(held))
    await held.reached()

    assert await two.note(lambda unit: look(unit, 9)) == [second.id]

    held.release.set()
    assert await holding == [first.id]


async def test_of_two_replicas_that_claim_one_sends(replicas: Replicas) -> None:
    request = make_request(state=RequestState.APPROVED)
    await replicas[0].write(lambda unit: unit.requests.insert(request))

    def claim(unit: Unit) -> Request | None:
        unit.requests.lock(request.id)
        return unit.requests.move(request.id, before=RequestState.APPROVED, after=RequestState.EXECUTING)

    claimed = await asyncio.gather(*(replica.write(claim) for replica in replicas))
    assert sorted(one is None for one in claimed) == [False, True]


async def test_of_two_replicas_that_open_a_request_one_is_refused(replicas: Replicas) -> None:
    async def ask(replica: Database) -> str:
        request = make_request(database_id="db_1")
        await replica.write(lambda unit: unit.requests.insert(request))
        return request.id

    opened, refused = sorted(
        await asyncio.gather(*map(ask, replicas), return_exceptions=True), key=lambda one: isinstance(one, Conflict)
    )
    assert isinstance(refused, Conflict)
    assert refused.request_id == opened


async def test_a_repeat_at_another_replica_waits_for_the_first_and_finds_it(replicas: Replicas) -> None:
    one, two = replicas
    held = Held(work=lambda unit: unit.inbox.record(make_delivery("Ev1", story="st-first")))
    holding = asyncio.create_task(one.note(held))
    await held.reached()
    repeat = asyncio.create_task(two.note(lambda unit: unit.inbox.record(make_delivery("Ev1", story="st-second"))))

    held.release.set()
    assert await holding is None
    found = await repeat
    assert found is not None
    assert found.story == "st-first"


async def test_units_that_wait_for_each_other_both_get_done(replicas: Replicas) -> None:
    first, second = make_request(), make_request()
    for request in (first, second):
        await replicas[0].write(lambda unit, request=request: unit.requests.insert(request))  # type: ignore[misc]
    meeting = threading.Barrier(2)

    def crossing(mine: Request, other: Request) -> Callable[[Unit], None]:
        met = False

        def work(unit: Unit) -> None:
            nonlocal met
            unit.requests.set_columns(mine.id, end_reason=mine.id)
            if not met:
                met = True
                meeting.wait(10)
            unit.requests.set_columns(other.id, end_reason=mine.id)

        return work

    await asyncio.gather(replicas[0].note(crossing(first, second)), replicas[1].note(crossing(second, first)))

    found = [await replicas[0].read(lambda unit, one=one: unit.requests.get(one.id)) for one in (first, second)]  # type: ignore[misc]
    assert len({one.end_reason for one in found if one}) == 1


async def test_looking_at_the_trail_while_another_replica_writes_raises_no_alarm(replicas: Replicas) -> None:
    writing, looking = replicas
    finished = asyncio.Event()

    async def write_on() -> None:
        for _ in range(150):
            await append(writing)
        finished.set()

    work = asyncio.create_task(write_on())
    found: list[str] = []
    while not finished.is_set():
        found += await looking.check()
    await work
    assert found == []

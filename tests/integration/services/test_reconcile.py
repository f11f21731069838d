"""Unknown ends with several replicas, a hanging API and looks that break off: the quiet period stays what it is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.db.engine import Database
from bot.domain.access import Role
from bot.domain.errors import Unavailable
from bot.domain.requests import Request, RequestState, Vote
from bot.services.audit import Trail
from bot.services.background import Background, Watches
from bot.services.operations.operation import Finding, Proof
from tests.clock import ManualClock
from tests.conftest import OpenDatabase
from tests.faults.machinery import Machinery
from tests.faults.model import ROUNDS

S = RequestState
ADA, BOB = "U0ADA", "U0BOB"


async def machinery(database: Database, clock: ManualClock, targets: int = 1) -> Machinery:
    """Ada asks, Bob approves, and every send ends unknown."""
    found = Machinery.on(database, clock, 1)
    found.operation.identities = {f"db_{number}": 1 for number in range(targets)}
    found.operation.end = S.UNKNOWN
    await found.open_channel()
    await found.give(ADA, Role.OPERATOR)
    await found.give(BOB, Role.ADMIN)
    return found


async def in_doubt(one: Machinery, target: str = "db_0") -> Request:
    """A request whose end is unknown."""
    request = await one.ask(ADA, target)
    await one.vote(request.id, BOB, Vote.APPROVE)
    await one.executor.run(request.id)
    return await one.request(request.id)


def background(one: Machinery, trail: Trail | None = None) -> Background:
    """Only its share that looks after unknown ends is used."""
    unused = cast(Any, SimpleNamespace())
    watches = Watches(anchors=unused, loud_events=unused, trail=trail or Trail(one.database), clock=unused)
    return Background(one.database, one.executor, one.timekeeper, one.reconciler, unused, watches)


async def seconds_in_doubt(one: Machinery, request: Request, look: Any) -> float:
    """Let time pass second by second until the end is known."""
    began = one.clock.now()
    while (await one.request(request.id)).state is S.UNKNOWN:
        one.clock.advance(5)
        await look()
    return (one.clock.now() - began).total_seconds()


async def test_replicas_that_look_in_the_same_round_use_up_one_round(database: Database, clock: ManualClock) -> None:
    replicas = [await machinery(database, clock)]
    replicas += [Machinery.on(database, clock, 1) for _ in range(3)]
    request = await in_doubt(replicas[0])

    async def all_look() -> None:
        """Each has seen the row before any of them has settled it."""
        seen = await replicas[0].request(request.id)
        if seen.reconcile_at is not None and seen.reconcile_at <= clock.now():
            await asyncio.gather(*(one.reconciler.resolve(seen) for one in replicas))

    assert await seconds_in_doubt(replicas[0], request, all_look) == 480
    assert (await replicas[0].request(request.id)).state is S.NOT_APPLIED


async def test_a_look_is_taken_by_one_replica_and_by_another_once_that_one_has_died_over_it(
    database_url: str, open_database: OpenDatabase, clock: ManualClock
) -> None:
    first = await machinery(open_database(database_url), clock)
    second = Machinery.on(open_database(database_url), clock, 1)
    request = await in_doubt(first)
    clock.advance(60)
    taken = await asyncio.gather(*(one.reconciler.claim_due(9) for one in (first, second)))
    assert sorted(len(found) for found in taken) == [0, 1]
    clock.advance(30)
    assert await second.reconciler.claim_due(9) == ()
    clock.advance(30)
    assert [found.id for found in await second.reconciler.claim_due(9)] == [request.id]


async def test_the_quiet_period_is_the_same_through_the_background(database: Database, clock: ManualClock) -> None:
    one = await machinery(database, clock)
    request, work = await in_doubt(one), background(one)
    assert await seconds_in_doubt(one, request, work._reconcile_due) == 480


async def test_no_unknown_end_is_looked_at_by_a_clock_that_is_off(database: Database, clock: ManualClock) -> None:
    one = await machinery(database, clock)
    request = await in_doubt(one)
    clock.advance(minutes=16)
    trail = Trail(database)
    trail.hold("This machine's clock is 960 seconds ahead.")
    await background(one, trail)._reconcile_due()
    assert (await one.request(request.id)).state is S.UNKNOWN
    trail.hold("")
    await background(one, trail)._reconcile_due()
    assert (await one.request(request.id)).state is not S.UNKNOWN


async def test_a_slow_send_holds_up_nobody_elses(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await machinery(database, clock, 2)
    slow, quick = await one.ask(ADA, "db_0"), await one.ask(ADA, "db_1")
    begun, go_on = [], asyncio.Event()

    async def run(request_id: str) -> Request:
        begun.append(request_id)
        if request_id == slow.id:
            await go_on.wait()
        return await one.request(request_id)

    monkeypatch.setattr(one.executor, "run", run)
    sending = background(one)
    await one.vote(slow.id, BOB, Vote.APPROVE)
    await asyncio.wait_for(sending._send_ready(), 60)
    await one.vote(quick.id, BOB, Vote.APPROVE)
    await asyncio.wait_for(sending._send_ready(), 60)
    await asyncio.sleep(0)
    assert begun == [slow.id, quick.id]
    go_on.set()
    await asyncio.gather(*sending._sends)


async def test_one_look_that_always_breaks_off_ends_with_a_person_and_puts_off_nobody_elses(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await machinery(database, clock, targets=2)
    broken, sound = await in_doubt(one, "db_0"), await in_doubt(one, "db_1")
    find = one.operation.find

    async def breaks_off(api: Any, request: Request) -> Finding:
        if request.id == broken.id:
            raise ZeroDivisionError
        return await find(api, request)

    monkeypatch.setattr(one.operation, "find", breaks_off)
    one.operation.proof = Proof.APPLIED
    work = background(one)
    clock.advance(61)
    await work._reconcile_due()
    assert (await one.request(sound.id)).state is S.SUCCEEDED
    assert await seconds_in_doubt(one, broken, work._reconcile_due) < 15 * 60
    assert (await one.request(broken.id)).state is S.NEEDS_HUMAN


async def test_what_a_look_found_but_could_not_write_down_is_found_again_in_the_last_round_too(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await machinery(database, clock)
    request, work = await in_doubt(one), background(one)
    last = len(ROUNDS) - 1
    await database.note(lambda unit: unit.requests.set_columns(request.id, reconcile_round=last))
    one.operation.proof = Proof.APPLIED
    write = database.write

    async def fails_once(work: Any) -> None:
        monkeypatch.setattr(database, "write", write)
        raise Unavailable("The database does not answer as it should right now.")

    monkeypatch.setattr(database, "write", fails_once)
    clock.advance(61)
    await work._reconcile_due()
    assert (await one.request(request.id)).state is S.UNKNOWN
    clock.advance(61)
    await work._reconcile_due()
    assert (await one.request(request.id)).state is S.SUCCEEDED


async def test_looks_are_taken_together_so_that_one_that_hangs_puts_off_nobody_elses(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await machinery(database, clock, targets=3)
    requests = [await in_doubt(one, f"db_{number}") for number in range(3)]
    met = asyncio.Barrier(2)

    async def waits(api: Any, request: Request) -> Finding:
        if request.id == requests[0].id:
            await asyncio.Event().wait()
        await met.wait()
        return Finding(proof=Proof.APPLIED, readings=("gone",))

    monkeypatch.setattr(one.operation, "find", waits)
    monkeypatch.setattr(one.reconciler, "_look_seconds", 3)
    clock.advance(61)
    await background(one)._reconcile_due()
    states = [(await one.request(request.id)).state for request in requests]
    assert states == [S.UNKNOWN, S.SUCCEEDED, S.SUCCEEDED]
    assert (await one.request(requests[0].id)).reconcile_round == 1, "what hung counts as a look"


async def test_a_person_is_asked_within_fifteen_minutes_however_late_the_sender_was_given_up(
    database: Database, clock: ManualClock
) -> None:
    one = await machinery(database, clock)
    began = clock.now()
    request = await in_doubt(one)
    late = clock.advance(770)
    first = timedelta(seconds=60)
    await database.note(
        lambda unit: unit.requests.set_columns(request.id, unknown_since=late, reconcile_at=late + first)
    )
    await seconds_in_doubt(one, request, background(one)._reconcile_due)
    assert clock.now() - began == timedelta(minutes=15)

"""Counts and summaries: what they count, how far they look, and that an engine's arithmetic is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.db import audit_counts, audit_summary, audit_targets
from bot.db.audit_counts import count_of
from bot.db.engine import Database
from bot.domain.audit import AuditAction, AuditFilter, AuditKind, AuditOutcome
from bot.domain.audit_figures import AuditCount, AuditSummary, Tally, Waiting
from bot.services.audit import Trail
from tests.clock import START, ManualClock
from tests.integration.db.conftest import append

Kind, End = AuditKind, AuditOutcome
DELETE = AuditAction.DATABASES_DELETE


async def summed(database: Database, **span: Any) -> AuditSummary:
    asked = {"since": None, "until": None, **span}
    return await database.read(lambda unit: unit.audit.summary(**asked))


async def request(
    database: Database, clock: ManualClock, number: int, wait: float, end: AuditOutcome = End.SUCCEEDED, **vote: Any
) -> None:
    """Ada asks, Grace votes after a while, and it ends."""
    common = {"story": f"st-{number}", "request_id": f"rq-{number}", "action": DELETE, "actor": "U0ADA"}
    await append(database, **common, kind=Kind.REQUEST, outcome=End.PENDING, payload={"state": "pending"})
    clock.advance(wait)
    decided = {"vote": "approve", "state": "approved", "person": "Grace", **vote}
    await append(database, **{**common, "actor": "U0GRACE"}, kind=Kind.DECISION, payload=decided)
    await append(database, **common, kind=Kind.OUTCOME, outcome=end, payload={"state": end.value, "person": "Ada"})


async def test_a_summary_tells_who_did_what_and_nothing_outside_its_time(
    database: Database, clock: ManualClock
) -> None:
    for actor in ("U1", "U1", "U2"):
        await append(database, actor=actor, payload={"person": f"Person {actor}"})
        clock.advance(60)
    found = await summed(database, since=START, until=START + timedelta(seconds=90))
    usual: dict[str, Any] = {"action": AuditAction.DATABASES_LIST, "kind": Kind.READ, "outcome": End.SUCCEEDED}
    assert found.tallies == (Tally(actor="U1", number=2, **usual),)
    assert found.names == (("U1", "Person U1"),)
    assert found.counted_from is None


async def test_a_name_is_the_one_of_the_newest_row_that_tells_it(database: Database) -> None:
    for payload in ({"person": "Ada Byron"}, {"person": "Ada Lovelace"}, {"person": ""}, {"surface": "button"}):
        await append(database, actor="U1", payload=payload)
    assert (await summed(database)).names == (("U1", "Ada Lovelace"),)


async def test_nothing_in_a_time_is_an_empty_summary(database: Database) -> None:
    assert await summed(database) == AuditSummary()
    await append(database)
    assert await summed(database, since=START + timedelta(days=1)) == AuditSummary()


@pytest.mark.parametrize("waits", [(40,), (10, 600), (5, 3600, 90), (1, 2, 3, 1000)], ids=str)
async def test_waiting_is_from_the_request_to_the_vote_that_decided_it(
    database: Database, clock: ManualClock, waits: tuple[int, ...]
) -> None:
    for number, wait in enumerate(waits):
        await request(database, clock, number, wait)
    waiting = (await summed(database)).waiting
    assert waiting.decided == len(waits)
    assert waiting.median == pytest.approx(median(waits), abs=0.01)
    assert waiting.longest == pytest.approx(max(waits), abs=0.01)
    assert waiting.longest_request == f"rq-{waits.index(max(waits))}"


async def test_a_first_of_two_votes_decides_nothing_and_nobody_waits_for_themselves(
    database: Database, clock: ManualClock
) -> None:
    await request(database, clock, 1, 30, state="pending")
    common = {"story": "st-2", "request_id": "rq-2", "action": DELETE, "actor": "U0ADA"}
    await append(database, **common, kind=Kind.REQUEST, outcome=End.PENDING)
    clock.advance(60)
    await append(database, **common, kind=Kind.DECISION, payload={"vote": "approve", "state": "approved"})
    assert (await summed(database)).waiting == Waiting()


async def test_a_denial_after_the_approval_is_not_what_was_waited_for(database: Database, clock: ManualClock) -> None:
    await request(database, clock, 1, 30)
    clock.advance(60)
    denied = {"vote": "deny", "state": "denied", "was": "approved"}
    common = {"story": "st-1", "request_id": "rq-1", "action": DELETE, "actor": "U0CLEO"}
    await append(database, **common, kind=Kind.DECISION, outcome=End.DENIED, payload=denied)
    waiting = (await summed(database)).waiting
    assert waiting.decided == 1
    assert waiting.longest == pytest.approx(30, abs=0.01)


async def test_a_request_ends_once_and_an_approval_is_no_end(database: Database, clock: ManualClock) -> None:
    await request(database, clock, 1, 30, End.REJECTED)
    await request(database, clock, 2, 30)
    common = {"story": "st-3", "request_id": "rq-3", "action": DELETE}
    await append(database, **common, kind=Kind.REQUEST, outcome=End.PENDING)
    await append(database, **common, kind=Kind.DECISION, payload={"vote": "approve", "state": "approved"})
    await append(database, story="st-1", request_id="rq-1", kind=Kind.REFUSAL, outcome=End.DENIED)
    ends = dict((await summed(database)).request_ends)
    assert ends == {End.REJECTED: 1, End.SUCCEEDED: 1, End.PENDING: 1}


async def test_a_long_range_is_counted_from_a_moment_that_is_said(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_summary, "ROWS", 3)
    for _ in range(5):
        await append(database)
        clock.advance(60)
    found = await summed(database)
    assert sum(tally.number for tally in found.tallies) == 3
    assert found.counted_from == START + timedelta(minutes=2)
    assert (await summed(database, since=START + timedelta(minutes=2))).counted_from is None


async def test_a_count_follows_each_story_to_its_end(database: Database, clock: ManualClock) -> None:
    for number in range(3):
        await request(database, clock, number, 1, End.REJECTED if number else End.SUCCEEDED)
    by_grace = await database.read(lambda unit: unit.audit.count(AuditFilter(actor="U0GRACE"), limit=10))
    assert (by_grace.rows, by_grace.stories, by_grace.complete) == (3, 3, True)
    assert dict(by_grace.ends) == {End.REJECTED: 2, End.SUCCEEDED: 1}


async def test_a_count_says_when_there_is_more(database: Database, clock: ManualClock) -> None:
    for number in range(3):
        await request(database, clock, number, 1)
    for limit, complete in ((8, False), (9, True)):
        asked = AuditFilter(action=DELETE, before_seq=4, limit=2)
        found = await Trail(database).count(asked, limit=limit)
        assert (found.rows, found.complete) == (min(limit, 9), complete)


async def test_a_count_is_made_once_for_all_pages_of_an_answer(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await request(database, clock, 1, 60)
    made: list[AuditFilter] = []

    def remembered(connection: Connection, wanted: AuditFilter, limit: int) -> AuditCount:
        made.append(wanted)
        return count_of(connection, wanted, limit)

    monkeypatch.setattr(audit_counts, "count_of", remembered)
    trail = Trail(database)
    asked = AuditFilter(action=DELETE, since=START - timedelta(days=1))
    first = await trail.count(asked, limit=10)
    await append(database, kind=Kind.READ, action=AuditAction.AUDIT_LIST)
    later = replace(asked, since=START - timedelta(hours=23), before_seq=3)
    assert await trail.count(later, limit=10) == first
    assert len(made) == 1


async def test_a_remembered_count_holds_only_while_nothing_happens(database: Database, clock: ManualClock) -> None:
    trail, asked = Trail(database), AuditFilter(action=DELETE)
    everything = replace(asked, quiet=True)
    await request(database, clock, 1, 60)
    assert (await trail.count(asked, limit=10)).rows == 3
    assert (await trail.count(replace(asked, since=clock.now() + timedelta(hours=1)), limit=10)).rows == 0
    assert (await trail.count(replace(asked, since=clock.now()), limit=10)).rows == 2
    assert (await trail.count(everything, limit=10)).rows == 3
    await append(database, kind=Kind.READ, action=DELETE)
    assert (await trail.count(everything, limit=10)).rows == 4
    await request(database, clock, 2, 60)
    assert (await trail.count(asked, limit=10)).rows == 6
    assert (await trail.count(asked, limit=5)).complete is False


async def test_a_wrong_first_letter_is_mended_also_where_there_are_many_names(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_targets, "LOOKED_AT", 3)
    for number in range(20):
        await append(database, target_label=f"m-{number:02}")
    await append(database, target_label="zebra")
    assert await database.read(lambda unit: unit.audit.targets_like("yebra")) == ("zebra",)


async def test_targets_that_look_alike_are_found_among_many(database: Database) -> None:
    for number in range(30):
        await append(database, target=f"db_{number}", target_label=f"orders-{number % 5}")
    near = await database.read(lambda unit: unit.audit.targets_like("order-3"))
    assert near[0] == "orders-3"
    for typed, found in (("prders-4", "orders-4"), ("bd_17", "db_17"), ("db_177", "db_17")):
        near = await database.read(lambda unit, typed=typed: unit.audit.targets_like(typed))  # type: ignore[misc]
        assert near[0] == found, typed
    assert await database.read(lambda unit: unit.audit.knows_target("db_7"))
    assert not await database.read(lambda unit: unit.audit.knows_target("db_77"))

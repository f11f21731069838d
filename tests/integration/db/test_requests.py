"""Requests in SQL: stored whole, moved by compare-and-set, one open on each target."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.db.engine import Database
from bot.db.requests import Requests
from bot.db.unit import Unit
from bot.domain.errors import Conflict
from bot.domain.requests import OPEN_STATES, TRANSITIONS, ItemResult, Request, RequestState, Result, Vote
from tests.clock import START, ManualClock
from tests.factories import make_device_request, make_entry, make_request, make_vote

S = RequestState


async def stored(database: Database, **given: Any) -> Request:
    request = make_request(**given)
    await database.write(lambda unit: unit.requests.insert(request))
    return request


async def get(database: Database, request_id: str) -> Request:
    found = await database.read(lambda unit: unit.requests.get(request_id))
    assert found is not None
    return found


async def move(database: Database, request: Request, before: S, after: S, **columns: Any) -> Request | None:
    return await database.write(lambda unit: unit.requests.move(request.id, before=before, after=after, **columns))


async def test_a_request_comes_back_as_it_was_stored(database: Database) -> None:
    result = Result(
        codes=("conflict",),
        warnings=("tables left enabled",),
        items=(ItemResult(item="orders", state=S.SUCCEEDED, note="enabled"),),
        receipt=(("status", "gone"),),
        http_status=200,
        inferred=True,
    )
    request = await stored(database, sealed=b"sealed", result=result, send_by=START + timedelta(minutes=2))
    assert await get(database, request.id) == request


async def test_a_request_that_nobody_made_is_not_found(database: Database) -> None:
    assert await database.read(lambda unit: unit.requests.get("rq-none")) is None
    assert await database.write(lambda unit: unit.requests.lock("rq-none")) is None


@pytest.mark.parametrize("typed", ["rq-abc", "ABC", "abcd"])
async def test_a_request_is_found_by_the_beginning_of_its_id(database: Database, typed: str) -> None:
    wanted = await stored(database, id="rq-abcd23456789")
    await stored(database, id="rq-xbcd23456789")
    found = await database.read(lambda unit: unit.requests.match(typed))
    assert [one.id for one in found] == [wanted.id]


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
async def test_only_what_is_not_sent_yet_is_offered_to_be_cancelled(database: Database, state: S) -> None:
    request = await stored(database, state=state)
    with pytest.raises(Conflict, match=request.id) as raised:
        await stored(database, target=request.target)
    assert ("approvals cancel" in raised.value.next_step) is (state in (S.PENDING, S.APPROVED))
    assert raised.value.request_id == request.id


async def test_signs_of_the_query_language_are_letters_here(database: Database) -> None:
    await stored(database)
    assert await database.read(lambda unit: unit.requests.match("%")) == ()
    assert await database.read(lambda unit: unit.requests.match("_")) == ()


async def test_a_step_counts_the_version_and_keeps_what_it_brings(database: Database) -> None:
    request = await stored(database)
    send_by = START + timedelta(minutes=2)
    moved = await move(database, request, S.PENDING, S.APPROVED, decided_at=START, send_by=send_by)
    assert moved == replace(request, state=S.APPROVED, version=2, decided_at=START, send_by=send_by)


async def test_only_one_of_two_steps_from_the_same_state_succeeds(database: Database) -> None:
    request = await stored(database)
    ended = await asyncio.gather(
        move(database, request, S.PENDING, S.APPROVED), move(database, request, S.PENDING, S.DENIED)
    )
    assert [one.state if one else None for one in ended] == [S.APPROVED, None]


@pytest.mark.parametrize("before", list(S))
async def test_a_step_that_the_drawing_lacks_is_no_step(database: Database, before: S) -> None:
    for after in S:
        request = await stored(database, state=before)
        reopens = before not in OPEN_STATES and after in OPEN_STATES
        if after in TRANSITIONS.get(before, frozenset()) and not reopens:
            assert await move(database, request, before, after) is not None
        else:
            with pytest.raises(ValueError, match="no way"):
                await move(database, request, before, after)
            assert await get(database, request.id) == request


async def test_what_was_not_sent_goes_back_to_approved_in_one_step(database: Database) -> None:
    request = await stored(database, state=S.EXECUTING, sealed=b"sealed")
    again = await move(database, request, S.EXECUTING, S.APPROVED, through=S.NOT_SENT)
    assert again is not None
    assert (again.state, again.sealed, again.ended_at) == (S.APPROVED, b"sealed", None)
    with pytest.raises(Conflict):
        await stored(database, target=request.target)


async def test_an_end_wipes_secrets_and_says_when(database: Database, clock: ManualClock) -> None:
    request = await stored(database, sealed=b"sealed")
    clock.advance(30)
    ended = await move(database, request, S.PENDING, S.CANCELLED, ended_by="U0ADA", end_reason="not today")
    assert ended is not None
    assert (ended.sealed, ended.ended_at) == (None, START + timedelta(seconds=30))
    assert (ended.ended_by, ended.end_reason) == ("U0ADA", "not today")


async def test_an_unknown_end_is_still_open_and_needs_its_secrets_no_more(database: Database) -> None:
    request = await stored(database, state=S.EXECUTING, sealed=b"sealed")
    unknown = await move(database, request, S.EXECUTING, S.UNKNOWN, unknown_since=START)
    assert unknown is not None
    assert (unknown.sealed, unknown.ended_at) == (None, None)


async def test_a_target_has_one_open_request(database: Database) -> None:
    first = await stored(database, database_id="db_1")
    with pytest.raises(Conflict) as refused:
        await stored(database, database_id="db_1")
    assert refused.value.request_id == first.id
    assert first.id in str(refused.value)

    await move(database, first, S.PENDING, S.DENIED)
    await stored(database, database_id="db_1")


async def test_two_who_ask_at_once_get_one_request(database: Database) -> None:
    ended = await asyncio.gather(*(stored(database, database_id="db_1") for _ in range(5)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in ended) == ["Conflict"] * 4 + ["Request"]


async def test_each_device_is_a_target_of_its_own(database: Database) -> None:
    first, second, third = make_device_request("a", "b"), make_device_request("c", "c"), make_device_request("d", "b")
    await database.write(lambda unit: unit.requests.insert(first))
    await database.write(lambda unit: unit.requests.insert(second))
    with pytest.raises(Conflict) as refused:
        await database.write(lambda unit: unit.requests.insert(third))
    assert refused.value.request_id == first.id
    assert await database.read(lambda unit: unit.requests.get(third.id)) is None


async def test_one_that_comes_after_the_look_leaves_the_rest_of_its_unit_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stored(database, database_id="db_1")
    late, other = make_request(database_id="db_1"), make_request(database_id="db_2")
    monkeypatch.setattr(Requests, "_refuse_second", lambda self, keys: None)

    def work(unit: Unit) -> None:
        unit.requests.insert(other)
        with pytest.raises(Conflict, match="just now"):
            unit.requests.insert(late)
        unit.audit.append(make_entry())

    await database.write(work)
    assert await get(database, other.id) == other
    assert await database.read(lambda unit: unit.requests.get(late.id)) is None
    assert (await database.read(lambda unit: unit.audit.head())).seq == 1


async def test_a_target_with_a_very_long_name_is_guarded_too(database: Database) -> None:
    request = make_request()
    long = replace(request.target, key="prod:" + "é" * 5_000)
    await stored(database, target=long)
    with pytest.raises(Conflict):
        await stored(database, target=long)
    await stored(database, target=replace(long, key=long.key + "x"))


async def test_each_person_votes_once(database: Database) -> None:
    request = await stored(database)
    first, second = make_vote("U0GRACE"), make_vote("U0GRACE", Vote.DENY, "changed my mind")
    other = make_vote("U0LINUS", Vote.DENY, "not now")
    counted = [
        await database.write(lambda unit, vote=vote: unit.requests.add_vote(request.id, vote))  # type: ignore[misc]
        for vote in (first, second, other)
    ]
    assert counted == [True, False, True]
    assert set((await get(database, request.id)).votes) == {first, other}


async def test_the_first_card_holds(database: Database) -> None:
    request = await stored(database)
    await database.note(lambda unit: unit.requests.set_card(request.id, "C0OPS", "1.1"))
    await database.note(lambda unit: unit.requests.set_card(request.id, "C0OPS", "2.2"))
    assert (await get(database, request.id)).card_ts == "1.1"


async def test_columns_beside_the_state_change_without_a_step(database: Database) -> None:
    request = await stored(database)
    result = Result(messages=("gone",))
    await database.note(lambda unit: unit.requests.set_columns(request.id, result=result, reminded_at=START))
    assert await get(database, request.id) == replace(request, result=result, reminded_at=START)


async def test_what_is_open_is_listed_newest_first(database: Database) -> None:
    older = await stored(database)
    newer = await stored(database, created_at=START + timedelta(minutes=1), requester_id="U0LINUS")
    elsewhere = await stored(database, channel_id="C0DEV", created_at=START + timedelta(minutes=2))
    await stored(database, state=S.SUCCEEDED)

    async def ids(**wanted: Any) -> list[str]:
        return [one.id for one in await database.read(lambda unit: unit.requests.open_requests(**wanted))]

    assert await ids() == [elsewhere.id, newer.id, older.id]
    assert await ids(channel_id="C0OPS") == [newer.id, older.id]
    assert await ids(requester_id="U0LINUS") == [newer.id]
    assert await ids(limit=1) == [elsewhere.id]


QUEUES: dict[str, tuple[dict[str, Any], timedelta]] = {
    "expired": ({"decide_by": START + timedelta(minutes=9)}, timedelta(minutes=9)),
    "expired to send": (
        {"state": S.APPROVED, "send_by": START + timedelta(minutes=2)},
        timedelta(minutes=2),
    ),
    "expired_claims": ({"state": S.EXECUTING, "claim_expires": START + timedelta(seconds=40)}, timedelta(seconds=40)),
    "claim_looks": ({"state": S.UNKNOWN, "reconcile_at": START + timedelta(seconds=60)}, timedelta(seconds=60)),
    "reminders_due": ({"decide_by": START + timedelta(minutes=9)}, timedelta(minutes=6)),
}


@pytest.mark.parametrize(("given", "due"), QUEUES.values(), ids=QUEUES)
async def test_work_is_found_when_it_is_due_and_not_before(
    database: Database, given: dict[str, Any], due: timedelta
) -> None:
    queue = next(name.split()[0] for name in QUEUES if QUEUES[name][0] is given)
    waiting = await stored(database, **given)

    async def found(at: timedelta) -> list[str]:
        lease = {"lease": timedelta()} if queue == "claim_looks" else {}
        taken = await database.write(lambda unit: getattr(unit.requests, queue)(START + at, limit=9, **lease))
        return [one.id for one in taken]

    assert await found(due - timedelta(seconds=1)) == []
    assert await found(due) == [waiting.id]


async def test_what_is_approved_is_sent_until_its_clock_ends(database: Database) -> None:
    ready = await stored(database, state=S.APPROVED, send_by=START + timedelta(minutes=2))
    await stored(database)

    async def found(at: timedelta) -> list[str]:
        return [one.id for one in await database.read(lambda unit: unit.requests.approved_ready(START + at, 9))]

    assert await found(timedelta(minutes=2) - timedelta(seconds=1)) == [ready.id]
    assert await found(timedelta(minutes=2)) == []


async def test_who_was_reminded_is_not_reminded_again(database: Database) -> None:
    request = await stored(database)
    late = START + timedelta(minutes=14)
    await database.note(lambda unit: unit.requests.set_columns(request.id, reminded_at=late))
    assert await database.write(lambda unit: unit.requests.reminders_due(late, 9)) == ()

"""Loud events: each told once in the audit channel, in order, whoever looks and whatever is in the way."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from bot.db.engine import Database
from bot.domain.audit import AuditAction, AuditKind
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.outages import Outage
from bot.sandbox.slack.server import StandInSlack
from bot.services import loud_events
from bot.services.lifecycle import OutboxKind, owe_message
from bot.services.loud_events import KEY, TOLD, _Event, _Look
from tests.clock import ManualClock
from tests.conftest import OpenDatabase
from tests.integration.db.conftest import append
from tests.integration.services.conftest import Replica, start_replica
from tests.unit.domain.test_loud_events import LOUD, QUIET

POST = "chat.postMessage"
ADMIN: dict[str, Any] = LOUD["admin given"]


@pytest.fixture
async def watched(replica: Replica) -> Replica:
    """It has run before: row 1 is what it began behind."""
    await replica.rows(1)
    assert not await replica.loud_second()
    return replica


async def loud(replica: Replica, **given: Any) -> int:
    """Write a row that is loud; its seq."""
    return (await append(replica.database, **{**ADMIN, "target": "U0GRACE", **given})).seq


def told(replica: Replica, messages: list[Message] | None = None) -> list[int]:
    """The rows that the channel was told of, in order."""
    said = replica.posts if messages is None else messages
    return [int(found[1]) for one in said if (found := re.search(r"audit show ([0-9]+)", one.text))]


async def mark(replica: Replica) -> str | None:
    return await replica.database.read(lambda unit: unit.settings.get(TOLD))


async def set_mark(replica: Replica, value: str) -> None:
    await replica.database.note(lambda unit: unit.settings.set(TOLD, value))


async def settle(*replicas: Replica) -> None:
    for _ in range(50):
        if not any([await one.loud_second() for one in replicas]):
            return
    raise AssertionError("there is always something to tell")


async def test_each_loud_row_is_told_once_in_order_and_no_other(watched: Replica) -> None:
    expected = []
    quiet = list(QUIET.values())
    for number, given in enumerate(LOUD.values()):
        expected.append((await append(watched.database, **given, story=f"st-{number}")).seq)
        await append(watched.database, **quiet[number % len(quiet)])
    await settle(watched)
    await settle(watched)
    assert told(watched) == expected
    assert len(watched.posts) == len(expected)


async def test_what_is_older_than_the_first_look_is_not_told(replica: Replica) -> None:
    await loud(replica)
    assert not await replica.loud_second()
    new = await loud(replica)
    await settle(replica)
    assert told(replica) == [new]


async def test_an_empty_trail_is_begun_before_its_first_row(replica: Replica) -> None:
    assert not await replica.loud_second()
    first = await loud(replica)
    await settle(replica)
    assert told(replica) == [first] == [1]


async def test_whoever_begins_a_moment_later_passes_nothing_over(watched: Replica) -> None:
    seq = await loud(watched)
    late = _Look(quiet_up_to=seq, is_first=True)
    assert not await watched.database.write(lambda unit: watched.loud_events._put(unit, late))
    await settle(watched)
    assert told(watched) == [seq]


async def test_without_an_audit_channel_nothing_is_owed_or_kept(
    database: Database, slack: StandInSlack, clock: ManualClock
) -> None:
    replica = start_replica(database, slack, clock, anchored=False)
    for _ in range(2):
        await loud(replica)
        assert not await replica.loud_second()
    assert await database.read(lambda unit: unit.outbox.pending()) == 0
    assert await mark(replica) is None


async def test_what_happened_while_nobody_watched_is_told_once_somebody_does(
    watched: Replica, slack: StandInSlack, clock: ManualClock
) -> None:
    blind = start_replica(watched.database, slack, clock, anchored=False)
    missed = await loud(watched)
    assert not await blind.loud_second()
    await settle(start_replica(watched.database, slack, clock))
    assert told(watched) == [missed]


async def test_of_three_replicas_that_look_at_once_one_tells(
    postgres_url: str, open_database: OpenDatabase, slack: StandInSlack
) -> None:
    clock = ManualClock()
    replicas = [start_replica(open_database(postgres_url), slack, clock) for _ in range(3)]
    await asyncio.gather(*(one.loud_second() for one in replicas))
    expected = []
    for _ in range(5):
        expected.append(await loud(replicas[0]))
        owed = await asyncio.gather(*(one.loud_second() for one in replicas for _ in range(2)))
        assert owed.count(True) == 1
    await settle(*replicas)
    assert told(replicas[0]) == expected
    assert await replicas[0].database.read(lambda unit: unit.outbox.pending()) == 0


async def test_a_restart_between_owing_and_posting_loses_and_doubles_nothing(
    watched: Replica, slack: StandInSlack, clock: ManualClock
) -> None:
    seq = await loud(watched)
    assert await watched.loud_events.owe()
    restarted = start_replica(watched.database, slack, clock)
    await settle(restarted)
    assert told(watched) == [seq]
    assert await mark(watched) == str(seq)


async def test_a_crash_between_the_post_and_the_mark_leads_to_no_second_message(
    watched: Replica, slack: StandInSlack, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> None:
        raise asyncio.CancelledError

    seq = await loud(watched)
    assert await watched.loud_events.owe()
    with monkeypatch.context() as patch:
        patch.setattr(watched.database, "write", dies)
        with pytest.raises(asyncio.CancelledError):
            await watched.outbox.pass_once()
    clock.advance(60)
    await settle(start_replica(watched.database, slack, clock))
    assert told(watched) == [seq]
    assert await mark(watched) == str(seq)


async def test_an_answer_lost_on_its_way_leads_to_no_second_message(watched: Replica, clock: ManualClock) -> None:
    watched.slack.workspace.outages.arm(POST, Outage.RESET_AFTER)
    seq = await loud(watched)
    await watched.loud_second()
    clock.advance(5)
    await settle(watched)
    assert told(watched) == [seq]


async def refused_for(watched: Replica, clock: ManualClock, hours: int) -> list[int]:
    """Two events while the bot is not in the channel, for so long."""
    workspace = watched.slack.workspace
    members = workspace.channel("audit").members
    members.remove(workspace.app.bot_user_id)
    expected = [await loud(watched), await loud(watched)]
    for _ in range(hours):
        await watched.loud_second()
        clock.advance(3600)
    assert told(watched) == []
    members.add(workspace.app.bot_user_id)
    return expected


@pytest.mark.parametrize("hours", [1, 30], ids=["for a while", "until the outbox gives it up"])
async def test_a_refused_channel_is_told_when_it_takes_messages_again(
    watched: Replica, clock: ManualClock, hours: int
) -> None:
    expected = await refused_for(watched, clock, hours)
    for _ in range(4):
        clock.advance(3600)
        await settle(watched)
    assert told(watched) == expected


async def test_a_refused_channel_holds_up_no_other_message(watched: Replica, clock: ManualClock) -> None:
    await refused_for(watched, clock, 1)
    workspace, ada = watched.slack.workspace, watched.slack.workspace.person("ada")
    workspace.channel("audit").members.remove(workspace.app.bot_user_id)
    body = {"code": "not_in_channel"}
    await watched.database.note(lambda unit: owe_message(unit, OutboxKind.UNANCHORED, person_id=ada.id, body=body))
    await watched.loud_second()
    assert len(ada.see("dm")) == 1


async def test_one_erasure_is_one_message_and_the_next_another(watched: Replica) -> None:
    erased = {"kind": AuditKind.TOMBSTONE, "action": AuditAction.AUDIT_ERASE}
    first = [await loud(watched, **erased, story="st-one", target=f"seq:{seq}") for seq in (1, 2, 3)]
    second = await loud(watched, **erased, story="st-two", target="seq:4")
    await settle(watched)
    assert told(watched) == [first[0], second]
    assert "erased what row 1 said, and 2 more rows with it" in watched.posts[0].text


async def test_an_erasure_longer_than_a_look_is_told_in_pieces_and_none_twice(
    watched: Replica, slack: StandInSlack, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [await loud(watched, kind=AuditKind.TOMBSTONE, story="st-one", target=f"seq:{seq}") for seq in range(6)]
    whole = _Look(quiet_up_to=rows[0] - 1, event=_Event(first=rows[0], last=rows[-1]))
    monkeypatch.setattr(loud_events, "LOOK", 4)
    assert await watched.loud_second()
    assert not await watched.database.write(lambda unit: watched.loud_events._put(unit, whole))
    await settle(start_replica(watched.database, slack, clock))
    assert told(watched) == [rows[0], rows[4]]


async def test_a_look_is_bounded_and_the_mark_follows(
    watched: Replica, slack: StandInSlack, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loud_events, "LOOK", 5)
    await watched.rows(12)
    seq = await loud(watched)
    restarted = start_replica(watched.database, slack, clock)
    owed = [await restarted.loud_second() for _ in range(4)]
    assert owed == [False, False, True, False]
    assert told(watched) == [seq]
    await watched.rows(7)
    await settle(restarted)
    await settle(restarted)
    assert int(await mark(watched) or 0) >= seq + 5


async def test_while_nothing_is_loud_nothing_is_written(watched: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    await watched.rows(20)

    def never(*_: object) -> None:
        raise AssertionError("something was written")

    monkeypatch.setattr(watched.database, "write", never)
    monkeypatch.setattr(watched.database, "note", never)
    for _ in range(3):
        assert not await watched.loud_events.owe()


@pytest.mark.parametrize("forged", ["soon", str(2**62), "9" * 30, "-1"])
async def test_a_mark_that_somebody_else_put_there_silences_only_what_went_before(
    watched: Replica, slack: StandInSlack, clock: ManualClock, forged: str
) -> None:
    await set_mark(watched, forged)
    restarted = start_replica(watched.database, slack, clock)
    assert not await restarted.loud_second()
    seq = await loud(watched)
    await settle(restarted)
    assert told(watched) == [seq]


@pytest.mark.parametrize(
    "body", [{}, {"first": "1", "last": None}, {"first": 900, "last": 900}, {"first": 1, "last": 9}]
)
async def test_a_message_for_no_row_that_is_there_ends(watched: Replica, body: dict[str, Any]) -> None:
    def owe(unit: Any) -> None:
        owe_message(unit, OutboxKind.LOUD_EVENT, key=KEY, channel_id=watched.channel_id, body=body)

    await watched.database.note(owe)
    await watched.deliver()
    assert watched.posts == []
    assert await watched.database.read(lambda unit: unit.outbox.pending()) == 0
    seq = await loud(watched)
    await settle(watched)
    assert told(watched) == [seq]


@pytest.mark.parametrize("still_there", [True, False])
async def test_a_channel_that_another_one_takes_the_place_of_hears_of_it_too(
    watched: Replica, slack: StandInSlack, clock: ManualClock, still_there: bool
) -> None:
    workspace = slack.workspace
    support = workspace.channel("support")
    moved = start_replica(watched.database, slack, clock)
    moved.loud_events._channel = support.id
    if not still_there:
        workspace.channel("audit").members.remove(workspace.app.bot_user_id)
    changed = {"AUDIT_CHANNEL": {"before": watched.channel_id, "after": support.id}}
    kind = {"kind": AuditKind.SYSTEM, "action": AuditAction.SYSTEM_CONFIGURATION, "payload": {"changed": changed}}
    seq = await loud(watched, **kind)
    await settle(moved)
    assert told(watched) == ([seq] if still_there else [])
    assert told(watched, [one for one in workspace.messages if one.channel == support.id]) == [seq]

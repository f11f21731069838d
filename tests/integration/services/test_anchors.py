"""Anchors: owed on three occasions, posted once each, kept with their ts, and read back from Slack."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.db.engine import Database
from bot.domain.access import OperationClass
from bot.domain.audit import QUIET_KINDS, Anchor, AuditAction, AuditKind
from bot.domain.requests import Request
from bot.sandbox.slack.outages import Outage
from bot.sandbox.slack.reading import text_of
from bot.sandbox.slack.server import StandInSlack
from bot.services.anchors import REFUSED_AGAIN_SECONDS, PostedAnchor, posted, threads_begun
from bot.services.anchors_due import EVERY, ROWS
from bot.services.lifecycle import LAST_DESTRUCTIVE, PROGRAM, append_end, entry_for
from tests.clock import ManualClock
from tests.conftest import OpenDatabase
from tests.factories import make_request, story_rows
from tests.integration.services.conftest import Replica, start_replica

POST = "chat.postMessage"


@pytest.fixture
async def anchored(replica: Replica) -> Replica:
    """With one row named already; row 2 is about that anchor."""
    await replica.rows(1)
    assert await replica.second()
    return replica


async def kept(replica: Replica) -> list[Anchor]:
    return await replica.database.read(lambda unit: [*unit.anchors.all()])


async def end(replica: Replica, kind: AuditKind = AuditKind.OUTCOME, request: Request | None = None) -> None:
    """A request comes to its end."""
    one = request or make_request()
    await replica.database.write(lambda unit: append_end(unit, one, entry_for(one, kind, PROGRAM)))


async def test_an_empty_trail_is_not_anchored_and_the_first_row_is_at_once(replica: Replica) -> None:
    assert not await replica.second()
    await replica.rows(1)
    assert await replica.second()
    assert [one.seq for one in await kept(replica)] == [1]


async def test_a_hundred_rows_are_enough_and_ninety_nine_are_not(anchored: Replica) -> None:
    await anchored.rows(ROWS - 2)  # the row about the anchor counts
    assert not await anchored.second()
    await anchored.rows(1)
    assert await anchored.second()
    assert [one.seq for one in await kept(anchored)] == [1, 1 + ROWS]


async def test_news_waits_for_a_quarter_of_an_hour_and_no_longer(anchored: Replica, clock: ManualClock) -> None:
    await anchored.rows(1)
    clock.advance(EVERY.total_seconds() - 1)
    assert not await anchored.second()
    clock.advance(1)
    assert await anchored.second()
    assert [one.seq for one in await kept(anchored)] == [1, 3]


async def test_an_anchors_own_row_is_no_news(anchored: Replica, clock: ManualClock) -> None:
    for _ in range(3):
        clock.advance(days=1)
        assert not await anchored.second()
    assert len(anchored.posts) == 1


async def test_a_clock_that_was_put_right_does_not_stop_anchors(anchored: Replica, clock: ManualClock) -> None:
    await anchored.rows(1)
    clock.turn_back(hours=5)
    assert await anchored.second()
    assert not await anchored.second()


@pytest.mark.parametrize("kind", [AuditKind.OUTCOME, AuditKind.RECONCILE, AuditKind.DECISION])
async def test_a_destructive_outcome_is_anchored_at_once(anchored: Replica, kind: AuditKind) -> None:
    await end(anchored, kind)
    assert await anchored.second()
    assert [one.seq for one in await kept(anchored)] == [1, 3]
    assert not await anchored.second()


async def test_other_ends_wait_for_their_time(anchored: Replica) -> None:
    await end(anchored, request=make_request(operation_class=OperationClass.CHANGE))
    await end(anchored, AuditKind.EXPIRY)
    assert not await anchored.second()


async def test_an_end_while_an_anchor_is_under_way_is_named_by_the_next_one(anchored: Replica) -> None:
    await end(anchored)
    assert await anchored.anchors.owe()
    (item,) = await anchored.database.note(lambda unit: unit.outbox.claim_due("gone", unit.now, 0, 9))
    await anchored.database.note(lambda unit: anchored.anchors._name(unit, item))
    await end(anchored)
    await anchored.second()
    await anchored.second()
    assert [one.seq for one in await kept(anchored)][-1] == 4


FORGED: dict[str, tuple[int, str, datetime]] = {
    "of a row far ahead": (2**62, "0" * 64, datetime(2026, 1, 1, tzinfo=UTC)),
    "of the next row": (ROWS + 1, "0" * 64, datetime(2026, 1, 1, tzinfo=UTC)),
    "of a row as it never was": (3, "0" * 64, datetime(2026, 1, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize("what", FORGED)
async def test_an_anchor_that_somebody_else_put_there_silences_none(anchored: Replica, what: str) -> None:
    seq, row_hash, at = FORGED[what]
    forged = Anchor(seq=seq, hash=row_hash, channel_id="C", thread_ts="1", ts="1", posted_at=at)
    await anchored.rows(1)
    await anchored.database.note(lambda unit: unit.anchors.put(forged))
    await end(anchored)
    assert await anchored.second()
    assert [one.seq for one in await kept(anchored) if one != forged] == [1, 4]


async def test_what_is_no_number_in_the_settings_stops_no_anchor(anchored: Replica) -> None:
    await anchored.database.note(lambda unit: unit.settings.set(LAST_DESTRUCTIVE, "soon"))
    assert not await anchored.second()
    await anchored.rows(ROWS)
    assert await anchored.second()


async def test_without_an_audit_channel_nothing_is_owed(
    database: Database, slack: StandInSlack, clock: ManualClock
) -> None:
    replica = start_replica(database, slack, clock, anchored=False)
    await replica.rows(ROWS + 1)
    await end(replica)
    assert not await replica.second()
    assert await database.read(lambda unit: unit.outbox.pending()) == 0


async def test_the_first_message_starts_the_thread_and_the_others_follow_in_it(
    anchored: Replica, clock: ManualClock
) -> None:
    for _ in range(2):
        await end(anchored)
        clock.advance(1)
        await anchored.second()
    first, *others = anchored.posts
    assert (first.thread_ts, [one.thread_ts for one in others]) == (None, [first.ts, first.ts])
    assert "Rows up to one that is named here cannot be changed unseen." in first.text
    assert [(one.thread_ts, one.ts) for one in await kept(anchored)] == [(first.ts, one.ts) for one in anchored.posts]


async def test_a_message_ends_with_a_line_for_machines_and_names_the_rows_hash(anchored: Replica) -> None:
    row = (await anchored.database.read(lambda unit: story_rows(unit, "1")))[0]
    (message,) = anchored.posts
    for read in (message.text, text_of(message)):
        assert read.replace("`", "").startswith(f"Audit trail: row 1, {row.hash[:12]}")
        assert read.splitlines()[-1] == f"anchor seq=1 hash={row.hash}"


async def test_the_anchor_is_kept_with_a_quiet_row_of_its_own(anchored: Replica, clock: ManualClock) -> None:
    (anchor,) = await kept(anchored)
    (message,) = anchored.posts
    assert (anchor.channel_id, anchor.ts, anchor.posted_at) == (anchored.channel_id, message.ts, clock.now())
    (row,) = await anchored.database.read(lambda unit: story_rows(unit, "2"))
    assert (row.kind, row.action, row.target) == (AuditKind.ANCHOR, AuditAction.AUDIT_ANCHOR, "seq:1")
    assert row.kind in QUIET_KINDS
    assert row.payload == {"hash": anchor.hash, "thread_ts": anchor.thread_ts, "ts": anchor.ts}


async def test_of_two_replicas_one_posts(postgres_url: str, open_database: OpenDatabase, slack: StandInSlack) -> None:
    clock = ManualClock()
    replicas = [start_replica(open_database(postgres_url), slack, clock) for _ in range(2)]
    for _ in range(5):
        await end(replicas[0])
        await asyncio.gather(*(one.second() for one in replicas for _ in range(3)))
    assert len(replicas[0].posts) == 5
    assert len(await kept(replicas[0])) == 5
    assert await replicas[0].database.read(lambda unit: unit.outbox.pending()) == 0


async def test_a_message_whose_lease_ran_out_in_a_slow_batch_is_left_to_who_has_it(
    replica: Replica, clock: ManualClock
) -> None:
    await replica.rows(1)
    await replica.anchors.owe()
    owner = replica.outbox._owner
    (item,) = await replica.database.note(lambda unit: unit.outbox.claim_due(owner, unit.now, 60, 9))
    clock.advance(60)
    await replica.database.note(lambda unit: unit.outbox.claim_due("another", unit.now, 60, 9))
    assert not await replica.outbox._send(item)
    assert replica.posts == []


@pytest.mark.parametrize("outage", [Outage.SERVER_ERROR, Outage.RATE_LIMITED, Outage.RESET_BEFORE])
async def test_after_an_outage_there_is_one_message_and_it_names_the_newest_row(
    replica: Replica, clock: ManualClock, outage: Outage
) -> None:
    replica.slack.workspace.outages.arm(POST, outage, times=5)
    await replica.rows(ROWS)
    for _ in range(5):
        await replica.second()
        await replica.rows(1)
        clock.advance(60)
    assert replica.posts == []
    await replica.second()
    assert [one.seq for one in await kept(replica)] == [ROWS + 5]
    assert len(replica.posts) == 1


@pytest.mark.parametrize("is_first", [True, False])
async def test_what_slack_took_before_the_connection_died_is_found_and_not_posted_again(
    replica: Replica, clock: ManualClock, is_first: bool
) -> None:
    await replica.rows(1)
    if not is_first:
        await replica.second()
        await end(replica)
    replica.slack.workspace.outages.arm(POST, Outage.RESET_AFTER)
    await replica.second()
    posts = len(replica.posts)
    await replica.rows(1)
    clock.advance(1)
    await replica.second()
    assert len(replica.posts) == posts
    last = (await kept(replica))[-1]
    assert (last.seq, last.ts, last.thread_ts) == (1 if is_first else 3, replica.posts[-1].ts, replica.posts[0].ts)


async def test_a_crash_between_the_post_and_its_row_leads_to_no_second_message(
    replica: Replica, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise asyncio.CancelledError

    await replica.rows(1)
    with monkeypatch.context() as patch:
        patch.setattr(type(replica.anchors), "_keep", dies)
        with pytest.raises(asyncio.CancelledError):
            await replica.second()
    clock.advance(60)
    await replica.second()
    assert len(replica.posts) == 1
    assert [one.seq for one in await kept(replica)] == [1]


async def test_a_refusal_is_told_to_the_admins_once_and_tried_again_now_and_then(
    replica: Replica, clock: ManualClock
) -> None:
    workspace, ada = replica.slack.workspace, replica.slack.workspace.person("ada")
    members = workspace.channel("audit").members
    members.remove(workspace.app.bot_user_id)
    await replica.rows(1)
    for _ in range(2 * REFUSED_AGAIN_SECONDS // 10):
        await replica.second()
        clock.advance(10)
    tried = [call for call in workspace.calls if call.answer.get("error") == "not_in_channel"]
    assert len(tried) == 2
    (told,) = ada.see("dm")
    assert "The audit trail is not anchored: Slack refuses the audit channel" in ada.read(told)
    assert "not_in_channel" in ada.read(told)

    members.add(workspace.app.bot_user_id)
    clock.advance(REFUSED_AGAIN_SECONDS)
    await replica.second()
    assert [one.seq for one in await kept(replica)] == [1]
    members.remove(workspace.app.bot_user_id)
    await end(replica)
    await replica.second()
    await replica.second()
    assert len(ada.see("dm")) == 2, "a new trouble is told anew"


async def test_a_thread_whose_beginning_was_deleted_goes_on_in_a_new_one(anchored: Replica, clock: ManualClock) -> None:
    anchored.posts[0].deleted = True
    for _ in range(2):
        await end(anchored)
        clock.advance(1)
        await anchored.second()
    first, second = anchored.posts
    assert (first.thread_ts, second.thread_ts) == (None, first.ts)
    assert [one.thread_ts for one in await kept(anchored)][1:] == [first.ts, first.ts]


async def test_a_thread_that_slack_refuses_is_begun_anew(anchored: Replica, clock: ManualClock) -> None:
    anchored.slack.workspace.outages.arm(POST, Outage.REFUSED, code="cannot_reply_to_message")
    await end(anchored)
    await anchored.second()
    clock.advance(1)
    await anchored.second()
    assert [one.thread_ts for one in anchored.posts] == [None, None]
    assert anchored.slack.workspace.person("ada").see("dm") == []


async def test_each_channel_has_a_thread_of_its_own(anchored: Replica, clock: ManualClock) -> None:
    moved = start_replica(anchored.database, anchored.slack, clock)
    moved.anchors._channel = anchored.slack.workspace.channel("support").id
    await end(anchored)
    await moved.second()
    before, after = await kept(anchored)
    assert after.channel_id != before.channel_id
    assert after.thread_ts == after.ts


async def test_anchors_are_read_back_page_by_page_and_only_the_bots_own_count(
    anchored: Replica, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.messenger.THREAD_PAGE", 2)
    root, workspace = anchored.posts[0].ts, anchored.slack.workspace
    forged = f"anchor seq=9 hash={'0' * 64}"
    workspace.post(anchored.channel_id, author=workspace.member("ada").id, text=forged, thread_ts=root)
    workspace.post(anchored.channel_id, author=workspace.app.bot_user_id, text="Hello.", thread_ts=root)
    for _ in range(4):
        await end(anchored)
        clock.advance(1)
        await anchored.second()
    expected = tuple(PostedAnchor(ts=one.ts, seq=one.seq, hash=one.hash) for one in await kept(anchored))
    assert await posted(anchored.messenger, anchored.channel_id, root) == expected
    assert len(expected) == 5


async def test_threads_of_anchors_are_found_page_by_page_and_only_those_that_the_bot_began(
    anchored: Replica, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.messenger.THREAD_PAGE", 2)
    workspace, channel = anchored.slack.workspace, anchored.channel_id
    workspace.post(channel, author=workspace.member("ada").id, text=f"anchor seq=9 hash={'0' * 64}")
    for number in range(4):
        workspace.post(channel, author=workspace.app.bot_user_id, text=f"Loud event {number}")
    clock.advance(1)
    await anchored.database.note(lambda unit: unit.settings.set(f"anchor:thread:{channel}", ""))
    await end(anchored)
    await anchored.second()
    first, second = [one.thread_ts for one in await kept(anchored)]
    assert await threads_begun(anchored.messenger, channel) == (first, second)
    assert await threads_begun(anchored.messenger, channel, since=first) == (second,)


async def test_of_a_thread_that_is_gone_nothing_is_read(replica: Replica) -> None:
    assert await posted(replica.messenger, replica.channel_id, "1.000001") == ()


async def test_an_anchored_trail_still_holds(anchored: Replica) -> None:
    await end(anchored)
    await anchored.second()
    finding = await anchored.database.read(lambda unit: unit.audit.verify())
    assert (finding.rows, finding.problem) == (4, "")

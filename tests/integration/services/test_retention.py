"""What is taken out of the trail is anchored: a checkpoint before anything goes, all else as soon as the bot runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.audit import Anchor, AuditFilter, AuditKind, AuditRecord
from bot.domain.errors import Unavailable
from bot.sandbox.slack.outages import Outage
from bot.services.retention import Keeper, Truncated
from tests.clock import ManualClock
from tests.integration.services.conftest import Replica, start_replica

POST = "chat.postMessage"
CHECKPOINT = 11


@pytest.fixture
async def trail(replica: Replica, clock: ManualClock) -> Replica:
    """Ten rows, two days old, of which the anchors know nothing yet."""
    await replica.rows(10)
    clock.advance(days=2)
    return replica


@pytest.fixture
def keeper(trail: Replica) -> Keeper:
    return Keeper(trail.database, "ada", trail.anchors)


async def kept(replica: Replica) -> list[Anchor]:
    return await replica.database.read(lambda unit: [*unit.anchors.all()])


async def rows(replica: Replica) -> list[AuditRecord]:
    page = await replica.database.read(lambda unit: unit.audit.page(AuditFilter(quiet=True, limit=100)))
    return [*page.records][::-1]


async def truncated(keeper: Keeper, folder: Path) -> Truncated:
    done = await keeper.truncate(6, folder / "old.jsonl")
    assert done is not None
    return done


async def test_the_checkpoint_is_named_in_the_audit_channel_before_anything_goes(
    trail: Replica, keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    remove = Keeper._remove

    async def looking(self: Keeper, *given: object) -> int:
        seen.extend(anchor.seq for anchor in await kept(trail))
        return await remove(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Keeper, "_remove", looking)
    done = await truncated(keeper, tmp_path)
    assert (done.rows, done.anchored, seen) == (5, True, [CHECKPOINT])
    checkpoint = next(row for row in await rows(trail) if row.kind is AuditKind.CHECKPOINT)
    (message,), (anchor,) = trail.posts, await kept(trail)
    assert f"anchor seq={CHECKPOINT} hash={checkpoint.hash}" in message.text
    assert (anchor.seq, anchor.hash, anchor.ts) == (CHECKPOINT, checkpoint.hash, message.ts)
    assert not await trail.second(), "the bot that starts later has nothing more to name"


async def test_where_slack_refuses_it_nothing_is_deleted_and_the_same_file_serves_again(
    trail: Replica, keeper: Keeper, tmp_path: Path
) -> None:
    members = trail.slack.workspace.channel("audit").members
    members.remove(trail.slack.workspace.app.bot_user_id)
    with pytest.raises(Unavailable, match=r"row 11 \(not_in_channel\)\. Nothing was deleted.*with the same file"):
        await truncated(keeper, tmp_path)
    assert len(await rows(trail)) == 11
    assert (await trail.database.read(lambda unit: unit.audit.verify())).seq is None

    members.add(trail.slack.workspace.app.bot_user_id)
    done = await truncated(keeper, tmp_path)
    assert (done.rows, done.anchored, done.finished_earlier_run) == (5, True, True)
    assert [anchor.seq for anchor in await kept(trail)] == [CHECKPOINT]


@pytest.mark.parametrize("begun", [False, True], ids=["first", "in its thread"])
async def test_what_reached_slack_before_the_connection_died_is_found_by_the_next_run(
    trail: Replica, keeper: Keeper, tmp_path: Path, begun: bool
) -> None:
    if begun:
        await trail.second()
    before = len(trail.posts)
    trail.slack.workspace.outages.arm(POST, Outage.RESET_AFTER)
    with pytest.raises(Unavailable, match="Nothing was deleted"):
        await truncated(keeper, tmp_path)
    done = await truncated(keeper, tmp_path)
    assert (done.rows, done.anchored) == (5, True)
    assert len(trail.posts) == before + 1
    assert (await kept(trail))[-1].ts == trail.posts[-1].ts


async def test_a_thread_that_is_gone_is_begun_anew(trail: Replica, keeper: Keeper, tmp_path: Path) -> None:
    await trail.second()
    trail.slack.workspace.outages.arm(POST, Outage.REFUSED, code="cannot_reply_to_message")
    assert (await truncated(keeper, tmp_path)).anchored
    assert [one.thread_ts for one in trail.posts] == [None, None]


async def test_a_run_that_goes_on_behind_its_anchor_says_it_no_second_time(
    trail: Replica, keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "_remove", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await truncated(keeper, tmp_path)
    assert (await truncated(keeper, tmp_path)).anchored
    assert len(trail.posts) == 1


@pytest.mark.parametrize("what", ["erase", "truncate"])
async def test_what_the_command_line_could_not_anchor_the_bot_anchors_at_once(
    trail: Replica, tmp_path: Path, what: str
) -> None:
    await trail.second()
    alone = Keeper(trail.database, "ada")
    if what == "erase":
        await alone.erase([3, 4], "asked for")
    else:
        assert not (await truncated(alone, tmp_path)).anchored
    assert await trail.second()
    assert (await kept(trail))[-1].seq == (13 if what == "erase" else 12)


async def test_without_an_audit_channel_it_goes_on_and_says_so(
    trail: Replica, clock: ManualClock, tmp_path: Path
) -> None:
    silent = start_replica(trail.database, trail.slack, clock, anchored=False)
    assert not (await truncated(Keeper(trail.database, "ada", silent.anchors), tmp_path)).anchored
    assert trail.posts == []

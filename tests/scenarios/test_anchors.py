"""The audit channel's thread: what the bot names there while people work, and that it reads the same back."""

from __future__ import annotations

import asyncio

from bot.domain.audit import Anchor, AuditKind
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.outages import Outage
from bot.services.anchors import posted
from bot.services.lifecycle import PROGRAM, append_end, entry_for
from tests.bots import World
from tests.factories import make_request
from tests.scenarios.conftest import accounted_bot


def thread(world: World) -> list[Message]:
    return [one for one in world.person("ada").see("#audit") if "anchor seq=" in one.text]


async def kept(world: World, number: int) -> list[Anchor]:
    """The stored anchors, once there are so many."""
    async with asyncio.timeout(60):
        while True:
            await world.settle()
            anchors = await world.program.database.read(lambda unit: [*unit.anchors.all()])
            if len(anchors) >= number:
                return anchors
            await asyncio.sleep(0.1)


async def delete(world: World, label: str) -> None:
    await world.says("alan", "#prod", f"databases delete {label}")
    await world.fills("alan", {"Reason": "moved", "Type the label to confirm": label})
    await world.presses("grace", "#prod", "Approve")


async def test_a_deletion_is_anchored_in_the_thread_that_the_start_began(database_url: str) -> None:
    async with accounted_bot(database_url, anchored=True) as world:
        (first,) = await kept(world, 1)
        await world.says("alan", "#prod", "databases list")
        await delete(world, "orders-eu")
        anchors = await kept(world, 2)
        outcome = next(row for row in await world.trail() if row.kind is AuditKind.OUTCOME)
        assert len(anchors) == 2, "reading alone is anchored later"
        assert anchors[-1].seq >= outcome.seq
        assert [(one.thread_ts, one.ts) for one in thread(world)] == [(None, first.ts), (first.ts, anchors[1].ts)]

        rows = {row.seq: row.hash for row in await world.trail()}
        read = await posted(world.program.messenger, first.channel_id, first.thread_ts)
        assert [(one.ts, one.seq, one.hash) for one in read] == [(one.ts, one.seq, rows[one.seq]) for one in anchors]
        assert "anchored" not in await world.says("grace", "#prod", "audit list")
        assert "the bot anchored row " in await world.says("grace", "#prod", "audit list --all")


async def test_work_goes_on_while_slack_takes_no_anchor_and_one_follows(database_url: str) -> None:
    async with accounted_bot(database_url, anchored=True) as world:
        await kept(world, 1)
        audit = world.workspace.channel("audit")
        audit.members.remove(world.workspace.app.bot_user_id)
        await delete(world, "orders-eu")
        assert "Deleted the database “orders-eu”" in world.card()
        await world.person("ada").wait_for(lambda: "is not anchored" in world.told("ada") or None)
        assert len(thread(world)) == 1


async def test_an_answer_lost_on_its_way_leads_to_no_second_message(database_url: str) -> None:
    async with accounted_bot(database_url, anchored=True) as world:
        await kept(world, 1)
        world.workspace.outages.arm("chat.postMessage", Outage.RESET_AFTER)
        request = make_request()
        row = entry_for(request, AuditKind.OUTCOME, PROGRAM)
        world.planted.add(row.story)
        await world.program.database.write(lambda unit: append_end(unit, request, row))
        anchors = await kept(world, 2)
        assert [one.ts for one in thread(world)] == [one.ts for one in anchors]

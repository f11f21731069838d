"""Acknowledgements go first, and nothing that was begun is lost."""

from __future__ import annotations

import asyncio

from bot.slack.tasks import SHARE, SHARE_SECONDS, Tasks


async def test_work_begins_once_no_acknowledgement_is_pending() -> None:
    tasks, begun = Tasks(), []

    async def work(name: str) -> None:
        begun.append(name)

    with tasks.acknowledging():
        with tasks.acknowledging():
            tasks.spawn(work("first"), name="first")
        await asyncio.sleep(0.01)
        assert begun == []
        assert tasks.count == 1
    await tasks.drain(1)
    assert begun == ["first"]


async def test_a_burst_that_does_not_end_holds_work_up_only_for_a_moment() -> None:
    tasks, begun = Tasks(), asyncio.Event()

    async def work() -> None:
        begun.set()

    with tasks.acknowledging():
        tasks.spawn(work(), name="held")
        await asyncio.wait_for(begun.wait(), 60)


async def test_where_acknowledgements_go_on_coming_held_work_begins_a_share_at_a_time_in_its_order() -> None:
    tasks, begun = Tasks(), []

    async def work(number: int) -> None:
        begun.append(number)

    with tasks.acknowledging():
        for number in range(2 * SHARE + 1):
            tasks.spawn(work(number), name="held")
        seen = set()
        while len(begun) <= 2 * SHARE:
            seen.add(len(begun))
            await asyncio.sleep(SHARE_SECONDS / 10)
    assert seen == {0, SHARE, 2 * SHARE}
    assert begun == [*range(2 * SHARE + 1)]


async def test_draining_waits_for_what_is_under_way_and_counts_what_is_left() -> None:
    tasks, ended = Tasks(), []

    async def work(seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append(seconds)

    tasks.spawn(work(0.05), name="quick")
    tasks.spawn(work(30), name="slow")
    assert await tasks.drain(0.3) == 1
    assert ended == [0.05]

"""Everything is pressed twice and comes twice or more often, at once, out of order, and later again: it is run once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.domain.requests import OperationKind as Kind
from bot.sandbox.slack.deliver import Manner
from tests.conftest import Figure
from tests.faults.fleet import Spawner
from tests.faults.settling import settled
from tests.faults.stage import Stage, managed, staged
from tests.faults.truth import books
from tests.faults.work import carry_through

AT_ONCE = 6
LATEST_SECONDS = 0.3
"""Deliveries are on their way for different times, and so arrive in another order than they were made in."""
KINDS = (Kind.DELETE_TOKEN, Kind.ENABLE_TABLES, Kind.DELETE_DATABASE, Kind.REMOVE_DEVICES, Kind.UPDATE_DATABASE)


async def deliver_everything_again(stage: Stage) -> int:
    """The very same requests once more: same body, timestamp and signature."""
    for sent in list(stage.workspace.deliveries):
        await stage.slack.courier.replay(sent)
    return len(stage.workspace.deliveries)


async def test_what_comes_twice_is_run_once(
    spawner: Spawner, database_url: str, tmp_path: Path, figure: Figure
) -> None:
    wanted = figure("double-clicks")
    replicas = 1 if database_url.startswith("sqlite") else 2
    async with staged(spawner, database_url, tmp_path, databases=0, seed=wanted) as stage:
        for _ in range(replicas):
            await stage.fleet.start_ready()
        done = 0

        async def work_on(person: int) -> None:
            nonlocal done
            while len(stage.workspace.deliveries) < wanted * 2:
                done += 1
                number = done
                target, kind = stage.estate.add(managed(number)), KINDS[number % len(KINDS)]
                manner = Manner(copies=stage.chance.randint(2, 4), delay=stage.chance.uniform(0, LATEST_SECONDS))
                await carry_through(stage, person, kind, target, manner)

        await asyncio.gather(*(work_on(person) for person in range(AT_ONCE)))
        first = await settled_while_alive(stage)
        deliveries = await deliver_everything_again(stage)
        verdict = await settled(stage)
    print(f"{deliveries} deliveries of {done} errands: {verdict}")
    assert verdict.wrong == ()
    assert sum(verdict.ends.values()) == first <= done, "a repeat opened no further request"


async def settled_while_alive(stage: Stage) -> int:
    """How many requests there are before everything comes again, once whatever came is answered."""
    async with asyncio.timeout(60):
        while "taken" in (found := await books(stage.database)).deliveries.values():  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    return len(found.requests)

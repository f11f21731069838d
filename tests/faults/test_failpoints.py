"""Each named point of the bot: it dies there, stops there beyond every lease, or breaks there. All ends truthfully."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from bot.db.migrate import migrate
from bot.domain.failpoints import ACTIONS, Failpoint
from bot.domain.requests import OperationKind as Kind
from bot.sandbox.api.faults import FaultKind
from tests.conftest import Figure
from tests.databases import DatabaseSource
from tests.faults import haste
from tests.faults.fleet import START_SECONDS, Fleet, Replica, Spawner
from tests.faults.settling import settled
from tests.faults.spawner import BROKE_HERE
from tests.faults.stage import CALL_DEADLINE_SECONDS, Stage, managed, staged, until
from tests.faults.work import carry_through

AT_ONCE = len(Failpoint)
"""All of the points: each mostly waits, for claims to run out above all."""
TRIES = 8
"""A machine under load may outlast people's patience: they come again."""
BEYOND_THE_LEASE_SECONDS = haste.lease_seconds(CALL_DEADLINE_SECONDS) + 1
BEYOND_THE_OUTBOX_LEASE_SECONDS = haste.OUTBOX_LEASE_SECONDS + 1.0
ON_THE_WAY = (Kind.DELETE_TOKEN, Kind.ENABLE_TABLES, Kind.DELETE_DATABASE)
IN_MIGRATION = Failpoint.IN_MIGRATION
POINTS = sorted((point for point in Failpoint if point is not IN_MIGRATION), key=lambda one: one != Failpoint.IN_OUTBOX)
"""The one that waits longest comes first, so that the others' waits lie within its own."""


async def walk(stage: Stage, hit: Replica, action: str) -> None:
    """A few errands one after the other, until the point is met and a few more after it."""
    for number in range(len(ON_THE_WAY) * TRIES):
        kind = ON_THE_WAY[number % len(ON_THE_WAY)]
        with suppress(TimeoutError):
            await carry_through(stage, number, kind, stage.estate.add(managed(number)))
        if number + 1 >= len(ON_THE_WAY) and has_fired(hit, action):
            return


def has_fired(replica: Replica, action: str) -> bool:
    """Whether the point was met."""
    if action == "crash":
        return not replica.is_alive
    if action == "pause":
        return replica.is_paused
    return BROKE_HERE in replica.said


async def aftermath(stage: Stage, hit: Replica, point: Failpoint, action: str) -> None:
    """A dead bot is replaced; beside a stopped one, where replicas share the work, another goes on meanwhile."""
    shared = not stage.database_url.startswith("sqlite")
    if action == "crash" or shared:
        await stage.fleet.start_ready()
    if action == "pause":
        in_outbox = point is Failpoint.IN_OUTBOX
        await asyncio.sleep(BEYOND_THE_OUTBOX_LEASE_SECONDS if in_outbox else BEYOND_THE_LEASE_SECONDS)
        hit.signal(signal.SIGCONT)


async def play(stage: Stage, point: Failpoint, action: str) -> list[str]:
    """One failpoint, one action, one truth."""
    if point is Failpoint.IN_RECONCILE:
        stage.api.faults.arm(FaultKind.CLOSE_AFTER_EFFECT, method="DELETE", path=".*expo-access-token")
    hit = await stage.fleet.start(FAILPOINTS=f"{point}={action}")
    await until(lambda: has_fired(hit, action) or "serving" in hit.said, START_SECONDS)
    errands = asyncio.create_task(walk(stage, hit, action))
    try:
        await until(lambda: has_fired(hit, action), 120)
    except TimeoutError:
        return ["the point was never met"]
    await aftermath(stage, hit, point, action)
    await errands
    goes_on = await works_again(stage)
    verdict = await settled(stage)
    return [*verdict.wrong, *([] if goes_on else [f"the bot does not go on afterwards: {verdict}"])]


async def works_again(stage: Stage) -> bool:
    """Whether an errand succeeds now."""
    for number in range(TRIES):
        last = await carry_through(stage, number, Kind.DELETE_TOKEN, stage.estate.add(managed(900 + number)))
        with suppress(TimeoutError):
            if last is not None:
                await stage.workspace.wait_for(lambda target=last.target: _is_gone(stage, target.id), 20)  # type: ignore[misc]
                return True
    return False


def _is_gone(stage: Stage, database_id: str) -> bool:
    return stage.estate.databases[database_id].expo_token is None


@pytest.mark.parametrize("action", ACTIONS)
async def test_whatever_happens_at_a_failpoint_all_ends_truthfully(
    spawner: Spawner, database_source: DatabaseSource, tmp_path: Path, action: str, figure: Figure
) -> None:
    places = asyncio.Semaphore(AT_ONCE)
    wrong: dict[str, list[str]] = {}

    async def one(point: Failpoint, attempt: int) -> None:
        async with places:
            folder = tmp_path / f"{point}-{attempt}"
            folder.mkdir()
            url = database_source.clone()
            async with staged(spawner, url, folder, databases=0, seed=attempt) as stage:
                found = await play(stage, point, action)
            database_source.drop(url)
            if found:
                wrong[f"{point} {attempt}"] = found

    await asyncio.gather(*(one(point, attempt) for attempt in range(figure("failpoint-rounds")) for point in POINTS))
    assert wrong == {}


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_migration_that_is_interrupted_is_done_by_the_next_start(
    spawner: Spawner, database_source: DatabaseSource, tmp_path: Path, action: str
) -> None:
    template, empty = database_source.clone(), database_source.empty()
    async with staged(spawner, template, tmp_path, databases=0) as stage:
        fleet: Fleet = stage.fleet
        given = {"DATABASE_URL": empty, "AUTO_MIGRATE": "1"}
        hit = await fleet.start("migrate", **given, FAILPOINTS=f"{IN_MIGRATION}={action}")
        await until(lambda: not hit.is_alive or hit.is_paused)
        assert hit.is_paused == (action == "pause")
        others = [asyncio.create_task(asyncio.to_thread(migrate, empty)) for _ in range(2)]
        if action == "pause":
            await asyncio.sleep(1)
            hit.signal(signal.SIGCONT)
        await asyncio.gather(*others)
        await hit.gone()
        born = await fleet.start_ready(**given)
        assert born.is_alive

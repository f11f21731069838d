"""`kill -9` at any moment, while people work on: nothing is sent twice, nothing is lost, everything ends truthfully."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from bot.domain.requests import RequestState
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.slack.outages import Outage
from tests.conftest import Figure
from tests.faults.fleet import Spawner
from tests.faults.settling import settled
from tests.faults.stage import Stage, managed, staged
from tests.faults.truth import books
from tests.faults.work import KINDS, carry_through

AT_WORK = 8
KEPT = 400
"""Databases that the estate keeps: those that nobody has worked on for minutes go."""
CALL_SECONDS = 0.05
"""How long the stand-in API takes over a change, so that kills meet calls under way."""
BAD_MOMENTS = (
    ("chat.postMessage", Outage.RATE_LIMITED),
    ("chat.postMessage", Outage.RESET_BEFORE),
    ("chat.postMessage", Outage.RESET_AFTER),
    ("chat.update", Outage.RATE_LIMITED),
    ("chat.update", Outage.SERVER_ERROR),
    ("chat.update", Outage.RESET_AFTER),
    ("views.open", Outage.UNAVAILABLE),
    ("response_url", Outage.SERVER_ERROR),
)
BETWEEN_BAD_MOMENTS = (0.2, 1.0)
SHORTEST, LONGEST = 0.02, 0.7
"""Between a bot's readiness and its end."""


async def people_at_work(stage: Stage, person: int, stopping: asyncio.Event) -> None:
    """One after the other, each on a database that nobody else works on at the time."""
    number = person
    while not stopping.is_set():
        number += AT_WORK
        target = stage.estate.add(managed(number))
        while len(stage.estate.databases) > KEPT:
            stage.estate.databases.pop(next(iter(stage.estate.databases)))
        with suppress(TimeoutError):
            await carry_through(stage, person, stage.chance.choice(KINDS), target)


async def slack_has_bad_moments(stage: Stage, stopping: asyncio.Event) -> None:
    """Now and then Slack limits, breaks off or fails: before it took a message, and after."""
    while not stopping.is_set():
        method, outage = stage.chance.choice(BAD_MOMENTS)
        stage.workspace.outages.arm(method, outage)
        await asyncio.sleep(stage.chance.uniform(*BETWEEN_BAD_MOMENTS))
    stage.workspace.outages.clear()


async def kill_again_and_again(stage: Stage, kills: int, replicas: int) -> None:
    """Keep so many bots running, and kill one of them at random moments."""
    for _ in range(replicas - 1):
        await stage.fleet.start_ready()
    for _ in range(kills):
        born = await stage.fleet.start()
        if stage.chance.random() < 0.9:
            await born.ready()
        await asyncio.sleep(stage.chance.uniform(SHORTEST, LONGEST))
        await stage.chance.choice(stage.fleet.alive).kill()


async def something_succeeds(stage: Stage) -> None:
    """On a slow machine none may have lived long enough for that; from now on they live."""
    async with asyncio.timeout(90):
        while RequestState.SUCCEEDED not in await ends(stage):  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.2)


async def ends(stage: Stage) -> set[RequestState]:
    """How the requests stand."""
    return {request.state for request in (await books(stage.database)).requests.values()}


async def test_bots_that_are_killed_at_random_moments_keep_every_promise(
    spawner: Spawner, database_url: str, tmp_path: Path, figure: Figure
) -> None:
    kills = figure("kills")
    replicas = 1 if database_url.startswith("sqlite") else 2
    async with staged(spawner, database_url, tmp_path, databases=0, seed=kills) as stage:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            stage.api.faults.arm(FaultKind.SLOW, method=method, times=-1, seconds=CALL_SECONDS)
        stopping = asyncio.Event()
        people = [asyncio.create_task(people_at_work(stage, one, stopping)) for one in range(AT_WORK)]
        people.append(asyncio.create_task(slack_has_bad_moments(stage, stopping)))
        await kill_again_and_again(stage, kills, replicas)
        while len(stage.fleet.alive) < replicas:
            await stage.fleet.start_ready()
        await something_succeeds(stage)
        stopping.set()
        await asyncio.gather(*people)
        verdict = await settled(stage)
    print(f"{kills} kills: {verdict}")
    assert verdict.wrong == ()
    assert verdict.ends["succeeded"] > 0

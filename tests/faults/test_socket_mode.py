"""Replicas that take deliveries through sockets: killed, asked to connect anew, and given everything twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.conftest import Figure
from tests.faults.fleet import Spawner
from tests.faults.settling import settled
from tests.faults.stage import Stage, staged, until
from tests.faults.test_kills import AT_WORK, kill_again_and_again, people_at_work, something_succeeds
from tests.faults.test_redeliveries import deliver_everything_again

REPLICAS = 2
SHARE = 4
"""One of so many of the kills."""
ENVELOPES = 40
BETWEEN_REFRESHES = (0.5, 2.0)


async def slack_asks_to_connect_anew(stage: Stage, stopping: asyncio.Event) -> None:
    """As it does every few hours, only more often."""
    while not stopping.is_set():
        await asyncio.sleep(stage.chance.uniform(*BETWEEN_REFRESHES))
        await stage.slack.sockets.disconnect()


async def test_what_comes_through_sockets_is_run_once_whoever_dies(
    spawner: Spawner, postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    kills = -(-figure("kills") // SHARE)
    async with staged(spawner, postgres_url, tmp_path, databases=0, seed=kills) as stage:
        stage.fleet.settings["SLACK_APP_TOKEN"] = stage.workspace.app.app_token
        sockets, stopping = stage.slack.sockets, asyncio.Event()
        people = [asyncio.create_task(people_at_work(stage, one, stopping)) for one in range(AT_WORK)]
        people.append(asyncio.create_task(slack_asks_to_connect_anew(stage, stopping)))
        await kill_again_and_again(stage, kills, REPLICAS)
        while len(stage.fleet.alive) < REPLICAS:
            await stage.fleet.start_ready()
        await until(lambda: len(sockets.envelopes) >= ENVELOPES, 60)
        await something_succeeds(stage)
        stopping.set()
        await asyncio.gather(*people)
        await until(lambda: sockets.is_connected, 60)
        await deliver_everything_again(stage)
        verdict = await settled(stage)
    print(f"{kills} kills, {len(sockets.envelopes)} envelopes: {verdict}")
    assert verdict.wrong == ()
    assert verdict.ends["succeeded"] > 0

"""SIGTERM with calls under way: they come to their end and are written down; what is left is what a crash leaves."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from bot.domain.requests import OperationKind as Kind
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.journal import Fate
from tests.conftest import Figure
from tests.faults.fleet import Spawner
from tests.faults.settling import settled
from tests.faults.stage import managed, staged, until
from tests.faults.truth import books
from tests.faults.work import carry_through

DRAIN_SECONDS = 25.0
UNDER_WAY = 3


async def test_calls_under_way_come_to_their_end(
    spawner: Spawner, database_url: str, tmp_path: Path, figure: Figure
) -> None:
    async with staged(spawner, database_url, tmp_path, databases=0, CALL_DEADLINE_SECONDS="2") as stage:
        for turn in range(figure("sigterms")):
            bot = await stage.fleet.start_ready()
            stage.api.faults.arm(FaultKind.SLOW, method="DELETE", times=UNDER_WAY, seconds=0.8)
            targets = [stage.estate.add(managed(turn * UNDER_WAY + one)) for one in range(UNDER_WAY)]
            errands = [
                asyncio.create_task(carry_through(stage, one, Kind.DELETE_TOKEN, target))
                for one, target in enumerate(targets)
            ]
            under_way = (turn + 1) * UNDER_WAY
            await until(lambda wanted=under_way: len(stage.api.journal.changing) >= wanted)  # type: ignore[misc]
            bot.signal(signal.SIGTERM)
            assert await bot.gone(DRAIN_SECONDS) < DRAIN_SECONDS
            found = await books(stage.database)
            ended = [request.state.value for request in found.requests.values()]
            assert ended == ["succeeded"] * under_way, bot.log.read_text(encoding="utf-8")[-3000:]
            await asyncio.gather(*errands, return_exceptions=True)
        assert {call.fate for call in stage.api.journal.changing} == {Fate.ANSWERED}
        await stage.fleet.start_ready()
        verdict = await settled(stage)
    assert verdict.wrong == ()

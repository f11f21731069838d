"""The API's port is closed just when a call is to leave: nothing left, it is said so, and it is sent again, once."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

from bot.domain.requests import OperationKind as Kind
from bot.domain.requests import RequestState
from tests.databases import SqliteSource
from tests.faults.fleet import Spawner
from tests.faults.gate import Gate, gated
from tests.faults.settling import settled
from tests.faults.stage import Stage, managed, staged, until
from tests.faults.test_races import PATIENT
from tests.faults.truth import AuditRow, books
from tests.faults.work import KINDS, carry_through

REFUSED = "No connection to the API came about."
TRIES = 6
"""A machine under load may outlast people's patience, or what the bot has read grow too old over the pause."""


async def is_refused_once(stage: Stage, gate: Gate, kind: Kind, number: int) -> bool:
    """The gate is closed to a call that is about to connect, and open again before it may try once more."""
    before = len(await outcomes(stage))
    hit = await stage.fleet.start_ready(FAILPOINTS="before_connect=pause")
    errand = asyncio.create_task(carry_through(stage, number, kind, stage.estate.add(managed(number))))
    with suppress(TimeoutError):
        await until(lambda: hit.is_paused, 40)
        await gate.close()
        hit.signal(signal.SIGCONT)
        async with asyncio.timeout(30):
            while len(await outcomes(stage)) == before:  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0.05)
    await gate.open()
    with suppress(TimeoutError):
        await errand
    return any(row.outcome == "not_sent" and REFUSED in row.payload for row in await outcomes(stage))


async def outcomes(stage: Stage) -> list[AuditRow]:
    """What the trail says of how calls ended."""
    return [row for row in (await books(stage.database)).trail if row.kind == "outcome"]


async def play(spawner: Spawner, url: str, folder: Path, kind: Kind) -> list[str]:
    """What is wrong with how this operation came through."""
    async with (
        gated() as gate,
        staged(spawner, url, folder, databases=0, seed=1, CLOUDSYNC_BASE_URL=gate.url, **PATIENT) as stage,
    ):
        gate.behind = stage.api.url
        for number in range(TRIES):
            if await is_refused_once(stage, gate, kind, number):
                verdict = await settled(stage)
                break
            await stage.fleet.kill_all()
        else:
            return ["no call was ever refused"]
        went_through = RequestState.SUCCEEDED.value in verdict.ends
        return [*verdict.wrong, *([] if went_through else [f"it was not sent later: {verdict}"])]


async def test_what_is_refused_a_connection_did_not_leave_and_is_sent_once_it_is_let_in(
    spawner: Spawner, sqlite_source: SqliteSource, tmp_path: Path
) -> None:
    for kind in KINDS:
        (tmp_path / kind).mkdir()
    found = await asyncio.gather(*(play(spawner, sqlite_source.clone(), tmp_path / kind, kind) for kind in KINDS))
    assert {kind: wrong for kind, wrong in zip(KINDS, found, strict=True) if wrong} == {}

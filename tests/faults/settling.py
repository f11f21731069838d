"""Waits until the bots have come to rest, and asks the checker."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.db.engine import Database
from bot.db.tables import outbox, requests
from bot.db.unit import Unit
from bot.domain.ports import SystemClock
from bot.services.deliveries import Deliveries
from bot.serving import LONGEST_ANSWER_SECONDS
from tests.conftest import AUDIT_KEYS
from tests.faults import truth
from tests.faults.stage import Stage

REST_SECONDS = 60.0


def _unfinished(unit: Unit) -> int:
    connection = unit._connection
    states = [state.value for state in truth.UNDECIDED]
    counts = [
        select(func.count()).select_from(requests).where(requests.c.state.in_(states)),
        select(func.count()).select_from(outbox).where(outbox.c.state == "waiting"),
    ]
    return sum(int(connection.execute(count).scalar_one()) for count in counts)


class _FiveMinutesOn(SystemClock):
    """Where replicas share the database, what a dead one left is found once no live one can be at it any more."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=LONGEST_ANSWER_SECONDS + 1)


async def _nameless(person_id: str) -> str:
    return ""


async def _find_what_was_left(stage: Stage) -> None:
    clock = _FiveMinutesOn()
    database = Database.open(stage.database_url, clock=clock, audit_keys=AUDIT_KEYS)
    while await Deliveries(database, clock, _nameless).recover(older_than_seconds=LONGEST_ANSWER_SECONDS):
        pass  # one pass takes no more than so many
    await database.close()


async def settled(stage: Stage, seconds: float = REST_SECONDS) -> truth.Verdict:
    """The verdict once nothing is left to do, or after so many seconds on what is left."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    while loop.time() < ends and (await stage.database.read(_unfinished)) > 0:  # noqa: ASYNC110 - nobody announces it
        await asyncio.sleep(0.2)
    await stage.fleet.kill_all()
    await _find_what_was_left(stage)
    found, late = await truth.books(stage.database), stage.pulse.worst
    return truth.check(found, list(stage.api.journal), stage.workspace.messages, late=late)

"""`audit erase` and `audit truncate`: on the command line only, as the owner, and on SQLite while no bot serves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot.commands.times import read_time
from bot.config import ABSENT_TOKEN, Settings
from bot.db.engine import Database
from bot.domain.ports import Clock, SystemClock
from bot.services.anchors import Anchors
from bot.services.exports import Told
from bot.services.retention import Keeper, Truncated
from bot.standalone import database_alone, messenger_of


def erase_rows(settings: Settings, seqs: Sequence[int], *, reason: str, operator: str) -> tuple[int, ...]:
    """Payload and salt of these rows; which ones."""

    async def work() -> tuple[int, ...]:
        async with database_alone(settings) as database:
            return await Keeper(database, operator).erase(seqs, reason)

    return asyncio.run(work())


def truncate_trail(settings: Settings, *, before: str, export: Path, operator: str, told: Told) -> Truncated | None:
    """Everything before a time or a row, into a file; its checkpoint is anchored where there is an audit channel."""
    cut = cut_of(before, SystemClock())

    async def work() -> Truncated | None:
        async with database_alone(settings) as database:
            keeper = Keeper(database, operator, _anchors(settings, database))
            return await keeper.truncate(cut, export, told=told)

    return asyncio.run(work())


def _anchors(settings: Settings, database: Database) -> Anchors | None:
    """None without a channel to post to, or a token to post with."""
    if not settings.audit_channel or settings.slack_bot_token.get_secret_value() == ABSENT_TOKEN:
        return None
    return Anchors(database, messenger_of(settings), frozenset(), audit_channel=settings.audit_channel)


def index_anew(settings: Settings, *, operator: str) -> int:
    """What words find is made anew from the rows; how many."""

    async def work() -> int:
        async with database_alone(settings) as database:
            return await Keeper(database, operator).index_anew()

    return asyncio.run(work())


def cut_of(before: str, clock: Clock) -> datetime | int:
    """A row's number, or a time as people write it, in UTC."""
    if before.isdecimal() and len(before) < 19:
        return int(before)
    return read_time(before, now=clock.now(), timezone="UTC")

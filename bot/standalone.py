"""The database opened by the command line alone: beside a serving bot, or in its place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.db.inspection import database_has_rows
from bot.db.lock import ProcessLock
from bot.domain.errors import ConfigurationError
from bot.domain.ports import Clock, SystemClock
from bot.keys import signing_keys
from bot.slack.messenger import SlackMessenger
from bot.slack.web import posting_client, web_client


@asynccontextmanager
async def database_beside(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Database]:
    """Reads, and single rows of the trail: the head is locked and read in each transaction, so that a bot may serve."""
    _require_file(settings)
    keys = AuditKeys(signing_keys(settings, database_has_rows=database_has_rows(settings.database_url)))
    database = Database.open(settings.database_url, clock=clock or SystemClock(), audit_keys=keys)
    try:
        fatal = [problem.sentence for problem in await database.examine() if problem.ends_the_start]
        if fatal:
            raise ConfigurationError(fatal)
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def database_alone(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Database]:
    """For what takes something away. On SQLite a serving bot must be stopped for it."""
    path = settings.sqlite_path
    _require_file(settings)
    lock = ProcessLock(path.with_name(path.name + ".lock")) if path is not None else None
    if lock is not None:
        lock.take()
    try:
        async with database_beside(settings, clock=clock) as database:
            yield database
    finally:
        if lock is not None:
            lock.release()


def messenger_of(settings: Settings) -> SlackMessenger:
    """Slack for the command line, without a bot."""
    token, url = settings.slack_bot_token.get_secret_value(), settings.slack_api_url
    return SlackMessenger(web_client(token, url), posting_client(token, url))


def _require_file(settings: Settings) -> None:
    """Before keys and a database are made for a name that was mistyped."""
    path = settings.sqlite_path
    if path is not None and not path.exists():
        raise ConfigurationError(
            ["The database file is not there yet: set DATABASE_URL, or run `python app.py migrate`."]
        )

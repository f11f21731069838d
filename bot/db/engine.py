"""The database as the services see it: `write`, `note` and `read`, each taking a function over a `Unit`.

Work functions are synchronous and run in the database's own threads; callers await. Units that wait share one
transaction, each in a savepoint, in turn, and their callers resume after the commit: one fsync, one hold of the
audit head's lock, and no event-loop hop per statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from bot.db.chain import AuditKeys
from bot.db.health import problems
from bot.db.unit import Unit
from bot.db.writer import Writer
from bot.domain.errors import ConfigurationError
from bot.domain.ports import Clock

T = TypeVar("T")

READERS = 4
BUSY_MILLISECONDS = 10_000


def database_url(url: str) -> URL:
    """The URL with our driver in it; `postgres://` is what Heroku hands out. `ConfigurationError` for other schemes."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(["DATABASE_URL is not a database URL."]) from None
    backend = parsed.drivername.split("+")[0]
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ConfigurationError(["DATABASE_URL must begin with sqlite:///, postgres:// or postgresql://."])


def make_engine(url: URL, *, immediate: bool, pool_size: int) -> Engine:
    """An engine with our rules: hidden parameters, and on SQLite WAL, full durability and explicit BEGIN."""
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url, hide_parameters=True, isolation_level="READ COMMITTED", pool_size=pool_size, pool_pre_ping=True
        )
    engine = create_engine(url, hide_parameters=True, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: object, record: object) -> None:
        del record
        connection.isolation_level = None  # type: ignore[attr-defined]
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MILLISECONDS}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


class Database:
    """One database, opened once by bootstrap."""

    def __init__(self, url: URL, *, clock: Clock, audit_keys: AuditKeys) -> None:
        self.url = url
        self.dialect = url.get_backend_name()
        self._clock = clock
        self._keys = audit_keys
        self._reading = make_engine(url, immediate=False, pool_size=READERS)
        self._writing = make_engine(url, immediate=True, pool_size=2)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-read")
        self._writer = Writer(self._writing, clock=clock, audit_keys=audit_keys, name="db-write")
        self._notes = self._writer
        if self.dialect != "sqlite":
            self._notes = Writer(self._writing, clock=clock, audit_keys=audit_keys, name="db-note")

    @classmethod
    def open(cls, url: str, *, clock: Clock, audit_keys: AuditKeys) -> Database:
        """Prepare everything; no connection is made yet."""
        return cls(database_url(url), clock=clock, audit_keys=audit_keys)

    async def write(self, work: Callable[[Unit], T]) -> T:
        """Run a unit under the audit head's lock: state change, audit row and outbox row are one."""
        return await asyncio.shield(asyncio.wrap_future(self._writer.submit(work, with_head=True)))

    async def note(self, work: Callable[[Unit], T]) -> T:
        """Run a unit that writes no audit row. On PostgreSQL it never waits for another replica's head lock."""
        return await asyncio.shield(asyncio.wrap_future(self._notes.submit(work, with_head=False)))

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Run a unit that only reads, on what is committed."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, work)

    def _read(self, work: Callable[[Unit], T]) -> T:
        with self._reading.connect() as connection, connection.begin():
            return work(Unit(connection, clock=self._clock, audit_keys=self._keys))

    async def check(self) -> list[str]:
        """What is wrong with the database, as sentences; empty: it is ready to serve."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._problems)

    def _problems(self) -> list[str]:
        try:
            with self._writing.connect() as connection, connection.begin():
                return problems(connection)
        except SQLAlchemyError as error:
            return [f"The database cannot be opened for writing ({type(error).__name__})."]

    async def close(self) -> None:
        """Let what waits be written, then close the connections."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        if self._notes is not self._writer:
            self._notes.close()
        self._readers.shutdown(wait=True)
        self._reading.dispose()
        self._writing.dispose()

"""The database as the services see it: `write`, `note` and `read`, each taking a function over a `Unit`.

Work functions are synchronous and run in the database's own threads; callers await. Units that wait share one
transaction, in turn, and their callers resume after the commit: one fsync, one hold of the audit head's lock, and no
event-loop hop per statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.db.audit_draft import drafted
from bot.db.chain import AuditKeys
from bot.db.connections import READERS, database_url, reading_engine, writing_engine
from bot.db.failures import as_unavailable, name_of, raisable, reason_of
from bot.db.health import findings
from bot.db.unit import Unit
from bot.db.writer import Writer
from bot.domain.audit import AuditEntry, AuditRecord
from bot.domain.errors import Unavailable
from bot.domain.fitness import Problem, ProblemKind
from bot.domain.ports import Clock

T = TypeVar("T")

TAIL = 1_000
"""Rows verified at start: what was altered last, or all of a young trail."""

log = structlog.get_logger(__name__)


class Database:
    """One database, opened once by bootstrap."""

    def __init__(self, url: URL, *, clock: Clock, audit_keys: AuditKeys) -> None:
        self.url = url
        self.dialect = url.get_backend_name()
        self._clock = clock
        self._keys = audit_keys
        self._closed = False
        self._reading = reading_engine(url)
        self._writing = writing_engine(url)
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
        return await self._writer.submit(work, with_head=True)

    async def append(self, entry: AuditEntry) -> AuditRecord:
        """Add one row to the trail; where replicas wait for the head, made as far as it can be before it is locked."""
        if self.dialect == "sqlite":
            return await self.write(lambda unit: unit.audit.append(entry))
        draft = drafted(entry, self.dialect)
        return await self.write(lambda unit: unit.audit.append_draft(draft))

    async def note(self, work: Callable[[Unit], T]) -> T:
        """Run a unit that writes no audit row. On PostgreSQL it never waits for another replica's head lock."""
        return await self._notes.submit(work, with_head=False)

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Run a unit that only reads, on what is committed. `Unavailable` where the database does not answer."""
        return await self._in_reader(lambda: self._read(work))

    def _read(self, work: Callable[[Unit], T]) -> T:
        try:
            with self._reading.connect() as connection, connection.begin():
                return work(Unit(connection, clock=self._clock, audit_keys=self._keys))
        except StopIteration as error:
            raise raisable(error) from error
        except (DBAPIError, PoolTimeout) as error:
            failure: Exception = error
        log.error("database_read_failed", error=name_of(failure))
        raise as_unavailable(failure, trail=False)  # outside the handler: the engine's text is in no context either

    @property
    def unwritten(self) -> str:
        """Why the last row of the trail could not be written, as a sentence; "" where it could."""
        return self._writer.unwritten

    async def check(self) -> list[str]:
        """What is wrong with the database, as sentences; empty: it is ready to serve."""
        return [problem.sentence for problem in await self.examine()]

    async def check_tail(self) -> list[str]:
        """What is wrong with the trail's newest rows, as sentences: for the start, since it takes a moment."""
        try:
            finding = await self.read(lambda unit: unit.audit.verify_tail(TAIL))
        except Unavailable as error:
            return [f"The audit trail cannot be read: {error.what}"]
        if finding.seq is None:
            return []
        return [f"The audit trail does not hold. First bad row of the newest: {finding.seq}, {finding.problem}."]

    async def examine(self) -> list[Problem]:
        """The same, each with what it means for a start."""
        return await self._in_reader(self._findings)

    def _findings(self) -> list[Problem]:
        if self.dialect == "sqlite" and not Path(self.url.database or "").exists():
            sentence = "The database file is not there yet: run `python app.py migrate`."
            return [Problem(kind=ProblemKind.ABSENT, sentence=sentence)]
        try:
            with self._writing.connect() as connection, connection.begin():
                return findings(connection)
        except SQLAlchemyError as error:
            sentence = f"The database cannot be opened for writing: {reason_of(error)}."
            return [Problem(kind=ProblemKind.UNUSABLE, sentence=sentence)]

    async def seconds_ahead(self) -> float:
        """How far this process's clock is ahead of the database's; 0 where there is only the one machine."""
        if self.dialect == "sqlite":
            return 0.0
        return await self.read(lambda unit: unit.seconds_ahead())

    async def _in_reader(self, call: Callable[[], T]) -> T:
        if self._closed:
            raise Unavailable("The database is closed.", retryable=False)
        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

    async def close(self) -> None:
        """Let what waits be written, then close the connections."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._closed = True
        self._writer.close()
        if self._notes is not self._writer:
            self._notes.close()
        self._readers.shutdown(wait=True)
        self._reading.dispose()
        self._writing.dispose()

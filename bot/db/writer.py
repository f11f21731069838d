"""The group-commit writer: one thread, one transaction for all units that wait, a savepoint for each."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from bot.db.audit_head import Head, lock_head, store_head
from bot.db.chain import AuditKeys
from bot.db.failures import as_unavailable, is_deadlock, is_engine_error, name_of
from bot.db.unit import Unit
from bot.domain.errors import Unavailable
from bot.domain.ports import Clock

T = TypeVar("T")

log = structlog.get_logger(__name__)

BATCH = 256
"""Units a commit; bounds how long one transaction holds the head."""

ATTEMPTS = 3


@dataclass(kw_only=True)
class _Waiting:
    work: Callable[[Unit], Any]
    with_head: bool
    future: Future[Any] = field(default_factory=Future)
    attempts: int = 1

    def admit_again(self) -> bool:
        """Whether a unit that fell to a deadlock is tried once more: alone, it holds nothing that others wait for."""
        self.attempts += 1
        return self.attempts <= ATTEMPTS


@dataclass(frozen=True, kw_only=True)
class _Ended:
    waiting: _Waiting
    result: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        """Let the caller go on; the engine's own errors become ours."""
        if self.error is None:
            self.waiting.future.set_result(self.result)
        elif is_engine_error(self.error):
            log.error("database_write_failed", error=name_of(self.error))
            self.waiting.future.set_exception(as_unavailable(self.error, trail=self.waiting.with_head))
        else:
            self.waiting.future.set_exception(self.error)


class Writer:
    """Runs submitted units in the order in which they came. A unit whose caller went away runs all the same.

    A unit may run again after a deadlock, so it changes nothing but the database.
    """

    def __init__(self, engine: Engine, *, clock: Clock, audit_keys: AuditKeys, name: str) -> None:
        self._engine = engine
        self._clock = clock
        self._keys = audit_keys
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._started = False
        self._closed = False
        self._starting = threading.Lock()

    def submit(self, work: Callable[[Unit], T], *, with_head: bool) -> Future[T]:
        """Queue a unit; the future ends after its commit."""
        with self._starting:
            if self._closed:
                raise Unavailable("The database is closed.", retryable=False)
            if not self._started:
                self._started = True
                self._thread.start()
            waiting = _Waiting(work=work, with_head=with_head)
            waiting.future.set_running_or_notify_cancel()  # from here on nobody can cancel it
            self._queue.put(waiting)
        return waiting.future

    def close(self) -> None:
        """Write what waits, then end the thread."""
        with self._starting:
            self._closed = True
            started = self._started
        if started:
            self._queue.put(None)
            self._thread.join()

    def _serve(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            batch, last = self._gather(first)
            self._run(batch)
            if last:
                return

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        batch = [first]
        while len(batch) < BATCH:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return batch, True
            batch.append(more)
        return batch, False

    def _run(self, batch: list[_Waiting]) -> None:
        """One transaction; a failed commit is everybody's failure, a failed unit its caller's alone."""
        try:
            ended = self._commit(batch)
        except BaseException as error:  # noqa: BLE001 - every caller of the batch must hear of it
            ended = [_Ended(waiting=waiting, error=error) for waiting in batch]
        for one in ended:
            if one.error is not None and is_deadlock(one.error) and one.waiting.admit_again():
                self._run([one.waiting])
            else:
                one.tell()

    def _commit(self, batch: list[_Waiting]) -> list[_Ended]:
        with self._engine.connect() as connection, connection.begin():
            first = head = lock_head(connection) if any(waiting.with_head for waiting in batch) else None
            ended = []
            for waiting in batch:
                one, head = self._run_one(connection, waiting, head, alone=len(batch) == 1)
                ended.append(one)
            if head is not None and head != first:
                store_head(connection, head)
        return ended

    def _run_one(
        self, connection: Connection, waiting: _Waiting, head: Head | None, *, alone: bool
    ) -> tuple[_Ended, Head | None]:
        """One unit in its savepoint, and the head as it leaves it. Alone, the transaction is savepoint enough."""
        unit = Unit(connection, clock=self._clock, audit_keys=self._keys, head=head if waiting.with_head else None)
        if alone:
            return _Ended(waiting=waiting, result=waiting.work(unit)), unit.head or head
        # By the driver: SQLAlchemy's nested transaction costs three times what a small unit does.
        connection.exec_driver_sql("SAVEPOINT unit")
        try:
            result = waiting.work(unit)
        except BaseException as error:  # noqa: BLE001 - it belongs to one caller, the others go on
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT unit")
            connection.exec_driver_sql("RELEASE SAVEPOINT unit")
            return _Ended(waiting=waiting, error=error), head
        connection.exec_driver_sql("RELEASE SAVEPOINT unit")
        return _Ended(waiting=waiting, result=result), unit.head or head

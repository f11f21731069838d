"""The group-commit writer: one thread, one transaction for all units that wait, a savepoint for each."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from bot.db.audit_head import Head, lock_head, store_head
from bot.db.chain import AuditKeys
from bot.db.unit import Unit
from bot.domain.errors import Unavailable
from bot.domain.ports import Clock

T = TypeVar("T")

BATCH = 256
"""Units a commit; bounds how long one transaction holds the head."""


@dataclass(frozen=True, kw_only=True)
class _Waiting:
    work: Callable[[Unit], Any]
    with_head: bool
    future: Future[Any] = field(default_factory=Future)


class Writer:
    """Runs submitted units in the order in which they came. A unit whose caller went away runs all the same."""

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
        ended: list[tuple[_Waiting, Any, BaseException | None]] = []
        try:
            with self._engine.connect() as connection, connection.begin():
                head = lock_head(connection) if any(waiting.with_head for waiting in batch) else None
                before = head
                for waiting in batch:
                    result, error, head = self._run_one(connection, waiting, head, alone=len(batch) == 1)
                    ended.append((waiting, result, error))
                if head is not None and head != before:
                    store_head(connection, head)
        except BaseException as error:  # noqa: BLE001 - every caller of the batch must hear of it
            for waiting in batch:
                waiting.future.set_exception(error)
            return
        for waiting, result, failure in ended:
            if failure is not None:
                waiting.future.set_exception(failure)
            else:
                waiting.future.set_result(result)

    def _run_one(
        self, connection: Connection, waiting: _Waiting, head: Head | None, *, alone: bool
    ) -> tuple[Any, BaseException | None, Head | None]:
        unit = Unit(connection, clock=self._clock, audit_keys=self._keys, head=head if waiting.with_head else None)
        if alone:
            return waiting.work(unit), None, unit.head or head
        savepoint = connection.begin_nested()
        try:
            result = waiting.work(unit)
        except BaseException as error:  # noqa: BLE001 - it belongs to one caller, the others go on
            savepoint.rollback()
            return None, error, head
        savepoint.commit()
        return result, None, unit.head or head

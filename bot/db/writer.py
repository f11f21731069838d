"""The group-commit writer: one thread, and one transaction for all units that wait when it comes to them."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from bot.db.audit_head import Head
from bot.db.audit_rows import UnwrittenRows
from bot.db.batch import Ended, Waiting, commit, tell
from bot.db.chain import AuditKeys
from bot.db.failures import as_unavailable, is_deadlock, keeps_rows_out
from bot.db.unit import Unit
from bot.domain.errors import Unavailable
from bot.domain.ports import Clock

T = TypeVar("T")

BATCH = 256
"""Units a commit; bounds how long one transaction holds the head."""

ATTEMPTS = 3

HELD_SECONDS = 2
"""How long a connection is kept between batches. The pool looks whether it still works before it hands it out again."""


class Writer:
    """Runs submitted units in the order in which they came. A unit whose caller went away runs all the same.

    A unit may run again, after a deadlock or beside one that failed, so it changes nothing but the database.
    """

    def __init__(self, engine: Engine, *, clock: Clock, audit_keys: AuditKeys, name: str) -> None:
        self._engine = engine
        self._clock = clock
        self._keys = audit_keys
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._started = False
        self._closed = False
        self._starting = threading.Lock()
        self._held: Connection | None = None
        self.unwritten = ""
        """Why the last row of the trail could not be written; "" once one was."""

    def submit(self, work: Callable[[Unit], T], *, with_head: bool) -> asyncio.Future[T]:
        """Queue a unit; the future, of the running loop, ends after its commit."""
        loop = asyncio.get_running_loop()
        with self._starting:
            if self._closed:
                raise Unavailable("The database is closed.", retryable=False)
            if not self._started:
                self._thread.start()
                self._started = True
            future: asyncio.Future[Any] = loop.create_future()
            self._queue.put(Waiting(work=work, with_head=with_head, loop=loop, future=future))
        return future

    def close(self) -> None:
        """Write what waits, then end the thread."""
        with self._starting:
            self._closed = True
            started = self._started
        if started:
            self._queue.put(None)
            self._thread.join()

    def _serve(self) -> None:
        last = False
        while not last:
            try:
                first = self._queue.get(timeout=None if self._held is None else HELD_SECONDS)
            except queue.Empty:
                self._let_go()
                continue
            if first is None:
                break
            batch, last = self._gather(first)
            self._run(batch)
        self._let_go()

    def _gather(self, first: Waiting) -> tuple[list[Waiting], bool]:
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

    def _run(self, batch: list[Waiting]) -> None:
        """One transaction; a failed commit is everybody's failure, a failed unit its caller's alone."""
        try:
            ended = commit(batch, self._at_hand, self._unit)
        except BaseException as error:  # noqa: BLE001 - every caller of the batch must hear of it
            ended = [Ended(waiting=waiting, error=error) for waiting in batch]
        again = [one for one in ended if _may_run_again(one)]
        self._remember([one for one in ended if one not in again])
        tell([one for one in ended if one not in again])
        for one in again:
            one.waiting.attempts += 1
            self._run([one.waiting])

    def _remember(self, ended: Sequence[Ended]) -> None:
        """The last row that could not be written counts until one was."""
        failed = next((one.error for one in ended if one.waiting.with_head and one.error is not None), None)
        if any(one.appended for one in ended):
            self.unwritten = ""
        elif failed is not None and keeps_rows_out(failed):
            self.unwritten = as_unavailable(failed, trail=True).what

    def _unit(self, connection: Connection, head: Head | None, rows: UnwrittenRows) -> Unit:
        return Unit(connection, clock=self._clock, audit_keys=self._keys, head=head, unwritten=rows)

    @contextmanager
    def _at_hand(self) -> Iterator[Connection]:
        """The connection of the batch before, unless something failed on it or nothing was written for a while."""
        connection, self._held = self._held or self._engine.connect(), None
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._held = connection

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None


def _may_run_again(ended: Ended) -> bool:
    """Whether it fell to a deadlock: alone, it holds nothing that others wait for."""
    return ended.error is not None and is_deadlock(ended.error) and ended.waiting.attempts < ATTEMPTS

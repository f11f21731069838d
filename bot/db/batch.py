"""One transaction for all units that wait: they run in turn, and their audit rows are written together at the end.

Where one of several fails before the commit, nothing of it is kept and all run again, each in a savepoint of its own:
savepoints would cost every batch more than the few that fail. A commit that fails is never tried again, since it may
have come through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.db.audit_head import Head, lock_head, store_head
from bot.db.audit_rows import UnwrittenRows
from bot.db.driver import command
from bot.db.failures import as_unavailable, is_engine_error, name_of, raisable
from bot.db.unit import Unit

log = structlog.get_logger(__name__)

Connect = Callable[[], AbstractContextManager[Connection]]
MakeUnit = Callable[[Connection, Head | None, UnwrittenRows], Unit]


@dataclass(kw_only=True)
class Waiting:
    """A unit that wants to run, and the caller's future."""

    work: Callable[[Unit], Any]
    with_head: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    attempts: int = 1


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a unit ended."""

    waiting: Waiting
    result: Any = None
    error: BaseException | None = None
    appended: bool = False
    """Whether it added a row to the trail."""

    def tell(self) -> None:
        """Let the caller go on, in its own loop; the engine's own errors become ours. It may have gone away."""
        future = self.waiting.future
        if future.done():
            return
        if self.error is None:
            future.set_result(self.result)
        elif is_engine_error(self.error):
            future.set_exception(as_unavailable(self.error, trail=self.waiting.with_head))
            log.error("database_write_failed", error=name_of(self.error))
        else:
            future.set_exception(raisable(self.error))


def tell(ended: Sequence[Ended]) -> None:
    """Wake each loop once, however many of its callers go on."""
    for _, group in groupby(ended, key=lambda one: id(one.waiting.loop)):
        first, *others = group
        wake = partial(_tell_all, (first, *others)) if others else first.tell
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            first.waiting.loop.call_soon_threadsafe(wake)


def _tell_all(ended: Sequence[Ended]) -> None:
    """A callback each: one that fails keeps nobody else from going on."""
    for one in ended:
        one.waiting.loop.call_soon(one.tell)


class _UnitFailed(Exception):
    """One unit of several failed, and with it the transaction."""


def commit(batch: Sequence[Waiting], connect: Connect, make_unit: MakeUnit) -> list[Ended]:
    """Run them all and commit. What this raises is everybody's failure."""
    if len(batch) > 1:
        with suppress(_UnitFailed):
            return _transact(batch, connect, make_unit, _together)
        return _transact(batch, connect, make_unit, _apart)
    return _transact(batch, connect, make_unit, _alone)


Way = Callable[[Connection, Waiting, Unit, UnwrittenRows], Ended]


def _transact(batch: Sequence[Waiting], connect: Connect, make_unit: MakeUnit, way: Way) -> list[Ended]:
    with connect() as connection, connection.begin():
        first = head = lock_head(connection) if any(waiting.with_head for waiting in batch) else None
        ended, rows = [], UnwrittenRows()
        for waiting in batch:
            unit = make_unit(connection, head if waiting.with_head else None, rows)
            ended.append(way(connection, waiting, unit, rows))
            head = head if ended[-1].error else unit.head or head
        moved = head if head != first else None
        if rows or moved:
            _write_out(rows, moved, connection, together=way is _together)
    return ended


def _write_out(rows: UnwrittenRows, head: Head | None, connection: Connection, *, together: bool) -> None:
    """The rows, and the head that names the last of them. One of several units may have a row that is refused."""
    try:
        rows.write(connection)
        if head is not None:
            store_head(connection, head)
    except Exception as error:
        if together:
            raise _UnitFailed from error
        raise


def _alone(connection: Connection, waiting: Waiting, unit: Unit, rows: UnwrittenRows) -> Ended:
    del connection, rows
    return _ended(waiting, unit)


def _together(connection: Connection, waiting: Waiting, unit: Unit, rows: UnwrittenRows) -> Ended:
    del connection, rows
    try:
        return _ended(waiting, unit)
    except BaseException as error:
        raise _UnitFailed from error


def _ended(waiting: Waiting, unit: Unit) -> Ended:
    result = waiting.work(unit)
    return Ended(waiting=waiting, result=result, appended=unit.appended)


def _apart(connection: Connection, waiting: Waiting, unit: Unit, rows: UnwrittenRows) -> Ended:
    """In a savepoint. By the driver: SQLAlchemy's nested transaction costs more than a small unit."""
    command(connection, "SAVEPOINT unit")
    try:
        ended = _ended(waiting, unit)
        rows.write(connection)
        command(connection, "RELEASE SAVEPOINT unit")
    except BaseException as error:  # noqa: BLE001 - it belongs to one caller, the others go on
        rows.forget()
        _take_back(connection, error)
        return Ended(waiting=waiting, error=error)
    return ended


def _take_back(connection: Connection, error: BaseException) -> None:
    """Where the transaction is gone as well, with its connection or for want of room, what took it is the failure."""
    try:
        command(connection, "ROLLBACK TO SAVEPOINT unit")
        command(connection, "RELEASE SAVEPOINT unit")
    except SQLAlchemyError:
        if is_engine_error(error):
            raise error from None
        raise

"""Statements of the hottest path, by the driver itself: SQLAlchemy compiles them once, and its way of executing them
would cost several times what they do. Values go in as they are: text is made storable before, and a time is `time_for`
the engine. The driver's errors come out as SQLAlchemy's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

from bot.db.types import as_text

ROWS_A_STATEMENT = (64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1)
"""The most that fit, then the next: of a few statements that come again and again the plans are kept."""
_PARAMETER = re.compile(r"%\((\w+)\)s")


def run(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> int:
    """Execute a statement that a module keeps, with a value for each of its parameters; how many rows it changed."""
    with _errors_translated(connection):
        cursor: Any = connection.connection.cursor()
        cursor.execute(_compiled(statement, connection.dialect), values)
        return int(cursor.rowcount)


def first(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Its first row; None where it has none."""
    with _errors_translated(connection):
        cursor: Any = connection.connection.cursor()
        cursor.execute(_compiled(statement, connection.dialect), values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        cursor.close()
        return row


def every(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All its rows."""
    with _errors_translated(connection):
        cursor: Any = connection.connection.cursor()
        cursor.execute(_compiled(statement, connection.dialect), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def run_all(connection: Connection, statement: ClauseElement, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute an `INSERT … VALUES` once for each row, in one go."""
    with _errors_translated(connection):
        cursor: Any = connection.connection.cursor()
        written = _compiled(statement, connection.dialect)
        if len(rows) == 1:
            cursor.execute(written, rows[0])
        elif connection.dialect.name == "sqlite":
            cursor.executemany(written, rows)
        else:
            _insert_many(connection, written, rows)


def _insert_many(connection: Connection, written: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """On PostgreSQL: statements of many rows each, one by one.

    The driver's own way sends a row's after the other's and asks for no answer in between. PostgreSQL calls no
    transaction idle that is still to hear the end of such a row, and a process that stops over it would hold the head.
    """
    driver: Any = connection.dialect.loaded_dbapi
    cursor = driver.RawCursor(connection.connection.dbapi_connection)
    done = 0
    while done < len(rows):
        some = rows[done : done + next(size for size in ROWS_A_STATEMENT if size <= len(rows) - done)]
        several, names = _several(written, len(some))
        cursor.execute(several, [row[name] for row in some for name in names])
        done += len(some)


@lru_cache(maxsize=64)
def _several(written: str, rows: int) -> tuple[str, tuple[str, ...]]:
    """An `INSERT` of one row as one of so many, in PostgreSQL's own notation, and its parameters' names by place."""
    beginning, values, row = written.partition(" VALUES ")
    numbers = count(1)
    many = ", ".join(_PARAMETER.sub(lambda _: f"${next(numbers)}", row) for _ in range(rows))
    return f"{beginning}{values}{many}", tuple(_PARAMETER.findall(row))


def command(connection: Connection, words: str) -> None:
    """Execute something that takes no values and has no result, such as BEGIN."""
    with _errors_translated(connection):
        cursor: Any = connection.connection.cursor()
        cursor.execute(words)


class _errors_translated:  # noqa: N801 - reads as the context manager that it is
    """A class, since it stands around each statement: a generator would cost three times as much."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Chained to nothing: what the driver says may hold a whole row."""
        dialect = self._connection.dialect
        driver: Any = dialect.loaded_dbapi
        if isinstance(error, driver.Error):
            raise DBAPIError.instance(None, None, error, driver.Error, hide_parameters=True, dialect=dialect) from None


@lru_cache(maxsize=64)
def _compiled(statement: ClauseElement, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))


def time_for(dialect: Dialect, moment: datetime | None) -> str | datetime | None:
    """The time as the engine's driver takes it; see `UtcTime`."""
    if moment is None:
        return None
    return as_text(moment) if dialect.name == "sqlite" else moment.astimezone(UTC)

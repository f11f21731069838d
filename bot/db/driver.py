"""Statements of the hottest path, by the driver: compiled once, since SQLAlchemy's own way there costs several times
what the statement does. Values go in as they are: text is made storable before, and a time is `time_for` the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql import ClauseElement

from bot.db.types import as_text


def run(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> CursorResult[Any]:
    """Execute a statement that a module keeps, with a value for each of its parameters."""
    return connection.exec_driver_sql(_compiled(statement, connection.dialect), dict(values))


def run_all(connection: Connection, statement: ClauseElement, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute it once for each row, in one go."""
    values = [dict(row) for row in rows]
    connection.exec_driver_sql(_compiled(statement, connection.dialect), values if len(values) > 1 else values[0])


@lru_cache(maxsize=64)
def _compiled(statement: ClauseElement, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))


def time_for(dialect: Dialect, moment: datetime | None) -> str | datetime | None:
    """The time as the engine's driver takes it; see `UtcTime`."""
    if moment is None:
        return None
    return as_text(moment) if dialect.name == "sqlite" else moment.astimezone(UTC)

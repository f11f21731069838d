"""Rows of the trail exactly as they are stored, for whoever hashes them again or writes them into a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, String, case, func, literal_column, type_coerce

from bot.db.tables import audit_events

StoredRow = Mapping[str, str | int | None]
"""A row by its columns' names: the time as the chain hashes it, the payload as the text that its leaf is made of."""

COLUMNS = tuple(column.name for column in audit_events.c)
"""Every column, in the order of the table."""


def time_as_text(time: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """As it is stored, in the form that the chain hashes: whatever stands there, the engine hands it out."""
    if dialect == "sqlite":
        return type_coerce(time, String)
    written = func.to_char(func.timezone("UTC", time), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"', type_=String)
    return written + case((time < literal_column("'0001-01-01Z'"), " BC"), else_="")


_TIME = audit_events.c.occurred_at
_TIMES = {dialect: time_as_text(_TIME, dialect) for dialect in ("sqlite", "postgresql")}


def stored_columns(dialect: str) -> tuple[ColumnElement[Any], ...]:
    """What to select: the engine writes the time as text, which is cheaper than to make a time of it and text again."""
    return tuple(_TIMES[dialect].label(_TIME.name) if column is _TIME else column for column in audit_events.c)


def stored_row(row: Row[Any]) -> StoredRow:
    """A row of `stored_columns`; NULL is None."""
    return dict(zip(COLUMNS, row, strict=True))


def seq_named(target: object) -> int:
    """The row that a tombstone or a checkpoint is about; 0 where somebody else wrote it."""
    number = target.removeprefix("seq:") if isinstance(target, str) else ""
    return int(number) if number.isdecimal() and len(number) < 20 else 0

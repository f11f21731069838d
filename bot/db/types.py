"""Column types that mean the same on both engines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Row, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from bot.db.storable import storable_text

TEXT_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def as_text(moment: datetime) -> str:
    """UTC with microseconds, fixed width: sorts as text and is what the chain hashes. `ValueError` for a naive time."""
    if moment.tzinfo is None:
        raise ValueError("a naive time has no place in the database")
    return moment.astimezone(UTC).strftime(TEXT_FORMAT)


StoredRow = Mapping[str, str | int | None]
"""A row by its columns' names: the time as the chain hashes it, the payload as the text that its leaf is made of."""


def stored_row(row: Row[Any]) -> StoredRow:
    """A row of the trail as it is stored; NULL is None."""
    return {**row._mapping, "occurred_at": as_text(row.occurred_at)}


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC times: `timestamptz` on PostgreSQL, fixed-width text on SQLite. Refuses naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, which has no time type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Going in."""
        if value is None:
            return None
        written = as_text(value)
        return written if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Coming out."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC) if isinstance(value, datetime) else None


class PlainText(TypeDecorator[str]):
    """Text of any length: what Slack and the API send is not cut, and what an engine would refuse is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Going in."""
        return None if value is None else storable_text(str(value))


BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key; SQLite numbers rows by themselves only where the type is INTEGER."""

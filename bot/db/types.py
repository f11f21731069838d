"""Column types that mean the same on both engines."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from bot.db.storable import storable_text


@lru_cache(maxsize=16)
def as_text(moment: datetime) -> str:
    """UTC with microseconds, fixed width: sorts as text and is what the chain hashes. `ValueError` for a naive time.

    A row's time is written three times: hashed, stored, and into the head.
    """
    if moment.tzinfo is None:
        raise ValueError("a naive time has no place in the database")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


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

"""Looking at a database from outside, before anything is put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.db.connections import database_url
from bot.db.failures import reason_of
from bot.db.health import has_rows, revision_problem
from bot.domain.errors import ConfigurationError


def is_up_to_date(url: str) -> bool:
    """Whether the schema is the newest one, and no migration need be loaded. What cannot be told is not."""
    try:
        return _looked_at(url, lambda connection: not revision_problem(connection))
    except SQLAlchemyError:
        return False


def database_has_rows(url: str) -> bool:
    """Whether anything was ever audited there; `ConfigurationError` where it cannot be opened."""
    try:
        return _looked_at(url, has_rows)
    except SQLAlchemyError as error:
        raise ConfigurationError([f"The database in DATABASE_URL cannot be opened: {reason_of(error)}."]) from None


def _looked_at(url: str, look: Callable[[Connection], bool]) -> bool:
    """What a look at the database finds, by a connection of its own; False where SQLite has no file: none is made."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        return False
    engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return look(connection)
    finally:
        engine.dispose()

"""Looking at a database from outside, before anything is put together."""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.db.engine import database_url
from bot.db.health import has_rows
from bot.domain.errors import ConfigurationError


def database_has_rows(url: str) -> bool:
    """Whether anything was ever audited there; `ConfigurationError` where it cannot be opened."""
    engine = create_engine(database_url(url), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return has_rows(connection)
    except SQLAlchemyError as error:
        raise ConfigurationError([f"The database cannot be opened ({type(error).__name__})."]) from None
    finally:
        engine.dispose()

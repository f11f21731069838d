"""Bringing the schema up to date. Alembic is imported here and nowhere on the serving path."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.db.engine import database_url
from bot.domain.errors import ConfigurationError

MIGRATIONS = Path(__file__).parents[2] / "migrations"
ADVISORY_LOCK = 7_203_114_859
"""Any fixed number: Alembic takes no lock of its own, and replicas may start together."""


def migrate(url: str) -> None:
    """Run all migrations that are missing; `ConfigurationError` where the database cannot be opened."""
    from alembic import command
    from alembic.config import Config

    parsed = database_url(url)
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
                connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
                connection.commit()
    except SQLAlchemyError as error:
        raise ConfigurationError([f"The database cannot be migrated ({type(error).__name__})."]) from None
    finally:
        engine.dispose()

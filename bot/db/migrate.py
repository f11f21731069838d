"""Bringing the schema up to date. Alembic is imported here and nowhere on the serving path."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bot.db.connections import database_url, writing_engine
from bot.db.failures import reason_of
from bot.domain.errors import ConfigurationError
from bot.domain.failpoints import Failpoint, reach

MIGRATIONS = Path(__file__).parents[2] / "migrations"
ADVISORY_LOCK = 7_203_114_859
"""Any fixed number: Alembic takes no lock of its own, and replicas may start together."""


def migrate(url: str) -> None:
    """Run all migrations that are missing, in one transaction and one process at a time.

    `ConfigurationError` where the database cannot be opened or altered.
    """
    from alembic import command
    from alembic.config import Config

    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = writing_engine(database_url(url))
    try:
        with engine.connect() as connection, connection.begin():
            _wait_for_turn(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            reach(Failpoint.IN_MIGRATION)
    except SQLAlchemyError as error:
        raise ConfigurationError([f"The database cannot be migrated: {reason_of(error)}."]) from None
    finally:
        engine.dispose()


def _wait_for_turn(connection: Connection) -> None:
    """On SQLite the transaction itself keeps others out."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})

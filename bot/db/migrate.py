"""Bringing the schema up to date. Alembic is imported here and nowhere on the serving path."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bot.db.connections import database_url, writing_engine
from bot.db.failures import reason_of
from bot.db.guards import guards_problem
from bot.domain.errors import ConfigurationError
from bot.domain.failpoints import Failpoint, reach

MIGRATIONS = Path(__file__).parents[2] / "migrations"
ADVISORY_LOCK = 7_203_114_859
"""Any fixed number: Alembic takes no lock of its own, and replicas may start together."""
UNKNOWN_SCHEMA = "The database's schema is not one that this program knows: start the newer version of this program."


def migrate(url: str, *, guarded: bool = True) -> None:
    """Run all migrations that are missing, in one transaction and one process at a time.

    `ConfigurationError` where the database cannot be opened or altered, and where a trigger that keeps the trail
    append-only is missing or altered afterwards: then nothing was migrated. The start, which looks by itself and
    serves without changes in that case, passes `guarded=False`.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = writing_engine(database_url(url))
    try:
        with engine.connect() as connection, connection.begin():
            _wait_for_turn(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if guarded:
                _require_guards(connection)
            reach(Failpoint.IN_MIGRATION)
    except CommandError:  # no migration of ours leads on from its revision
        raise ConfigurationError([UNKNOWN_SCHEMA]) from None
    except SQLAlchemyError as error:
        raise ConfigurationError([f"The database cannot be migrated: {reason_of(error)}."]) from None
    finally:
        engine.dispose()


def _require_guards(connection: Connection) -> None:
    problem = guards_problem(connection)
    if problem:
        look = "`python app.py audit verify` tells whether rows were touched."
        raise ConfigurationError([f"{problem} Nothing was migrated. {look}"])


def _wait_for_turn(connection: Connection) -> None:
    """On SQLite the transaction itself keeps others out."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})

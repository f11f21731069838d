"""Going behind the program's back, as an owner with a shell would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text

from bot.db.connections import database_url as rewritten
from bot.db.engine import Database
from bot.domain.audit import AuditRecord
from tests.factories import make_entry

MIGRATIONS = Path(__file__).parents[3] / "migrations"


class Intruder:
    """Runs any SQL in a transaction of its own. The triggers stand until it takes them away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def dialect(self) -> str:
        return self._engine.dialect.name

    def run(self, *statements: str) -> None:
        with self._engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        with self._engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def take_triggers_away(self) -> None:
        kinds = ("update", "delete", "replace" if self.dialect == "sqlite" else "truncate")
        on = "" if self.dialect == "sqlite" else " ON audit_events"
        self.run(*(f"DROP TRIGGER audit_events_no_{kind}{on}" for kind in kinds))


async def append(database: Database, **given: Any) -> AuditRecord:
    """Write one row of the trail."""
    return await database.write(lambda unit: unit.audit.append(make_entry(**given)))


@pytest.fixture
def intruder(database_url: str) -> Iterator[Intruder]:
    """Somebody with the owner's rights on the same database."""
    engine = create_engine(rewritten(database_url))
    yield Intruder(engine)
    engine.dispose()


@pytest.fixture
def runtime_url(postgres_url: str) -> Iterator[str]:
    """The same database, as the role that the documentation makes for production."""
    grants = (MIGRATIONS / "runtime_role.sql").read_text()
    name = postgres_url.split("?")[0].rpartition("/")[2]
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute("CREATE ROLE cloudsync_bot LOGIN")
        owner.execute(grants.replace("DATABASE cloudsync ", f"DATABASE {name} ").encode())
        yield postgres_url.replace("//postgres:@", "//cloudsync_bot:@")
        owner.execute("DROP OWNED BY cloudsync_bot")
        owner.execute("DROP ROLE cloudsync_bot")

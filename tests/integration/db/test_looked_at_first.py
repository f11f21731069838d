"""What is looked at before serving, and after a migration: the triggers in full, and the newest rows."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import create_engine

from bot.db.chain import AuditKeys
from bot.db.connections import database_url as rewritten
from bot.db.engine import TAIL, Database
from bot.db.guards import GUARDS, found_guards
from bot.db.health import REVISION
from bot.db.migrate import migrate
from bot.db.unit import Unit
from bot.domain.errors import ConfigurationError
from tests.clock import ManualClock
from tests.factories import make_entry
from tests.integration.db.conftest import Intruder

OF = "BEFORE UPDATE ON audit_events"
GONE = "DROP TRIGGER audit_events_no_update ON audit_events"
MADE = f"CREATE TRIGGER audit_events_no_update {OF} FOR EACH ROW"
ALWAYS = "ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_update"
THROUGH = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
REFUSES = "BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END"

MADE_AGAIN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sqlite": {
        "on another table": (
            "DROP TRIGGER audit_events_no_delete",
            f"CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON forms {REFUSES}",
        ),
        "under a condition that never holds": (
            "DROP TRIGGER audit_events_no_update",
            f"CREATE TRIGGER audit_events_no_update {OF} WHEN 0 {REFUSES}",
        ),
        "of the anchors": (
            "DROP TRIGGER audit_anchors_no_delete",
            "CREATE TRIGGER audit_anchors_no_delete AFTER DELETE ON audit_anchors BEGIN SELECT 1; END",
        ),
    },
    "postgresql": {
        "whose function lets all through": (f"CREATE OR REPLACE FUNCTION audit_events_keep() {THROUGH}",),
        "with another function": (
            f"CREATE FUNCTION through() {THROUGH}",
            GONE,
            f"{MADE} EXECUTE FUNCTION through()",
            ALWAYS,
        ),
        "under a condition that never holds": (
            GONE,
            f"{MADE} WHEN (false) EXECUTE FUNCTION audit_events_keep()",
            ALWAYS,
        ),
        "not for replicas": ("ALTER TABLE audit_events ENABLE TRIGGER audit_events_no_delete",),
        "whose function looks elsewhere": ("ALTER FUNCTION audit_events_keep() SET search_path = elsewhere",),
        "of the anchors": (
            "CREATE OR REPLACE FUNCTION audit_anchors_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NEW; END $$",
        ),
    },
}
each_made_again = pytest.mark.parametrize(
    ("database_source", "change"),
    [
        pytest.param(engine, change, id=f"{engine}: {name}")
        for engine, changes in MADE_AGAIN.items()
        for name, change in changes.items()
    ],
    indirect=["database_source"],
)


@each_made_again
async def test_triggers_that_bear_their_names_and_do_something_else_are_found(
    database: Database, intruder: Intruder, change: tuple[str, ...]
) -> None:
    assert await database.check() == []
    intruder.run(*change)
    (problem,) = await database.check()
    assert "triggers are not as they were made: audit_" in problem


def test_the_guards_that_are_looked_for_are_those_that_the_migrations_make(database_url: str) -> None:
    engine = create_engine(rewritten(database_url))
    with engine.connect() as connection:
        found = found_guards(connection)
    engine.dispose()
    assert found == GUARDS[engine.dialect.name]


@each_made_again
def test_a_migration_that_leaves_a_trigger_altered_is_refused(
    database: Database, database_url: str, intruder: Intruder, change: tuple[str, ...]
) -> None:
    intruder.run(*change)
    with pytest.raises(ConfigurationError, match=r"not as they were made: audit_.* Nothing was migrated"):
        migrate(database_url)


def test_a_migration_that_leaves_a_trigger_out_is_taken_back(
    database: Database, database_url: str, intruder: Intruder
) -> None:
    intruder.run("DROP TABLE audit_anchors", "UPDATE alembic_version SET version_num = '0001'")
    if intruder.dialect == "postgresql":
        intruder.run("DROP FUNCTION audit_anchors_refuse")
    intruder.take_triggers_away()
    with pytest.raises(ConfigurationError, match="missing or off: audit_events_no_delete"):
        migrate(database_url)
    assert intruder.ask("SELECT version_num FROM alembic_version") == [("0001",)]
    migrate(database_url, guarded=False)
    assert intruder.ask("SELECT version_num FROM alembic_version") == [(REVISION,)]


async def write_rows(database: Database, number: int) -> None:
    def work(unit: Unit) -> None:
        for _ in range(number):
            unit.audit.append(make_entry())

    await database.write(work)


async def test_a_sound_trail_of_any_length_raises_no_alarm(database: Database) -> None:
    assert await database.check_tail() == []
    await write_rows(database, TAIL + 5)
    assert await database.check_tail() == []


async def test_a_row_that_was_altered_last_is_found_though_the_head_names_it(
    database: Database, intruder: Intruder
) -> None:
    await write_rows(database, 3)
    intruder.take_triggers_away()
    intruder.run("UPDATE audit_events SET actor = 'U0EVE' WHERE seq = 3")
    (problem,) = await database.check_tail()
    assert "First bad row of the newest: 3, altered" in problem


async def test_what_is_older_than_the_newest_rows_is_left_to_verification(
    database: Database, intruder: Intruder
) -> None:
    await write_rows(database, TAIL + 5)
    intruder.take_triggers_away()
    intruder.run("UPDATE audit_events SET actor = 'U0EVE' WHERE seq = 5")
    assert await database.check_tail() == []
    intruder.run("UPDATE audit_events SET actor = 'U0EVE' WHERE seq = 6")
    assert len(await database.check_tail()) == 1


async def test_rows_that_were_signed_with_a_foreign_ring_are_found(
    database: Database, database_url: str, clock: ManualClock
) -> None:
    foreign = Database.open(database_url, clock=clock, audit_keys=AuditKeys([b"foreign"]))
    await write_rows(foreign, 2)
    await foreign.close()
    assert await database.check() == []
    (problem,) = await database.check_tail()
    assert "which is not in AUDIT_KEYS" in problem


AS_BEFORE = """CREATE TRIGGER audit_events_no_replace BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE seq >= NEW.seq)
  OR EXISTS (SELECT 1 FROM audit_events WHERE hash = NEW.hash)
  OR EXISTS (SELECT 1 FROM audit_events WHERE prev_hash = NEW.prev_hash)
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END"""
AT_SECOND = "UPDATE alembic_version SET version_num = '0002'"


@pytest.mark.parametrize("database_source", ["sqlite"], indirect=True)
async def test_a_guard_of_before_is_made_anew(database: Database, database_url: str, intruder: Intruder) -> None:
    intruder.run("DROP TRIGGER audit_events_no_replace", AS_BEFORE, AT_SECOND)
    migrate(database_url)
    assert await database.check() == []


@pytest.mark.parametrize("database_source", ["sqlite"], indirect=True)
def test_a_guard_that_was_altered_before_a_migration_is_found_and_not_mended(
    database: Database, database_url: str, intruder: Intruder
) -> None:
    lets_through = AS_BEFORE.replace("seq >= NEW.seq", "seq > NEW.seq")
    intruder.run("DROP TRIGGER audit_events_no_replace", lets_through, AT_SECOND)
    with pytest.raises(ConfigurationError, match="not as they were made: audit_events_no_replace"):
        migrate(database_url)

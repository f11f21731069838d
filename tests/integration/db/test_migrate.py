"""The schema: made by migrations, known to the code, and safe to bring up to date from several places at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from bot.db.connections import database_url as rewritten
from bot.db.engine import Database
from bot.db.health import REVISION
from bot.db.inspection import database_has_rows, is_up_to_date
from bot.db.migrate import MIGRATIONS, migrate
from bot.db.tables import audit_events, metadata
from bot.domain.audit import Anchor
from bot.domain.errors import ConfigurationError
from tests.conftest import OpenDatabase
from tests.databases import DatabaseSource
from tests.factories import make_delivery, make_form, make_item, make_request, make_vote
from tests.integration.db.conftest import Intruder, append

OURS_BY_HAND = "audit_search"
"""Full text: each engine has its own kind of table, made by the migration in SQL."""


@pytest.fixture
def empty_url(database_source: DatabaseSource) -> Iterator[str]:
    """A database without a schema."""
    url = database_source.empty()
    yield url
    database_source.drop(url)


def test_the_migrations_make_the_tables_that_the_code_knows(database_url: str) -> None:
    engine = create_engine(rewritten(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: OURS_BY_HAND not in str(name)}
        )
        differences = compare_metadata(context, metadata)
    engine.dispose()
    assert differences == []


def test_the_code_was_written_against_the_newest_migration() -> None:
    config = Config(str(MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_three_that_migrate_at_once_make_one_schema(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(migrate, [empty_url] * 3)) == [None] * 3
    assert not database_has_rows(empty_url)


async def test_a_migration_that_is_there_already_changes_nothing(
    database_url: str, open_database: OpenDatabase
) -> None:
    database = open_database(database_url)
    await append(database)
    migrate(database_url)
    assert await database.check() == []
    assert database_has_rows(database_url)


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all/bot.db", "postgresql://bot:hunter2@127.0.0.1:9/bot?connect_timeout=2"]
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        migrate(url)
    assert "cannot be migrated: " in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("found", "advice"),
    [("0000", "behind this program: run `python app.py migrate`"), ("9999", "ahead of this program: start the newer")],
)
async def test_another_schema_than_the_codes_is_said(
    database: Database, intruder: Intruder, found: str, advice: str
) -> None:
    intruder.run(f"UPDATE alembic_version SET version_num = '{found}'")  # noqa: S608
    (problem,) = await database.check()
    assert advice in problem


async def test_a_database_without_a_schema_is_said(empty_url: str, open_database: OpenDatabase) -> None:
    (problem,) = await open_database(empty_url).check()
    assert "run `python app.py migrate`" in problem


def listing(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_looking_at_a_file_that_is_not_there_does_not_make_it(
    tmp_path: Path, open_database: OpenDatabase
) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    (problem,) = await open_database(url).check()
    assert "not there yet" in problem
    assert not database_has_rows(url)
    assert not is_up_to_date(url)
    assert listing(tmp_path) == []


async def test_a_file_that_is_no_database_is_said(tmp_path: Path, open_database: OpenDatabase) -> None:
    file = tmp_path / "bot.db"
    file.write_text("To whom it may concern. " * 100)
    (problem,) = await open_database(f"sqlite:///{file}").check()
    assert problem == "The database cannot be opened for writing: file is not a database."


@pytest.mark.parametrize("found", ["0000", "9999"])
def test_only_the_newest_schema_need_not_be_migrated(database_url: str, intruder: Intruder, found: str) -> None:
    assert is_up_to_date(database_url)
    intruder.run(f"UPDATE alembic_version SET version_num = '{found}'")  # noqa: S608
    assert not is_up_to_date(database_url)


async def test_a_server_that_does_not_answer_is_said(open_database: OpenDatabase) -> None:
    (problem,) = await open_database("postgresql://bot:hunter2@127.0.0.1:9/bot?connect_timeout=2").check()
    assert "cannot be opened for writing" in problem
    assert "hunter2" not in problem


async def test_a_head_that_names_another_row_is_said(database: Database, intruder: Intruder) -> None:
    await append(database)
    intruder.take_triggers_away()
    intruder.run("DELETE FROM audit_events")
    assert any("last row is not the one" in problem for problem in await database.check())


async def test_the_role_for_production_can_do_the_bots_work(runtime_url: str, open_database: OpenDatabase) -> None:
    database, request = open_database(runtime_url), make_request()
    await append(database)
    await database.write(lambda unit: unit.requests.insert(request))
    await database.write(lambda unit: unit.requests.lock(request.id))
    await database.write(lambda unit: unit.requests.add_vote(request.id, make_vote()))
    await database.note(lambda unit: unit.inbox.record(make_delivery()))
    await database.note(lambda unit: unit.outbox.put(make_item()))
    await database.note(lambda unit: unit.forms.put(make_form()))
    await database.note(lambda unit: unit.settings.set("stage", "one"))
    assert await database.check() == []


ATTACKS = (
    "UPDATE audit_events SET actor = 'U0EVE'",
    "DELETE FROM audit_events",
    "TRUNCATE audit_events",
    "ALTER TABLE audit_events DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_events_no_delete ON audit_events",
    "DROP TABLE audit_events",
    "SET session_replication_role = replica",
    "DELETE FROM audit_head",
    "INSERT INTO audit_events SELECT * FROM audit_events ON CONFLICT (seq) DO UPDATE SET actor = 'U0EVE'",
    "INSERT INTO audit_anchors SELECT * FROM audit_anchors ON CONFLICT (seq) DO UPDATE SET hash = 'x'",
    "INSERT INTO audit_search SELECT * FROM audit_search ON CONFLICT (seq) DO UPDATE SET document = ''",
    "CREATE OR REPLACE FUNCTION audit_events_keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE OR REPLACE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE OR REPLACE FUNCTION audit_anchors_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "ALTER TABLE audit_events OWNER TO cloudsync_bot",
    "UPDATE audit_anchors SET hash = 'x'",
    "DELETE FROM audit_anchors",
    "TRUNCATE audit_anchors",
    "UPDATE audit_search SET document = ''",
    "DELETE FROM audit_search",
    "TRUNCATE audit_search",
)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_the_role_for_production_cannot_touch_what_is_written(
    runtime_url: str, open_database: OpenDatabase, attack: str
) -> None:
    row, database = await append(open_database(runtime_url)), open_database(runtime_url)
    anchor = Anchor(seq=row.seq, hash=row.hash, channel_id="C", thread_ts="1", ts="1", posted_at=row.occurred_at)
    await database.write(lambda unit: unit.anchors.put(anchor))
    with psycopg.connect(runtime_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(attack.encode())


def test_the_guards_know_every_column(database: Database, intruder: Intruder) -> None:
    """An erasure may change payload and salt and nothing else: the trigger compares all the others."""
    table = "SELECT sql FROM sqlite_master WHERE name = 'audit_events_no_update'"
    function = "SELECT prosrc FROM pg_proc WHERE proname = 'audit_events_keep'"
    ((source,),) = intruder.ask(table if intruder.dialect == "sqlite" else function)
    compared = [column.name for column in audit_events.c if f"NEW.{column.name} " in str(source)]
    assert compared == [column.name for column in audit_events.c]

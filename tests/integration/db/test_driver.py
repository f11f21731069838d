"""Statements by the driver: they do what SQLAlchemy's would, and fail as they do."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.db.connections import database_url as with_driver
from bot.db.connections import writing_engine
from bot.db.driver import command, first, run, run_all
from bot.db.tables import settings

ADD = insert(settings)
READ = select(settings.c.value).where(settings.c.key == bindparam("wanted"))
CHANGE = update(settings).where(settings.c.key == bindparam("wanted")).values(value=bindparam("value"))


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = writing_engine(with_driver(database_url))
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


def setting(key: str) -> dict[str, str]:
    return {"key": key, "value": f"value of {key}"}


def test_a_statement_reads_and_changes_with_its_values(connection: Connection) -> None:
    run_all(connection, ADD, [setting("one")])
    run_all(connection, ADD, [setting("two"), setting("three")])
    assert first(connection, READ, {"wanted": "two"}) == ("value of two",)
    assert run(connection, CHANGE, {"wanted": "two", "value": "another"}) == 1
    assert run(connection, CHANGE, {"wanted": "none such", "value": "another"}) == 0
    assert first(connection, READ, {"wanted": "two"}) == ("another",)
    assert first(connection, READ, {"wanted": "none such"}) is None


def test_the_driver_s_error_comes_out_as_sqlalchemy_s_without_the_values(connection: Connection) -> None:
    run_all(connection, ADD, [setting("one")])
    command(connection, "SAVEPOINT before")
    with pytest.raises(IntegrityError) as refused:
        run_all(connection, ADD, [setting("one")])
    assert "value of one" not in str(refused.value)
    command(connection, "ROLLBACK TO SAVEPOINT before")
    with pytest.raises(DBAPIError):
        command(connection, "NONSENSE")
    command(connection, "ROLLBACK TO SAVEPOINT before")
    assert first(connection, READ, {"wanted": "one"}) == ("value of one",)


@pytest.mark.parametrize("number", [1, 2, 7, 55, 200])
def test_however_many_rows_each_is_written_as_it_is(connection: Connection, number: int) -> None:
    wanted = {f"{one} %s $1 :key VALUES (": f"value {one} of %(value)s" for one in range(number)}
    run_all(connection, ADD, [{"key": key, "value": value} for key, value in wanted.items()])
    assert {row.key: row.value for row in connection.execute(select(settings))} == wanted


def test_rows_are_not_sent_in_a_pipeline_whose_end_a_stopped_process_would_owe(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(self: object) -> None:
        raise AssertionError("a transaction inside a pipeline is not idle to PostgreSQL, and ends by no limit of it")

    monkeypatch.setattr(psycopg.Pipeline, "__enter__", never)
    run_all(connection, ADD, [setting("one"), setting("two"), setting("three")])
    assert first(connection, READ, {"wanted": "three"}) == ("value of three",)

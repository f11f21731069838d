"""What DATABASE_URL may be."""

from __future__ import annotations

import sqlite3

import pytest

from bot.db.connections import database_url, write_ahead
from bot.domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///bot.db", "sqlite+pysqlite"),
        ("sqlite+aiosqlite:////var/bot.db", "sqlite+pysqlite"),
        ("postgres://u:p@db.example/bot", "postgresql+psycopg"),
        ("postgresql://u:p@db.example/bot?sslmode=require", "postgresql+psycopg"),
        ("postgresql+asyncpg://u:p@db.example/bot", "postgresql+psycopg"),
    ],
)
def test_the_driver_is_our_business(given: str, driver: str) -> None:
    assert database_url(given).drivername == driver


def test_the_rest_of_the_url_stays() -> None:
    rewritten = database_url("postgres://u:p%40ss@db.example:6432/bot?sslmode=require")
    assert (rewritten.password, rewritten.port, rewritten.query["sslmode"]) == ("p@ss", 6432, "require")


@pytest.mark.parametrize("given", ["mysql://root:hunter2@db/bot", "hunter2", "sqlite://", "sqlite:///:memory:"])
def test_other_urls_are_refused_without_being_repeated(given: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        database_url(given)
    assert "DATABASE_URL" in str(refused.value)
    assert "hunter2" not in str(refused.value)


class BusyFile:
    """A connection to a file that others are turning to WAL: it answers with these errors, then well."""

    def __init__(self, *errors: str) -> None:
        self._errors = list(errors)
        self.executed: list[str] = []

    def execute(self, statement: str) -> None:
        self.executed.append(statement)
        if self._errors:
            raise sqlite3.OperationalError(self._errors.pop(0))


def test_a_file_that_others_turn_to_wal_at_the_same_time_is_waited_for() -> None:
    busy = BusyFile("database is locked", "database is locked")
    write_ahead(busy)
    assert busy.executed == ["PRAGMA journal_mode=WAL"] * 3


def test_a_file_that_cannot_be_opened_is_said_at_once() -> None:
    unreadable = BusyFile("unable to open database file")
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        write_ahead(unreadable)
    assert len(unreadable.executed) == 1

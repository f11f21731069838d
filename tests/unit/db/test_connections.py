"""What DATABASE_URL may be."""

from __future__ import annotations

import pytest

from bot.db.connections import database_url
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

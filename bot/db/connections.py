"""How each engine is connected to: URLs, sessions and the limits of waiting."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import stamina
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import ArgumentError

from bot.db.audit_words import prepare_search
from bot.db.driver import command
from bot.domain.errors import ConfigurationError

READERS = 4
BUSY_MILLISECONDS = 10_000
"""How long one waits for a lock that another holds, before the caller hears that the database is not to be had."""
IDLE_MILLISECONDS = 8_000
"""When PostgreSQL ends a transaction whose process has gone silent, and with it the hold on the audit head. Sooner than
others give up waiting for it."""

POSTGRES_CONNECT = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds; keepalives stay silent while something sent waits to be acknowledged
}


PLANNED_EACH_TIME: dict[str, Any] = {"prepare_threshold": None}
"""For questions to the trail: a prepared statement's general plan is the wrong one for the rare value of a column."""


def database_url(url: str) -> URL:
    """The URL with our driver in it; `postgres://` is what Heroku hands out. `ConfigurationError` for other schemes."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(["DATABASE_URL is not a database URL."]) from None
    backend = parsed.drivername.split("+")[0]
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise ConfigurationError(["DATABASE_URL must name a file, as in sqlite:///cloudsync-bot.db."])
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    raise ConfigurationError(["DATABASE_URL must begin with sqlite:///, postgres:// or postgresql://."])


def file_of(url: str) -> Path:
    """SQLite's file, however it is spelled: links and parameters are not part of it."""
    return Path(database_url(url).database or "").resolve()


def place_of(url: str) -> str:
    """Where the database is, without what gives access to it, whatever characters that holds."""
    parsed = database_url(url)
    host = f"{(parsed.host or '').rpartition('@')[2]}{f':{parsed.port}' if parsed.port else ''}"
    return f"{parsed.get_backend_name()}://{host}/{parsed.database}"


def writing_engine(url: URL) -> Engine:
    """Transactions that write: READ COMMITTED on PostgreSQL, from their first statement on alone on SQLite."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, begin="BEGIN IMMEDIATE", pragmas=())
    engine = _postgres_engine(url, pool_size=3, isolation_level="READ COMMITTED")
    _set(engine, lock_timeout=BUSY_MILLISECONDS, idle_in_transaction_session_timeout=IDLE_MILLISECONDS)
    return engine


def reading_engine(url: URL) -> Engine:
    """Transactions that only read, each on one snapshot: a page and its neighbours, a chain and its head, agree."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, begin="BEGIN", pragmas=("query_only=ON",))
    engine = _postgres_engine(url, pool_size=READERS, isolation_level="REPEATABLE READ", **PLANNED_EACH_TIME)
    _set(engine, lock_timeout=BUSY_MILLISECONDS)
    return engine.execution_options(postgresql_readonly=True)


def _set(engine: Engine, **milliseconds: int) -> None:
    """Limits of every session of this engine."""

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.autocommit = True
        connection.execute("; ".join(f"SET {name} = {value}" for name, value in milliseconds.items()))
        connection.autocommit = False


def _postgres_engine(url: URL, *, pool_size: int, isolation_level: IsolationLevel, **connect: Any) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        isolation_level=isolation_level,
        pool_size=pool_size,
        pool_pre_ping=True,
        use_native_hstore=False,  # it would be looked for by each engine at its first connection
        connect_args={name: value for name, value in {**POSTGRES_CONNECT, **connect}.items() if name not in url.query},
    )


def _sqlite_engine(url: URL, *, begin: str, pragmas: Sequence[str]) -> Engine:
    """WAL, full durability and explicit BEGIN; the driver's own idea of transactions is switched off."""
    engine = create_engine(url, hide_parameters=True, paramstyle="named", connect_args={"check_same_thread": False})
    wanted = (f"busy_timeout={BUSY_MILLISECONDS}", "synchronous=FULL", "foreign_keys=ON", *pragmas)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = None
        write_ahead(connection)
        prepare_search(connection)
        for pragma in wanted:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        command(connection, begin)

    return engine


@contextmanager
def reading_any_bytes(connection: Connection) -> Iterator[None]:
    """On SQLite: text of any bytes comes out, where the driver would end the reading. Slow, so for looking closely."""
    driver: Any = connection.connection.dbapi_connection
    driver.text_factory = lambda content: content.decode(errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


def _is_locked(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


@stamina.retry(on=_is_locked, attempts=None, timeout=BUSY_MILLISECONDS / 1000, wait_initial=0.01, wait_max=0.2)
def write_ahead(connection: Any) -> None:
    """Turn a new file to WAL. While others do the same SQLite answers "locked" at once, whatever the busy timeout."""
    connection.execute("PRAGMA journal_mode=WAL")

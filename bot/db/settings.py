"""Pins and marks kept by name: the organisation of each environment, the team, the app, how far set-up came."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.db.tables import settings


class SettingsStore:
    """Named values inside one unit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> str | None:
        """The value, or None."""
        return self._connection.execute(select(settings.c.value).where(settings.c.key == key)).scalar()

    def set(self, key: str, value: str) -> None:
        """Set it, whatever it was."""
        self._connection.execute(
            self._insert(key, value).on_conflict_do_update(index_elements=[settings.c.key], set_={"value": value})
        )

    def set_if_absent(self, key: str, value: str) -> str:
        """Set it unless it is set; returns what holds."""
        self._connection.execute(self._insert(key, value).on_conflict_do_nothing())
        held = self.get(key)
        return value if held is None else held

    def _insert(self, key: str, value: str) -> SqliteInsert | PostgresInsert:
        build = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        return build(settings).values(key=key, value=value)

"""Deliveries from Slack, kept for a day: a repeat finds the first one and runs nothing."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.db.tables import inbox
from bot.db.types import as_text
from bot.domain.records import InboxDelivery, InboxState

UNFINISHED = 200


@lru_cache(maxsize=8)
def _record_statement(dialect: Dialect) -> str:
    """The SQL of `record`, compiled once an engine: it stands in the way of every acknowledgement."""
    build = sqlite_insert if dialect.name == "sqlite" else postgres_insert
    return str(build(inbox).on_conflict_do_nothing().compile(dialect=dialect))


class Inbox:
    """The inbox inside one unit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, delivery: InboxDelivery) -> InboxDelivery | None:
        """Take a delivery; None where it is new, else the one that came first, with its state and answer.

        This stands between Slack and its acknowledgement: one statement in the usual case.
        """
        dialect = self._connection.dialect
        received_at = as_text(delivery.received_at) if dialect.name == "sqlite" else delivery.received_at
        values = {**vars(delivery), "state": delivery.state.value, "received_at": received_at}
        taken = self._connection.exec_driver_sql(_record_statement(dialect), values)
        return None if taken.rowcount == 1 else self.get(delivery.key)

    def get(self, key: str) -> InboxDelivery | None:
        """A delivery by its key."""
        row = self._connection.execute(select(inbox).where(inbox.c.key == key)).first()
        return _delivery(row) if row else None

    def all_keys(self) -> tuple[str, ...]:
        """The keys of every delivery that is still kept, for accounting."""
        return tuple(self._connection.execute(select(inbox.c.key)).scalars())

    def finish(self, key: str, state: InboxState, answer: str) -> None:
        """Note how it ended and what was answered."""
        self._connection.execute(update(inbox).where(inbox.c.key == key).values(state=state.value, answer=answer))

    def unfinished(self, before: datetime) -> tuple[InboxDelivery, ...]:
        """What was taken before this moment and never answered: a crash left it."""
        rows = self._connection.execute(
            select(inbox)
            .where(inbox.c.state == InboxState.TAKEN.value, inbox.c.received_at < before)
            .order_by(inbox.c.received_at)
            .limit(UNFINISHED)
            .with_for_update(skip_locked=True)
        )
        return tuple(_delivery(row) for row in rows)

    def purge(self, before: datetime) -> int:
        """Forget deliveries older than this; returns how many."""
        return self._connection.execute(delete(inbox).where(inbox.c.received_at < before)).rowcount


def _delivery(row: Row[Any]) -> InboxDelivery:
    return InboxDelivery(**{**row._mapping, "state": InboxState(row.state)})

"""Deliveries from Slack, kept for a day: a repeat finds the first one and runs nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bot.db.driver import run, time_for
from bot.db.tables import inbox
from bot.domain.records import InboxDelivery, InboxState

UNFINISHED = 200

_RECORD: dict[str, Insert] = {
    "sqlite": sqlite_insert(inbox).on_conflict_do_nothing(),
    "postgresql": postgres_insert(inbox).on_conflict_do_nothing(),
}


class Inbox:
    """The inbox inside one unit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, delivery: InboxDelivery) -> InboxDelivery | None:
        """Take a delivery; None where it is new, else the one that came first, with its state and answer.

        This stands between Slack and its acknowledgement: one statement in the usual case.
        """
        dialect = self._connection.dialect
        received_at = time_for(dialect, delivery.received_at)
        values = {**vars(delivery), "state": delivery.state.value, "received_at": received_at}
        taken = run(self._connection, _RECORD[dialect.name], values)
        return None if taken == 1 else self.get(delivery.key)

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

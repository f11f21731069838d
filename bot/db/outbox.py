"""Messages owed to Slack: at least once, in order per key, claimed with a lease and never by two at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, or_, select, update

from bot.db.tables import outbox
from bot.domain.audit import JsonValue
from bot.domain.records import OutboxItem

WAITING, DONE, DEAD = "waiting", "done", "dead"
Column = outbox.c


class Outbox:
    """The outbox inside one unit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, item: OutboxItem) -> None:
        """Owe a message."""
        self._connection.execute(
            insert(outbox),
            {
                "id": item.id,
                "key": item.key,
                "kind": item.kind,
                "request_id": item.request_id,
                "person_id": item.person_id,
                "channel_id": item.channel_id,
                "body": json.dumps(dict(item.body)),
                "attempts": item.attempts,
                "due_at": item.due_at,
                "created_at": item.created_at,
                "version": item.version,
                "state": WAITING,
                "error": "",
            },
        )

    def claim_due(self, owner: str, now: datetime, lease_seconds: int, limit: int) -> tuple[OutboxItem, ...]:
        """Take what is due, the first undone message of each key only; each comes with how often it was tried before.

        Counted when it is taken: a worker that dies over a message may have sent it.
        """
        earlier = outbox.alias("earlier")
        first_of_key = ~exists().where(
            earlier.c.key == Column.key, earlier.c.state == WAITING, earlier.c.position < Column.position
        )
        rows = self._connection.execute(
            select(outbox)
            .where(
                Column.state == WAITING,
                Column.due_at <= now,
                or_(Column.lease_until.is_(None), Column.lease_until <= now),
                first_of_key,
            )
            .order_by(Column.position)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        if rows:
            self._connection.execute(
                update(outbox)
                .where(Column.id.in_([row.id for row in rows]))
                .values(
                    lease_owner=owner,
                    lease_until=now + timedelta(seconds=lease_seconds),
                    attempts=Column.attempts + 1,
                )
            )
        return tuple(_item(row) for row in rows)

    def is_waiting(self, key: str) -> bool:
        """Whether the newest message of this key is still owed: one seek, however many went before it."""
        newest = select(Column.state).where(Column.key == key).order_by(Column.position.desc()).limit(1)
        return self._connection.execute(newest).scalar() == WAITING

    def renew(self, item_id: str, owner: str, now: datetime, lease_seconds: int) -> bool:
        """Begin the lease anew before it is sent; False where it ran out and another worker has it, or it is over."""
        mine = (Column.id == item_id, Column.lease_owner == owner, Column.state == WAITING)
        until = now + timedelta(seconds=lease_seconds)
        return self._connection.execute(update(outbox).where(*mine).values(lease_until=until)).rowcount == 1

    def set_body(self, item_id: str, body: Mapping[str, JsonValue]) -> None:
        """Remember something about the attempt that is under way."""
        self._connection.execute(update(outbox).where(Column.id == item_id).values(body=json.dumps(dict(body))))

    def done(self, item_id: str) -> None:
        """It is sent."""
        self._connection.execute(update(outbox).where(Column.id == item_id).values(state=DONE, lease_until=None))

    def settle(self, key: str) -> None:
        """It need not be sent any more: the person has read it on the screen."""
        self._connection.execute(
            update(outbox).where(Column.key == key, Column.state == WAITING).values(state=DONE, lease_until=None)
        )

    def retry(self, item_id: str, at: datetime, error: str) -> None:
        """Try again later."""
        self._connection.execute(
            update(outbox).where(Column.id == item_id).values(due_at=at, lease_until=None, error=error)
        )

    def let_go_of_all(self) -> None:
        """At start, where one process alone serves the database: whoever held a lease is dead."""
        self._connection.execute(update(outbox).where(Column.state == WAITING).values(lease_until=None))

    def dead(self, item_id: str, error: str) -> None:
        """Slack will never take it."""
        self._connection.execute(
            update(outbox).where(Column.id == item_id).values(state=DEAD, lease_until=None, error=error)
        )

    def due_now(self, now: datetime) -> int:
        """How many messages could go out at this moment."""
        return self._connection.execute(
            select(func.count()).where(Column.state == WAITING, Column.due_at <= now)
        ).scalar_one()

    def purge(self, before: datetime) -> int:
        """Forget what was sent or given up before this; returns how many."""
        ended = Column.state.in_([DONE, DEAD])
        return self._connection.execute(delete(outbox).where(ended, Column.created_at < before)).rowcount

    def pending(self) -> int:
        """How many messages are still owed."""
        return self._connection.execute(select(func.count()).where(Column.state == WAITING)).scalar_one()


def _item(row: Row[Any]) -> OutboxItem:
    return OutboxItem(
        id=row.id,
        key=row.key,
        kind=row.kind,
        request_id=row.request_id,
        person_id=row.person_id,
        channel_id=row.channel_id,
        body=json.loads(row.body),
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        version=row.version,
    )

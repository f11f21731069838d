"""The chain's head: locked before a row is added, read there, and never remembered across commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.db.tables import audit_head


@dataclass(frozen=True, kw_only=True)
class Head:
    """The last row's number, hash and time."""

    seq: int
    hash: str
    occurred_at: datetime | None


def lock_head(connection: Connection) -> Head:
    """Read the head and keep others from it until the transaction ends."""
    row = connection.execute(
        select(audit_head.c.seq, audit_head.c.hash, audit_head.c.occurred_at)
        .where(audit_head.c.id == 1)
        .with_for_update()
    ).one()
    return Head(seq=row.seq, hash=row.hash, occurred_at=row.occurred_at)


def store_head(connection: Connection, head: Head) -> None:
    """Move the head, once a transaction."""
    connection.execute(
        update(audit_head)
        .where(audit_head.c.id == 1)
        .values(seq=head.seq, hash=head.hash, occurred_at=head.occurred_at)
    )

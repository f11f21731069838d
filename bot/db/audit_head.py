"""The chain's head: locked before a row is added, read there, and never remembered across commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, literal_column, select, update

from bot.db.driver import first, run, time_for
from bot.db.tables import audit_head
from bot.db.types import UtcTime
from bot.domain.errors import TrailUnavailable

_ROW = audit_head.c.id == literal_column("1")
_LOCK = select(audit_head.c.seq, audit_head.c.hash, audit_head.c.occurred_at).where(_ROW).with_for_update()
_MOVE = update(audit_head).where(_ROW).values({name: bindparam(name) for name in ("seq", "hash", "occurred_at")})
_TIME = UtcTime()


@dataclass(frozen=True, kw_only=True)
class Head:
    """The last row's number, hash and time."""

    seq: int
    hash: str
    occurred_at: datetime | None


def lock_head(connection: Connection) -> Head:
    """Read the head and keep others from it until the transaction ends. `TrailUnavailable` where it is gone."""
    found = first(connection, _LOCK, {})
    if found is None:
        raise TrailUnavailable("The audit trail has no head.", retryable=False)
    seq, row_hash, occurred_at = found
    return Head(seq=seq, hash=row_hash, occurred_at=_TIME.process_result_value(occurred_at, connection.dialect))


def store_head(connection: Connection, head: Head) -> None:
    """Move the head, once a transaction."""
    moved = {"seq": head.seq, "hash": head.hash, "occurred_at": time_for(connection.dialect, head.occurred_at)}
    run(connection, _MOVE, moved)

"""Anchors in SQL: only ever added to, and so by anybody who may write at all.

What somebody else put there must not silence the bot: an anchor counts only for a row that is there as it names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from bot.db.stored import time_as_text
from bot.db.tables import audit_anchors, audit_events, audit_head
from bot.domain.audit import Anchor

STREAM = 1_000

Column = audit_anchors.c
_HEAD = select(audit_head.c.seq).where(audit_head.c.id == 1).scalar_subquery()
_HASH_THERE = select(audit_events.c.hash).where(audit_events.c.seq == Column.seq).scalar_subquery()


class Anchors:
    """The anchors inside one unit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, anchor: Anchor) -> None:
        """Keep where a row was named, unless that row has an anchor already."""
        if self._connection.execute(select(Column.seq).where(Column.seq == anchor.seq)).first():
            return
        self._connection.execute(
            insert(audit_anchors).values(
                seq=anchor.seq,
                hash=anchor.hash,
                channel_id=anchor.channel_id,
                thread_ts=anchor.thread_ts,
                ts=anchor.ts,
                posted_at=anchor.posted_at,
            )
        )

    def last(self) -> Anchor | None:
        """The newest one that names a row as it is. One beyond the head, or for another hash, names nothing."""
        names = (Column.seq <= _HEAD, Column.hash == _HASH_THERE)
        row = self._connection.execute(self._read().where(*names).order_by(Column.seq.desc()).limit(1)).first()
        return _anchor(row) if row else None

    def count(self) -> int:
        """How many there are."""
        return self._connection.execute(select(func.count()).select_from(audit_anchors)).scalar_one()

    def named(self, since: int | None = None) -> Iterator[tuple[object, str]]:
        """(seq, hash) of each, oldest first, streamed: nothing else of them can be wrong in a way that matters.

        `since`: of those alone that name this row or a later one.
        """
        query = select(Column.seq, Column.hash).order_by(Column.seq)
        if since is not None:
            query = query.where(Column.seq >= since)
        for row in self._connection.execute(query, execution_options={"yield_per": STREAM}):
            yield row.seq, row.hash

    def hashes_of(self, seqs: Sequence[int]) -> dict[int, str]:
        """The hashes of those among these rows that have one."""
        query = select(Column.seq, Column.hash).where(Column.seq.in_(seqs))
        return {row.seq: row.hash for row in self._connection.execute(query)}

    def all(self) -> Iterator[Anchor]:
        """Every anchor, oldest first, streamed."""
        query = self._read().order_by(Column.seq)
        for row in self._connection.execute(query, execution_options={"yield_per": STREAM}):
            yield _anchor(row)

    def _read(self) -> Select[Any]:
        """With the time as text: no engine refuses to hand that out, whatever it says."""
        time = time_as_text(Column.posted_at, self._connection.dialect.name).label("posted_at")
        return select(*(time if column is Column.posted_at else column for column in Column))


def _anchor(row: Row[Any]) -> Anchor:
    return Anchor(
        seq=row.seq,
        hash=row.hash,
        channel_id=row.channel_id,
        thread_ts=row.thread_ts,
        ts=row.ts,
        posted_at=_time(row.posted_at),
    )


def _time(written: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return time if time.tzinfo else None

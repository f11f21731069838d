"""Anchors in SQL: only ever added to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from bot.db.tables import audit_anchors
from bot.domain.audit import Anchor

STREAM = 1_000


class Anchors:
    """The anchors inside one unit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, anchor: Anchor) -> None:
        """Keep where a row was named, unless that row has an anchor already."""
        if self._connection.execute(select(audit_anchors.c.seq).where(audit_anchors.c.seq == anchor.seq)).first():
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
        """The newest one."""
        row = self._connection.execute(select(audit_anchors).order_by(audit_anchors.c.seq.desc()).limit(1)).first()
        return _anchor(row) if row else None

    def count(self) -> int:
        """How many there are."""
        return self._connection.execute(select(func.count()).select_from(audit_anchors)).scalar_one()

    def named(self, since: int | None = None) -> Iterator[tuple[int, str]]:
        """(seq, hash) of each, oldest first, streamed: nothing else of them can be wrong in a way that matters.

        `since`: of those alone that name this row or a later one.
        """
        query = select(audit_anchors.c.seq, audit_anchors.c.hash).order_by(audit_anchors.c.seq)
        if since is not None:
            query = query.where(audit_anchors.c.seq >= since)
        for row in self._connection.execute(query, execution_options={"yield_per": STREAM}):
            yield row.seq, row.hash

    def all(self) -> Iterator[Anchor]:
        """Every anchor, oldest first, streamed."""
        query = select(audit_anchors).order_by(audit_anchors.c.seq)
        for row in self._connection.execute(query, execution_options={"yield_per": STREAM}):
            yield _anchor(row)


def _anchor(row: Row[Any]) -> Anchor:
    return Anchor(
        seq=row.seq,
        hash=row.hash,
        channel_id=row.channel_id,
        thread_ts=row.thread_ts,
        ts=row.ts,
        posted_at=row.posted_at,
    )

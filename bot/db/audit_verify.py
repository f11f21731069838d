"""Verification of a database's trail: its rows against chain, leaves, MACs, head and anchors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Integer, cast, func, select
from sqlalchemy.exc import OperationalError

from bot.db.anchors import Anchors
from bot.db.audit_walk import Beginning, Fault, Finding, Walk
from bot.db.chain import GENESIS, AuditKeys
from bot.db.connections import reading_any_bytes
from bot.db.stored import StoredRow, stored_columns, stored_row
from bot.db.tables import audit_events, audit_head
from bot.domain.audit import Anchor

__all__ = ["Finding", "against_posted", "verify_rows"]

STREAM = 1_000

Column = audit_events.c


def verify_rows(connection: Connection, keys: AuditKeys, *, start: int = 1) -> Finding:
    """Walk the chain from row `start` to the head, in constant memory. The row before `start` is taken as good.

    Where that row is not there, all rows are walked.
    """
    try:
        return _verify(connection, keys, start)
    except OperationalError:
        if connection.dialect.name != "sqlite":
            raise
    with reading_any_bytes(connection):  # text that is no UTF-8 was put there past the program: name its row
        return _verify(connection, keys, start)


def _verify(connection: Connection, keys: AuditKeys, start: int) -> Finding:
    walk = Walk(keys, _beginning(connection, start))
    return walk.run(_rows(connection, walk.expected)) or _at_the_end(connection, walk)


def _rows(connection: Connection, start: int) -> Iterator[StoredRow]:
    columns = stored_columns(connection.dialect.name)
    query = select(*columns).where(Column.seq >= start).order_by(Column.seq)
    for row in connection.execute(query, execution_options={"yield_per": STREAM}):
        yield stored_row(row)


def _beginning(connection: Connection, start: int) -> Beginning:
    """The first row that must be there: rows up to one that a checkpoint names may have been deleted."""
    before = connection.execute(select(Column.hash).where(Column.seq == start - 1)).scalar()
    if before is not None:
        return Beginning(seq=start, previous_hash=before)
    first = connection.execute(select(Column.seq, Column.prev_hash).order_by(Column.seq).limit(1)).first()
    if first is not None and first.seq > 1 and _is_checkpointed(connection, first.seq - 1):
        return Beginning(seq=first.seq, previous_hash=first.prev_hash)
    return Beginning()


def _is_checkpointed(connection: Connection, seq: int) -> bool:
    """Whether a checkpoint, which the walk verifies like any row, lets everything up to this row be deleted."""
    named = func.substr(Column.target, len("seq:") + 1)
    wanted = select(Column.seq).where(Column.kind == "checkpoint", cast(named, Integer) >= seq, Column.seq > seq)
    return connection.execute(wanted.limit(1)).first() is not None


def _at_the_end(connection: Connection, walk: Walk) -> Finding:
    """The head names the last row, every stored anchor names a row that is there, no erasure lacks its tombstone."""
    head = connection.execute(select(audit_head).where(audit_head.c.id == 1)).one()
    last = walk.expected - 1
    if head.seq > last:
        return Finding(rows=walk.rows, seq=last + 1, fault=Fault.CUT, detail=f"the head names row {head.seq}")
    if (head.seq, head.hash) != (last, walk.previous_hash or GENESIS):
        return Finding(rows=walk.rows, seq=max(last, 1), fault=Fault.ALTERED, detail="the head names another last row")
    return _against_anchors(connection, Anchors(connection).all(), walk, Fault.CUT) or walk.end()


def _against_anchors(connection: Connection, anchors: Iterable[Anchor], walk: Walk, beyond: Fault) -> Finding | None:
    for anchor in anchors:
        found = against_row(connection, anchor.seq, anchor.hash, rows=walk.rows, last=walk.expected - 1, beyond=beyond)
        if found is not None:
            return found
    return None


def against_row(
    connection: Connection, seq: int, row_hash: str, *, rows: int, last: int, beyond: Fault
) -> Finding | None:
    """None where the row that was anchored is there as it was, or was deleted behind a checkpoint."""
    if seq > last:
        return Finding(rows=rows, seq=last + 1, fault=beyond, detail=f"an anchor names row {seq}")
    there = connection.execute(select(Column.hash).where(Column.seq == seq)).scalar()
    if there is None or there == row_hash:
        return None
    return Finding(rows=rows, seq=seq, fault=Fault.ALTERED, detail="an anchor names another hash for it")


def against_posted(connection: Connection, posted: Iterable[tuple[int, str]], *, rows: int) -> Finding | None:
    """The trail against what stands in Slack, (seq, hash) each: what is newer there was rolled back here."""
    last = int(connection.execute(select(func.max(Column.seq))).scalar() or 0)
    for seq, row_hash in sorted(posted):
        found = against_row(connection, seq, row_hash, rows=rows, last=last, beyond=Fault.ROLLED_BACK)
        if found is not None:
            return found
    return None

"""Verification of a database's trail: its rows against chain, leaves, MACs, head and anchors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError

from bot.db.anchors import Anchors
from bot.db.audit_walk import Beginning, Fault, Finding, Walk
from bot.db.chain import GENESIS, AuditKeys
from bot.db.connections import reading_any_bytes
from bot.db.stored import StoredRow, seq_named, stored_columns, stored_row
from bot.db.tables import CHECKPOINT, audit_events, audit_head

__all__ = ["Finding", "against_posted", "verify_rows", "verify_tail"]

STREAM = 1_000

Column = audit_events.c


def verify_rows(connection: Connection, keys: AuditKeys, *, start: int = 1) -> Finding:
    """Walk the chain from row `start` to the head, in constant memory. What is before `start` is taken as good.

    Where that row is not there, all rows are walked.
    """
    try:
        return _verify(connection, keys, start)
    except OperationalError:
        if connection.dialect.name != "sqlite":
            raise
    with reading_any_bytes(connection):  # text that is no UTF-8 was put there past the program: name its row
        return _verify(connection, keys, start)


def verify_tail(connection: Connection, keys: AuditKeys, *, rows: int) -> Finding:
    """Walk the newest rows alone: soon done, however long the trail."""
    last = connection.execute(select(func.max(Column.seq))).scalar()
    return verify_rows(connection, keys, start=last - rows + 1 if isinstance(last, int) else 1)


def _verify(connection: Connection, keys: AuditKeys, start: int) -> Finding:
    before = _hash_before(connection, start)
    since = None if before is None else start
    walk = Walk(keys, _beginning(connection) if before is None else Beginning(seq=start, previous_hash=before))
    return walk.run(_rows(connection, since)) or _at_the_end(connection, walk, since)


def _rows(connection: Connection, start: int | None) -> Iterator[StoredRow]:
    """From this row on; None: all there are, those that somebody put before the first one as well."""
    query = select(*stored_columns(connection.dialect.name)).order_by(Column.seq)
    if start is not None:
        query = query.where(Column.seq >= start)
    for row in connection.execute(query, execution_options={"yield_per": STREAM}):
        yield stored_row(row)


def _hash_before(connection: Connection, start: int) -> str | None:
    """Of the row that is taken as good; None where there is none to be."""
    if start <= 1:
        return None
    return connection.execute(select(Column.hash).where(Column.seq == start - 1)).scalar()


def _beginning(connection: Connection) -> Beginning:
    """The first row that must be there: rows up to one that a checkpoint names may have been deleted."""
    first = connection.execute(select(Column.seq, Column.prev_hash).order_by(Column.seq).limit(1)).first()
    seq = first.seq if first is not None and isinstance(first.seq, int) else 1
    if first is not None and seq > 1 and _is_checkpointed(connection, seq - 1):
        return Beginning(seq=seq, previous_hash=first.prev_hash)
    return Beginning()


def _is_checkpointed(connection: Connection, seq: int) -> bool:
    """Whether a checkpoint, which the walk verifies like any row, lets everything up to this row be deleted."""
    named = select(Column.target).where(text(CHECKPOINT), Column.seq > seq)
    return any(seq_named(target) >= seq for target in connection.execute(named).scalars())


def _at_the_end(connection: Connection, walk: Walk, since: int | None) -> Finding:
    """The head names the last row, every stored anchor names a row that is there, no erasure lacks its tombstone."""
    last = walk.expected - 1
    head = connection.execute(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)).first()
    if head is None:
        return Finding(rows=walk.rows, seq=last + 1, fault=Fault.CUT, detail="the head is gone")
    if isinstance(head.seq, int) and head.seq > last:
        return Finding(rows=walk.rows, seq=last + 1, fault=Fault.CUT, detail=f"the head names row {head.seq}")
    if (head.seq, head.hash) != (last, walk.previous_hash or GENESIS):
        return Finding(rows=walk.rows, seq=max(last, 1), fault=Fault.ALTERED, detail="the head names another last row")
    found = _against_anchors(connection, Anchors(connection).named(since), walk, Fault.CUT)
    if found is None and not _has_time_of_last(connection):
        return Finding(rows=walk.rows, seq=max(last, 1), fault=Fault.ALTERED, detail="the head names another time")
    return found or walk.end()


def _has_time_of_last(connection: Connection) -> bool:
    """No row is given an earlier time than the head's. Compared where it is stored: it need not be a time at all."""
    time = audit_head.c.occurred_at
    agree = select(audit_head.c.id).outerjoin(audit_events, Column.seq == audit_head.c.seq)
    agree = agree.where(audit_head.c.id == 1, time.is_not_distinct_from(Column.occurred_at))
    return connection.execute(agree).first() is not None


def _against_anchors(
    connection: Connection, anchors: Iterable[tuple[int, str]], walk: Walk, beyond: Fault
) -> Finding | None:
    for seq, row_hash in anchors:
        found = against_row(connection, seq, row_hash, rows=walk.rows, last=walk.expected - 1, beyond=beyond)
        if found is not None:
            return found
    return None


def against_row(
    connection: Connection, seq: object, row_hash: str, *, rows: int, last: int, beyond: Fault
) -> Finding | None:
    """None where the row that was anchored is there as it was, or was deleted behind a checkpoint."""
    if not isinstance(seq, int):
        return Finding(rows=rows, seq=max(last, 1), fault=Fault.ALTERED, detail="an anchor's number is none")
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

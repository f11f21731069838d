"""Verification of a database's trail: its rows against chain, leaves, MACs, head and anchors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from math import inf

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError

from bot.db.anchors import Anchors
from bot.db.audit_walk import Beginning, Fault, Finding, Walk
from bot.db.chain import GENESIS, AuditKeys
from bot.db.connections import reading_any_bytes
from bot.db.stored import StoredRow, seq_named, stored_columns, stored_row
from bot.db.tables import CHECKPOINT, audit_events, audit_head
from bot.domain.audit import AuditAction, AuditKind

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
    walk = Walk(keys, _beginning(connection) if before is None else Beginning(seq=start, previous_hash=before))
    found = walk.run(_rows(connection, None if before is None else start))
    first = 1 if before is None else start
    if found is not None:
        return _first([found, *_of_anchors(connection, walk, first, before=found.seq)])
    beside = [_of_the_head(connection, walk), *_of_anchors(connection, walk, first)]
    if not any(beside) and not _has_time_of_last(connection):
        beside.append(_at(walk, walk.expected - 1, Fault.ALTERED, "the head names another time"))
    return _first([*beside, walk.end()])


def _first(found: Iterable[Finding | None]) -> Finding:
    """Of several faults the one at the first row. The last finding is what holds without any."""
    known = [one for one in found if one is not None]
    return min(known, key=lambda one: inf if one.seq is None else one.seq)


def _at(walk: Walk, seq: int, fault: Fault, detail: str) -> Finding:
    """What is wrong beside the rows; an empty trail has its first row for that."""
    return Finding(rows=walk.rows, seq=max(seq, 1), fault=fault, detail=detail)


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


def _of_the_head(connection: Connection, walk: Walk) -> Finding | None:
    """It names the last row."""
    last = walk.expected - 1
    head = connection.execute(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)).first()
    if head is None:
        return _at(walk, last + 1, Fault.CUT, "the head is gone")
    if isinstance(head.seq, int) and head.seq > last:
        return _at(walk, last + 1, Fault.CUT, f"the head names row {head.seq}")
    if (head.seq, head.hash) != (last, walk.previous_hash or GENESIS):
        return _at(walk, last, Fault.ALTERED, "the head names another last row")
    return None


def _has_time_of_last(connection: Connection) -> bool:
    """No row is given an earlier time than the head's. Compared where it is stored: it need not be a time at all."""
    time = audit_head.c.occurred_at
    agree = select(audit_head.c.id).outerjoin(audit_events, Column.seq == audit_head.c.seq)
    agree = agree.where(audit_head.c.id == 1, time.is_not_distinct_from(Column.occurred_at))
    return connection.execute(agree).first() is not None


def _of_anchors(
    connection: Connection, walk: Walk, first: int, *, before: int | None = None
) -> Iterator[Finding | None]:
    """Every stored one names a row that is there, and every row about one finds it stored. Of rows `before` one alone.

    The two are written in one transaction: no crash leaves one without the other.
    """
    named = Anchors(connection).named(first if first > 1 else None)
    known = named if before is None else ((seq, of) for seq, of in named if isinstance(seq, int) and seq < before)
    yield _against_anchors(connection, known, walk, Fault.CUT)
    gone = (seq for seq, anchored in _rows_about_anchors(connection, first, before) if not anchored)
    for seq in islice(gone, 1):
        yield _at(walk, seq, Fault.MISSING, "the anchor that it tells of is no longer stored")


def _rows_about_anchors(connection: Connection, first: int, before: int | None) -> Iterator[tuple[int, bool]]:
    """Each row's seq, and whether the anchor is stored as it says. Only the program writes such a target."""
    about = (Column.action == AuditAction.AUDIT_ANCHOR.value, Column.kind == AuditKind.ANCHOR.value)
    within = (Column.seq >= first, Column.target.like("seq:%"), *about)
    rows = select(Column.seq, Column.target, Column.payload).where(*within).order_by(Column.seq)
    if before is not None:
        rows = rows.where(Column.seq < before)
    for some in connection.execute(rows, execution_options={"yield_per": STREAM}).partitions():
        stored = Anchors(connection).hashes_of([seq_named(row.target) for row in some])
        for row in some:
            kept = stored.get(seq_named(row.target))
            yield row.seq, kept is not None and _hash_said(row.payload) in (None, kept)


def _hash_said(payload: str | None) -> str | None:
    """By the row about an anchor; None where it is erased."""
    said = json.loads(payload).get("hash") if payload else None
    return said if isinstance(said, str) else None


def _against_anchors(
    connection: Connection, anchors: Iterable[tuple[object, str]], walk: Walk, beyond: Fault
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

"""Taking something out of the trail: a payload behind a tombstone row, a prefix behind a checkpoint row.

The triggers let through exactly this and nothing else, on PostgreSQL for the tables' owner alone. Rows are only the
trail: requests live in tables of their own, so an open one loses nothing when the first rows of its story go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select, text, update

from bot.db.audit import AuditTrail, record_from
from bot.db.audit_search import clear_entries, forget_entries, index_entries, wipe_forgotten
from bot.db.stored import seq_named
from bot.db.tables import audit_events
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, AuditOutcome, AuditRecord, JsonValue
from bot.domain.errors import Conflict, InvalidInput
from bot.domain.ids import new_story_id

BATCH = 1_000
"""Rows a transaction of a deletion: others get their turn in between."""
KEPT = timedelta(hours=24)
"""What happened within this time is never cut off."""

NEVER_ERASED = frozenset({AuditKind.TOMBSTONE.value, AuditKind.CHECKPOINT.value})
"""What these rows say is what the triggers and verification go by."""

ERASING = (("audit_events", "UPDATE"), ("audit_search", "DELETE"), ("audit_search", "INSERT"))
INDEXING = (("audit_search", "DELETE"), ("audit_search", "INSERT"))
DELETING = (("audit_events", "DELETE"), ("audit_search", "DELETE"))

Column = audit_events.c


@dataclass(frozen=True, kw_only=True)
class Prefix:
    """The rows from the trail's first one to a last one."""

    first_seq: int
    last_seq: int
    last_hash: str

    @property
    def rows(self) -> int:
        """How many there must be: the chain has no gaps."""
        return self.last_seq - self.first_seq + 1


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """A deletion whose checkpoint row is written while rows before it are still there."""

    checkpoint: AuditRecord
    last_seq: int
    file_seq: int
    sha256: str


class Retention:
    """Erasure and deletion inside one unit; what writes a row of the trail needs `Database.write`."""

    def __init__(self, trail: AuditTrail, now: datetime) -> None:
        self._trail = trail
        self._now = now

    def lacks(self, rights: Sequence[tuple[str, str]]) -> bool:
        """Whether this role may not do it at all: on PostgreSQL, the one that serves may not."""
        if self._trail.written.dialect.name == "sqlite":
            return False
        asked = text("SELECT has_table_privilege(:relation, :right)")
        return not all(
            self._trail.written.execute(asked, {"relation": relation, "right": right}).scalar()
            for relation, right in rights
        )

    def erase(self, seqs: Sequence[int], story: str, payload: dict[str, JsonValue]) -> int:
        """Payload and salt of these rows, all or none of them, each behind a tombstone row with this payload.

        Returns the last tombstone's seq.
        """
        rows, last = [self._erasable(seq) for seq in seqs], 0
        if self._trail.written.dialect.name == "sqlite":
            self._trail.written.exec_driver_sql("PRAGMA secure_delete = ON")
        for row in rows:
            last = self._trail.append(_tombstone(row.seq, story, payload)).seq
            # Written by now: the trigger lets through only what a tombstone names.
            self._trail.written.execute(
                update(audit_events).where(Column.seq == row.seq).values(payload=None, salt=None)
            )
            # Its columns stay, and so it can still be found by them: what a row is indexed by follows from the row.
            record = record_from(row)
            forget_entries(self._trail.written, [(row.seq, record)])
            index_entries(self._trail.written, [(row.seq, replace(record, payload={}))])
        wipe_forgotten(self._trail.written)
        return last

    def _erasable(self, seq: int) -> Row[Any]:
        row = self._trail.written.execute(select(audit_events).where(Column.seq == seq)).first()
        if row is None:
            raise InvalidInput(f"The trail has no row {seq}.")
        if row.kind in NEVER_ERASED:
            raise InvalidInput(f"Row {seq} is a {row.kind}, which is never erased: verification goes by it.")
        if row.payload is None:
            raise InvalidInput(f"Row {seq} is erased already.")
        return row

    def prefix(self, before: datetime | int) -> Prefix | None:
        """All rows before a time, or before a row; None where there are none.

        `InvalidInput` where the cut would fall into the last 24 hours.
        """
        young = self._now - KEPT
        if isinstance(before, datetime) and before > young:
            raise InvalidInput("The last 24 hours are never cut off. Give an earlier time.")
        bound = Column.occurred_at < before if isinstance(before, datetime) else Column.seq < before
        order = (Column.occurred_at.desc(), Column.seq.desc()) if isinstance(before, datetime) else (Column.seq.desc(),)
        last = self._trail.written.execute(
            select(Column.seq, Column.hash, Column.occurred_at).where(bound).order_by(*order).limit(1)
        ).first()
        if last is None:
            return None
        if last.occurred_at > young:
            raise InvalidInput(f"Row {last.seq} is of the last 24 hours, which are never cut off. Give an earlier row.")
        return Prefix(first_seq=self._first() or last.seq, last_seq=last.seq, last_hash=last.hash)

    def file_end(self, first: int, last: int) -> int:
        """The row up to which a file of these rows must go, so that each row erased in it has its tombstone in it.

        Rows on the way to a tombstone may be erased themselves, by a later one: sorted by the rows that they name, one
        look at each tombstone is enough.
        """
        query = select(Column.target, Column.seq).where(Column.kind == AuditKind.TOMBSTONE.value, Column.seq > last)
        end = last
        for named, tombstone in sorted((seq_named(row.target), row.seq) for row in self._trail.written.execute(query)):
            if first <= named <= end:
                end = max(end, tombstone)
        return end

    def checkpoint(self, prefix: Prefix, payload: dict[str, JsonValue]) -> AuditRecord:
        """Write the row that lets go of the prefix; it says what was there."""
        stored = select(Column.hash).where(Column.seq == prefix.last_seq)
        found = (self._first(), self._trail.written.execute(stored).scalar())
        if found != (prefix.first_seq, prefix.last_hash):
            raise Conflict("The trail changed while it was being exported. Run it again.")
        return self._trail.append(
            AuditEntry(
                kind=AuditKind.CHECKPOINT,
                story=new_story_id(),
                action=AuditAction.AUDIT_TRUNCATE,
                outcome=AuditOutcome.SUCCEEDED,
                target=f"seq:{prefix.last_seq}",
                payload={
                    "first_seq": prefix.first_seq,
                    "last_seq": prefix.last_seq,
                    "last_hash": prefix.last_hash,
                    "rows": prefix.rows,
                    **payload,
                },
            )
        )

    def unfinished(self) -> Unfinished | None:
        """The newest checkpoint, while rows that it lets go of are still there."""
        newest = select(audit_events).where(text("kind = 'checkpoint'")).order_by(Column.seq.desc()).limit(1)
        row = self._trail.written.execute(newest).first()
        if row is None:
            return None
        record, last = record_from(row), int(row.target.removeprefix("seq:"))
        if (self._first() or row.seq) > last:
            return None
        said = record.payload
        return Unfinished(
            checkpoint=record,
            last_seq=last,
            file_seq=int(str(said.get("export_last_seq") or last)),
            sha256=str(said.get("export_sha256") or ""),
        )

    def remove(self, last_seq: int) -> int:
        """Delete the next rows up to this one, and their words; how many. 0: all are gone."""
        query = select(audit_events).where(Column.seq <= last_seq).order_by(Column.seq).limit(BATCH)
        rows = self._trail.written.execute(query).all()
        if not rows:
            return 0
        forget_entries(self._trail.written, [(row.seq, record_from(row)) for row in rows])
        self._trail.written.execute(delete(audit_events).where(Column.seq <= rows[-1].seq))
        return len(rows)

    def index_anew(self) -> int:
        """Make every row findable again by what it says, and by nothing else; how many."""
        last, rows = self._trail.head().seq, 0
        clear_entries(self._trail.written, last)
        query = select(audit_events).where(Column.seq <= last).order_by(Column.seq)
        for some in self._trail.written.execute(query, execution_options={"yield_per": BATCH}).partitions():
            index_entries(self._trail.written, [(row.seq, record_from(row)) for row in some])
            rows += len(some)
        return rows

    def _first(self) -> int | None:
        return self._trail.written.execute(select(func.min(Column.seq))).scalar()


def _tombstone(seq: int, story: str, payload: dict[str, JsonValue]) -> AuditEntry:
    return AuditEntry(
        kind=AuditKind.TOMBSTONE,
        story=story,
        action=AuditAction.AUDIT_ERASE,
        outcome=AuditOutcome.SUCCEEDED,
        target=f"seq:{seq}",
        payload=payload,
    )

"""Verification: rows against chain, leaves and MACs. Names the first bad row and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.db.chain import GENESIS, HASHED, AuditKeys, hash_of, leaf_of
from bot.db.tables import audit_events, audit_head
from bot.db.types import as_text

STREAM = 1_000
UNKNOWN_KEY = "signed with a key that is not in AUDIT_KEYS"

Column = audit_events.c


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What verification found: `seq` None means that all is well. `rows` held before it."""

    rows: int
    seq: int | None = None
    problem: str = ""
    wrong_key: bool = False


def verify_rows(connection: Connection, keys: AuditKeys, *, start: int = 1) -> Finding:
    """Walk the chain from row `start` to the head, in constant memory. The row before `start` is taken as good."""
    walk = _Walk(connection, keys, start)
    query = select(audit_events).where(Column.seq >= walk.expected).order_by(Column.seq)
    for row in connection.execute(query, execution_options={"yield_per": STREAM}):
        problem = walk.problem_of(row)
        if problem:
            seq = min(row.seq, walk.expected)
            return Finding(rows=walk.rows, seq=seq, problem=problem, wrong_key=problem == UNKNOWN_KEY)
        walk.step(row)
    return walk.end()


class _Walk:
    """Where the walk stands: what the next row must be, and which erasures have not been accounted for yet."""

    def __init__(self, connection: Connection, keys: AuditKeys, start: int) -> None:
        self._connection = connection
        self._keys = keys
        self._erased: dict[str, int] = {}
        self.rows = 0
        self.expected, self._previous_hash = self._beginning(start)

    def _beginning(self, start: int) -> tuple[int, str]:
        """The first row that must be there: rows up to one that a checkpoint names may have been deleted."""
        first = self._connection.execute(
            select(Column.seq, Column.prev_hash).where(Column.seq >= start).order_by(Column.seq).limit(1)
        ).first()
        if first is None:
            return self._after(start)
        named = select(Column.seq).where(Column.kind == "checkpoint", Column.target == f"seq:{first.seq - 1}")
        if first.seq > 1 and self._connection.execute(named.limit(1)).first() is not None:
            return first.seq, first.prev_hash
        return self._after(start)

    def _after(self, start: int) -> tuple[int, str]:
        before = self._connection.execute(select(Column.hash).where(Column.seq == start - 1)).scalar()
        return (start, before) if before else (1, GENESIS)

    def problem_of(self, row: Row[Any]) -> str:
        if row.seq != self.expected:
            return "missing"
        if row.prev_hash != self._previous_hash:
            return "not linked to the row before it (inserted, reordered or altered)"
        if row.payload is not None and leaf_of(row.salt or "", row.payload) != row.leaf:
            return "altered: the payload does not fit its leaf"
        columns = {name: getattr(row, name) for name in HASHED}
        if hash_of({**columns, "occurred_at": as_text(row.occurred_at)}) != row.hash:
            return "altered: the columns do not fit the hash"
        if not self._keys.knows(row.key_id):
            return UNKNOWN_KEY
        if not self._keys.verify(row.key_id, row.hash, row.mac):
            return "altered: the MAC does not fit"
        return ""

    def step(self, row: Row[Any]) -> None:
        """The row is good: go on behind it."""
        if row.payload is None:
            self._erased[f"seq:{row.seq}"] = row.seq
        if row.kind == "tombstone":
            self._erased.pop(row.target, None)
        self._previous_hash, self.expected, self.rows = row.hash, row.seq + 1, self.rows + 1

    def end(self) -> Finding:
        """What only shows at the end: erasures without a tombstone, and rows cut off behind the last one."""
        if self._erased:
            return Finding(rows=self.rows, seq=min(self._erased.values()), problem="erased without a tombstone")
        head = self._connection.execute(select(audit_head).where(audit_head.c.id == 1)).one()
        if (head.seq, head.hash) != (self.expected - 1, self._previous_hash):
            return Finding(rows=self.rows, seq=self.expected, problem="cut: the head names another last row")
        return Finding(rows=self.rows)

"""Verification: rows against chain, leaves and MACs. Names the first bad row and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.db.chain import GENESIS, HASHED, AuditKeys, hash_of, leaf_of
from bot.db.tables import as_text, audit_events, audit_head

STREAM = 1_000


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What verification found: `seq` None means that all is well."""

    rows: int
    seq: int | None = None
    problem: str = ""
    wrong_key: bool = False


def verify_rows(connection: Connection, keys: AuditKeys) -> Finding:
    """Walk the chain from its first row to the head, in constant memory."""
    previous_hash, expected, count = GENESIS, 1, 0
    rows = connection.execution_options(yield_per=STREAM).execute(select(audit_events).order_by(audit_events.c.seq))
    for row in rows:
        if count == 0 and row.kind == "checkpoint":
            previous_hash, expected = row.prev_hash, row.seq
        problem = _problem(row, expected, previous_hash, keys)
        if problem:
            wrong_key = problem == UNKNOWN_KEY
            return Finding(rows=count, seq=min(row.seq, expected), problem=problem, wrong_key=wrong_key)
        previous_hash, expected, count = row.hash, row.seq + 1, count + 1
    return _against_head(connection, previous_hash, expected - 1, count)


UNKNOWN_KEY = "signed with a key that is not in AUDIT_KEYS"


def _problem(row: Row[Any], expected: int, previous_hash: str, keys: AuditKeys) -> str:
    if row.seq != expected:
        return "missing" if row.seq > expected else "inserted or reordered"
    if row.prev_hash != previous_hash:
        return "not linked to the row before it (inserted, reordered or altered)"
    if row.payload is not None and leaf_of(row.salt or "", row.payload) != row.leaf:
        return "altered: the payload does not fit its leaf"
    columns = {name: getattr(row, name) for name in HASHED}
    columns["occurred_at"] = as_text(row.occurred_at)
    if hash_of(columns) != row.hash:
        return "altered: the columns do not fit the hash"
    if not keys.knows(row.key_id):
        return UNKNOWN_KEY
    if not keys.verify(row.key_id, row.hash, row.mac):
        return "altered: the MAC does not fit"
    return ""


def _against_head(connection: Connection, last_hash: str, last_seq: int, count: int) -> Finding:
    head = connection.execute(select(audit_head).where(audit_head.c.id == 1)).one()
    if (head.seq, head.hash) != (last_seq, last_hash):
        return Finding(rows=count, seq=last_seq + 1, problem="cut: the head names another last row")
    return Finding(rows=count)

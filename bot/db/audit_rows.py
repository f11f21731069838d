"""Rows that are in the chain and not yet in the table: a transaction writes them together, before its head moves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Dialect, insert

from bot.db.audit_draft import Draft
from bot.db.audit_search import index_bodies
from bot.db.driver import run_all, time_for
from bot.db.tables import audit_events
from bot.domain.audit import AuditRecord

_INSERT = insert(audit_events).prefix_with("OR FAIL", dialect="sqlite")


class UnwrittenRows:
    """One transaction's. Whoever reads the trail inside it has them written first."""

    def __init__(self) -> None:
        self._rows: list[tuple[AuditRecord, Draft]] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._rows)

    def add(self, record: AuditRecord, draft: Draft) -> None:
        """The next row, and what it was made of."""
        self._rows.append((record, draft))

    def write(self, connection: Connection) -> None:
        """Put them into the table and make them findable."""
        if not self._rows:
            return
        run_all(connection, _INSERT, [_columns(*row, connection.dialect) for row in self._rows])
        index_bodies(connection, [(record.seq, draft.body) for record, draft in self._rows])
        self._rows.clear()

    def forget(self) -> None:
        """Their unit failed."""
        self._rows.clear()


def _columns(record: AuditRecord, draft: Draft, dialect: Dialect) -> dict[str, Any]:
    return {
        **draft.columns,
        "seq": record.seq,
        "occurred_at": time_for(dialect, record.occurred_at),
        "salt": record.salt,
        "leaf": record.leaf,
        "prev_hash": record.prev_hash,
        "hash": record.hash,
        "mac": record.mac,
        "key_id": record.key_id,
    }

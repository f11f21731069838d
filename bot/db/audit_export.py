"""Rows of the trail as they are stored, for files: oldest first, a batch at a time, in constant memory.

The same filters as a page's, and the same keyset walk: no OFFSET, no cursor that stays open on the server, and no
snapshot that is held while a file grows. The trail is append-only, so that batches fit together all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.db.audit_queries import find_page
from bot.db.stored import COLUMNS, StoredRow, stored_columns, stored_row
from bot.domain.audit import AuditFilter

__all__ = ["COLUMNS", "Batch", "next_batch"]

BATCH = 1_000
"""Rows at a time: less than the `LOOK` of `audit_queries`, so that no bounded look ends within a batch unseen."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some rows, oldest first. `next_after` is where the walk goes on; None: it is at its end."""

    rows: tuple[StoredRow, ...]
    next_after: int | None


def next_batch(connection: Connection, wanted: AuditFilter, *, after: int) -> Batch:
    """The first rows behind row `after` that the filter lets through."""
    columns = stored_columns(connection.dialect.name)
    found, further, _, scanned_to = find_page(connection, replace(wanted, after_seq=after, limit=BATCH), columns)
    rows = tuple(stored_row(row) for row in reversed(found))
    if not further:
        return Batch(rows=rows, next_after=None)
    return Batch(rows=rows, next_after=scanned_to if scanned_to is not None else found[0].seq)

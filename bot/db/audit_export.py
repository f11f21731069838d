"""Rows of the trail as they are stored, for files: oldest first, a batch at a time, in constant memory.

The same filters as a page's, and the same keyset walk: no OFFSET, no cursor that stays open on the server, and no
snapshot that is held while a file grows. The trail is append-only, so that batches fit together all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from bot.db.audit_queries import find_page
from bot.db.tables import audit_events
from bot.db.types import StoredRow, stored_row
from bot.domain.audit import AuditFilter

BATCH = 500
"""Rows at a time: less than the `LOOK` of `audit_queries`, so that no bounded look ends within a batch unseen."""

COLUMNS = tuple(column.name for column in audit_events.c)
"""Every column, in the order of the table."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some rows, oldest first. `next_after` is where the walk goes on; None: it is at its end."""

    rows: tuple[StoredRow, ...]
    next_after: int | None


def next_batch(connection: Connection, wanted: AuditFilter, *, after: int) -> Batch:
    """The first rows behind row `after` that the filter lets through."""
    found, further, _, scanned_to = find_page(connection, replace(wanted, after_seq=after, limit=BATCH))
    rows = tuple(stored_row(row) for row in reversed(found))
    if not further:
        return Batch(rows=rows, next_after=None)
    return Batch(rows=rows, next_after=scanned_to if scanned_to is not None else found[0].seq)

"""Writing the audit trail, and reading single stories of it. Pages are in `audit_queries`, checks in `audit_verify`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.db.audit_counts import Counted
from bot.db.audit_draft import Draft, drafted
from bot.db.audit_export import Batch, next_batch
from bot.db.audit_head import Head
from bot.db.audit_queries import find_page
from bot.db.audit_rows import UnwrittenRows
from bot.db.audit_search import index_problem
from bot.db.audit_story import rows_of_story, story_named
from bot.db.audit_summary import summary_of
from bot.db.audit_targets import is_target, names_like, targets_like
from bot.db.audit_verify import against_posted, verify_rows, verify_tail
from bot.db.audit_walk import Finding
from bot.db.chain import AuditKeys, hash_in_chain, leaf_of, new_salt
from bot.db.closing import closing_line
from bot.db.tables import audit_events, audit_head
from bot.db.types import as_text
from bot.domain.audit import (
    AuditAction,
    AuditEntry,
    AuditFilter,
    AuditKind,
    AuditOutcome,
    AuditPage,
    AuditRecord,
    AuditStory,
    JsonValue,
)
from bot.domain.audit_figures import AuditCount, AuditSummary
from bot.domain.errors import TrailUnavailable
from bot.domain.ports import Clock


class AuditTrail:
    """The trail inside one unit. Appending needs the head, which only `Database.write` locks."""

    def __init__(
        self, connection: Connection, *, keys: AuditKeys, head: Head | None, clock: Clock, unwritten: UnwrittenRows
    ) -> None:
        self._connection = connection
        self._unwritten = unwritten
        self._keys = keys
        self._clock = clock
        self.head_state = head

    def append(self, entry: AuditEntry) -> AuditRecord:
        """Add one row to the chain. `TrailUnavailable` outside `Database.write`."""
        return self.append_draft(drafted(entry, self._connection.dialect.name))

    def append_draft(self, draft: Draft) -> AuditRecord:
        """The same, of what was made of an entry before the head was locked: whoever waits for it waits less.

        A clock that went back does not take the trail with it: `occurred_at` never falls behind the row before.
        """
        head = self.head_state
        if head is None:
            raise TrailUnavailable("The audit head is not locked here.", retryable=False)
        now = self._clock.now()
        record = self._chained(draft, head, max(now, head.occurred_at or now))
        self._unwritten.add(record, draft)
        self.head_state = Head(seq=record.seq, hash=record.hash, occurred_at=record.occurred_at)
        return record

    def _chained(self, draft: Draft, head: Head, occurred_at: datetime) -> AuditRecord:
        salt = new_salt()
        chained: dict[str, Any] = {
            "seq": head.seq + 1,
            "leaf": leaf_of(salt, draft.columns["payload"]),
            "prev_hash": head.hash,
            "key_id": self._keys.current_id,
        }
        row_hash = hash_in_chain(draft.form, occurred_at=as_text(occurred_at), **chained)
        mac = self._keys.mac(row_hash)
        return _record(
            {**draft.entry, **chained, "occurred_at": occurred_at, "salt": salt, "hash": row_hash, "mac": mac}
        )

    @property
    def written(self) -> Connection:
        """For reading: all that was appended in this transaction is in the table."""
        self._unwritten.write(self._connection)
        return self._connection

    def page(self, wanted: AuditFilter) -> AuditPage:
        """One page, newest first."""
        rows, has_newer, has_older, scanned_to = find_page(self.written, wanted)
        return AuditPage(
            records=tuple(record_from(row) for row in rows),
            has_newer=has_newer,
            has_older=has_older,
            scanned_to=scanned_to,
        )

    def batch(self, wanted: AuditFilter, *, after: int) -> Batch:
        """The next rows for a file, as they are stored; see `audit_export`."""
        return next_batch(self.written, wanted, after=after)

    def story(self, reference: str, *, page: int = 1, size: int = 200) -> AuditStory | None:
        """A page of the story that a seq, a request id or a story id belongs to."""
        story = story_named(self.written, reference)
        if story is None:
            return None
        numbers, shown, telling = rows_of_story(self.written, story, page, size)
        pages = -(-len(numbers) // size)
        return AuditStory(
            story=story,
            rows=len(numbers),
            first_seq=numbers[0],
            last_seq=numbers[-1],
            page=min(page, pages),
            pages=pages,
            shown=tuple(map(record_from, shown)),
            telling=tuple(map(record_from, telling)),
        )

    def count(self, wanted: AuditFilter, *, limit: int, counted: Counted | None = None) -> AuditCount:
        """How much fits, cursors apart, looking at `limit` rows at the most. `counted`: what is known already."""
        return (counted or Counted()).count(self.written, wanted, limit)

    def summary(self, *, since: datetime | None, until: datetime | None) -> AuditSummary:
        """Who did what, and how it ended."""
        return summary_of(self.written, since=since, until=until)

    def knows_target(self, name: str) -> bool:
        """Whether any row is about this id or label."""
        return is_target(self.written, name)

    def targets_like(self, name: str) -> tuple[str, ...]:
        """Labels and ids near this one, as far as a bounded look finds them."""
        return targets_like(self.written, name)

    def people_like(self, name: str) -> tuple[str, ...]:
        """Names of those who did something, as of then, near this one."""
        return names_like(self.written, audit_events.c.actor, "person", name)

    def channels_like(self, name: str) -> tuple[str, ...]:
        """Names of channels in which something was done, as of then, near this one."""
        return names_like(self.written, audit_events.c.channel, "channel", name)

    def has_news_since(self, seq: int) -> bool:
        """Whether a row that is not itself about an anchor follows row `seq`. For a short way to the head only."""
        column = audit_events.c
        news = select(column.seq).where(column.seq > seq, column.kind != AuditKind.ANCHOR.value)
        return self.written.execute(news.order_by(column.seq).limit(1)).first() is not None

    def of_kinds(self, kinds: Collection[AuditKind], *, after: int, up_to: int) -> tuple[AuditRecord, ...]:
        """The rows of these kinds in a short stretch of the trail, oldest first."""
        column, named = audit_events.c, sorted(kind.value for kind in kinds)
        stretch = select(audit_events).where(column.seq > after, column.seq <= up_to, column.kind.in_(named))
        return tuple(record_from(row) for row in self.written.execute(stretch.order_by(column.seq)))

    def head(self) -> Head:
        """The head as stored."""
        row = self.written.execute(select(audit_head).where(audit_head.c.id == 1)).one()
        return Head(seq=row.seq, hash=row.hash, occurred_at=row.occurred_at)

    def verify(self, start: int = 1) -> Finding:
        """Walk the chain from row `start` to the head; see `audit_verify`."""
        return verify_rows(self.written, self._keys, start=start)

    def verify_tail(self, rows: int) -> Finding:
        """Walk the newest rows alone."""
        return verify_tail(self.written, self._keys, rows=rows)

    def index_problem(self) -> str:
        """Whether every row can be found by its words; see `audit_search`."""
        return index_problem(self.written)

    def closing_line(self, said: Mapping[str, JsonValue]) -> str:
        """For a file of the trail; see `closing`."""
        return closing_line(said, self._keys)

    def against_posted(self, posted: Iterable[tuple[int, str]], *, rows: int) -> Finding | None:
        """The trail against the anchors that stand in Slack, (seq, hash) each; see `audit_verify`."""
        return against_posted(self.written, posted, rows=rows)


def _record(values: Mapping[str, Any]) -> AuditRecord:
    """Past its own constructor, which sets a frozen record's fields one by one: that takes as long as its hash."""
    record = object.__new__(AuditRecord)
    vars(record).update(values, erased=False)
    return record


def record_from(row: Row[Any]) -> AuditRecord:
    """A stored row as a record."""
    values = dict(row._mapping)
    payload = values.pop("payload")
    return AuditRecord(
        **{
            **values,
            "kind": AuditKind(values["kind"]),
            "action": AuditAction(values["action"]),
            "outcome": AuditOutcome(values["outcome"]),
        },
        payload=json.loads(payload) if payload else {},
        erased=payload is None,
    )

"""Writing the audit trail, and reading single stories of it. Pages are in `audit_queries`, checks in `audit_verify`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, text

from bot.db.audit_head import Head
from bot.db.audit_queries import find_page
from bot.db.audit_verify import Finding, verify_rows
from bot.db.chain import AuditKeys, canonical_json, hash_of, leaf_of, new_salt
from bot.db.tables import as_text, audit_events, audit_head
from bot.domain.audit import (
    AuditAction,
    AuditEntry,
    AuditFilter,
    AuditKind,
    AuditOutcome,
    AuditPage,
    AuditRecord,
    JsonValue,
)
from bot.domain.errors import TrailUnavailable
from bot.domain.ports import Clock

STORY_ROWS = 200

_INSERT = insert(audit_events)
_SEARCH_SQLITE = text("INSERT INTO audit_search(rowid, body) VALUES (:seq, :body)")
_SEARCH_POSTGRES = text("INSERT INTO audit_search(seq, document) VALUES (:seq, to_tsvector('simple', :body))")


class AuditTrail:
    """The trail inside one unit. Appending needs the head, which only `Database.write` locks."""

    def __init__(self, connection: Connection, *, keys: AuditKeys, head: Head | None, clock: Clock) -> None:
        self._connection = connection
        self._keys = keys
        self._clock = clock
        self.head_state = head

    def append(self, entry: AuditEntry) -> AuditRecord:
        """Add one row to the chain. `TrailUnavailable` outside `Database.write`."""
        head = self.head_state
        if head is None:
            raise TrailUnavailable("The audit head is not locked here.", retryable=False)
        now = self._clock.now()
        record = self._chained(entry, head, max(now, head.occurred_at) if head.occurred_at else now)
        columns = _columns(record)
        self._connection.execute(_INSERT, columns)
        self._index(record, str(columns["payload"]))
        self.head_state = Head(seq=record.seq, hash=record.hash, occurred_at=record.occurred_at)
        return record

    def _chained(self, entry: AuditEntry, head: Head, occurred_at: Any) -> AuditRecord:
        salt = new_salt()
        values = {name: getattr(entry, name) for name in entry.__dataclass_fields__}
        record = AuditRecord(
            **values,
            seq=head.seq + 1,
            occurred_at=occurred_at,
            salt=salt,
            leaf=leaf_of(salt, canonical_json(entry.payload)),
            prev_hash=head.hash,
            hash="",
            mac="",
            key_id=self._keys.current_id,
        )
        row_hash = hash_of(hashed_columns(record))
        return replace(record, hash=row_hash, mac=self._keys.mac(row_hash))

    def _index(self, record: AuditRecord, payload: str) -> None:
        words = " ".join([record.action, record.target, record.target_label, record.code or "", payload])
        statement = _SEARCH_SQLITE if self._connection.dialect.name == "sqlite" else _SEARCH_POSTGRES
        self._connection.execute(statement, {"seq": record.seq, "body": words})

    def page(self, wanted: AuditFilter) -> AuditPage:
        """One page, newest first."""
        rows, has_newer, has_older, scanned_to = find_page(self._connection, wanted)
        return AuditPage(
            records=tuple(record_from(row) for row in rows),
            has_newer=has_newer,
            has_older=has_older,
            scanned_to=scanned_to,
        )

    def story(self, reference: str) -> tuple[AuditRecord, ...]:
        """All rows of the story that a seq, a request id or a story id belongs to, oldest first."""
        story = self._story_id(reference)
        if story is None:
            return ()
        rows = self._connection.execute(
            select(audit_events).where(audit_events.c.story == story).order_by(audit_events.c.seq).limit(STORY_ROWS)
        )
        return tuple(record_from(row) for row in rows)

    def _story_id(self, reference: str) -> str | None:
        column = audit_events.c
        if reference.isdigit() and len(reference) < 19:
            where = column.seq == int(reference)
        else:
            where = or_(column.request_id == reference, column.story == reference)
        row = self._connection.execute(select(column.story).where(where).order_by(column.seq).limit(1)).first()
        return row.story if row else None

    def head(self) -> Head:
        """The head as stored."""
        row = self._connection.execute(select(audit_head).where(audit_head.c.id == 1)).one()
        return Head(seq=row.seq, hash=row.hash, occurred_at=row.occurred_at)

    def verify(self) -> Finding:
        """Walk the whole chain; see `audit_verify`."""
        return verify_rows(self._connection, self._keys)


def hashed_columns(record: AuditRecord) -> dict[str, JsonValue]:
    """The columns that a row's hash covers, as the canonical form wants them."""
    return {
        **{
            name: getattr(record, name)
            for name in (
                "seq",
                "story",
                "actor",
                "channel",
                "environment",
                "target",
                "target_label",
                "request_id",
                "delivery",
                "code",
                "http_status",
                "duration_ms",
                "leaf",
                "prev_hash",
                "key_id",
            )
        },
        "kind": record.kind.value,
        "action": record.action.value,
        "outcome": record.outcome.value,
        "occurred_at": as_text(record.occurred_at),
    }


def _columns(record: AuditRecord) -> dict[str, Any]:
    return {
        **hashed_columns(record),
        "occurred_at": record.occurred_at,
        "payload": canonical_json(record.payload),
        "salt": record.salt,
        "hash": record.hash,
        "mac": record.mac,
    }


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

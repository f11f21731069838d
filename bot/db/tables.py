"""Every table of the program, as SQLAlchemy Core. The migrations create them; this module is what queries use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData()

TEXT_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def as_text(moment: datetime) -> str:
    """UTC with microseconds, fixed width: sorts as text and is what the chain hashes."""
    if moment.tzinfo is None:
        raise ValueError("a naive time has no place in the database")
    return moment.astimezone(UTC).strftime(TEXT_FORMAT)


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC times: `timestamptz` on PostgreSQL, fixed-width text on SQLite. Refuses naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, which has no time type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Going in."""
        if value is None:
            return None
        return as_text(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Coming out."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.strptime(value, TEXT_FORMAT).replace(tzinfo=UTC)
        return value.astimezone(UTC) if isinstance(value, datetime) else None


BigId = BigInteger().with_variant(Integer, "sqlite")

audit_events = Table(
    "audit_events",
    metadata,
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("story", String(40), nullable=False),
    Column("action", String(60), nullable=False),
    Column("actor", String(40), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("environment", String(60), nullable=False),
    Column("target", Text, nullable=False),
    Column("target_label", Text, nullable=False),
    Column("request_id", String(40)),
    Column("delivery", Text),
    Column("outcome", String(20), nullable=False),
    Column("code", Text),
    Column("http_status", Integer),
    Column("duration_ms", Integer),
    Column("payload", Text),
    Column("salt", String(64)),
    Column("leaf", String(64), nullable=False),
    Column("prev_hash", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False, unique=True),
    Column("mac", String(64), nullable=False),
    Column("key_id", String(16), nullable=False),
    Index("ix_audit_actor", "actor", "seq"),
    Index("ix_audit_action", "action", "seq"),
    Index("ix_audit_target", "target", "seq"),
    Index("ix_audit_target_label", "target_label", "seq"),
    Index("ix_audit_outcome", "outcome", "seq"),
    Index("ix_audit_channel", "channel", "seq"),
    Index("ix_audit_kind", "kind", "seq"),
    Index("ix_audit_story", "story", "seq"),
    Index("ix_audit_request", "request_id", "seq"),
    Index("ix_audit_occurred", "occurred_at", "seq"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("occurred_at", UtcTime),
    CheckConstraint("id = 1", name="ck_audit_head_single"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("story", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("operation", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("target", Text, nullable=False),
    Column("observation", Text, nullable=False),
    Column("operation_class", String(20), nullable=False),
    Column("gate", String(20), nullable=False),
    Column("action", String(60), nullable=False),
    Column("summary", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requester_id", String(40), nullable=False),
    Column("requester_name", Text, nullable=False),
    Column("team_id", String(40), nullable=False),
    Column("channel_id", String(40), nullable=False),
    Column("approvals_required", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("decide_by", UtcTime, nullable=False),
    Column("send_by", UtcTime),
    Column("decided_at", UtcTime),
    Column("claimed_at", UtcTime),
    Column("claim_expires", UtcTime),
    Column("claim_owner", String(40)),
    Column("sends", Integer, nullable=False),
    Column("unknown_since", UtcTime),
    Column("reconcile_at", UtcTime),
    Column("reconcile_round", Integer, nullable=False),
    Column("reminded_at", UtcTime),
    Column("remind_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("ended_by", String(40)),
    Column("end_reason", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("card_channel", String(40)),
    Column("card_ts", String(40)),
    Column("sealed", LargeBinary),
    Index("ix_requests_state", "state", "created_at"),
    Index("ix_requests_channel", "channel_id", "state"),
)

request_targets = Table(
    "request_targets",
    metadata,
    Column("request_id", String(40), ForeignKey("requests.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("open", Boolean, nullable=False),
    Index(
        "uq_request_targets_open",
        "key",
        unique=True,
        sqlite_where=text("open = 1"),
        postgresql_where=text("open"),
    ),
)

votes = Table(
    "votes",
    metadata,
    Column("request_id", String(40), ForeignKey("requests.id"), primary_key=True),
    Column("person_id", String(40), primary_key=True),
    Column("vote", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

channel_bindings = Table(
    "channel_bindings",
    metadata,
    Column("channel_id", String(40), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("member_role", String(10), nullable=False),
    Column("environment", String(60), nullable=False),
    Column("bound_by", String(40), nullable=False),
    Column("bound_at", UtcTime, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("subject_kind", String(10), primary_key=True),
    Column("subject_id", String(40), primary_key=True),
    Column("channel_id", String(40), primary_key=True),
    Column("role", String(10), nullable=False),
    Column("granted_by", String(40), nullable=False),
    Column("granted_at", UtcTime, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),
    Column("surface", String(20), nullable=False),
    Column("person_id", String(40), nullable=False),
    Column("channel_id", String(40), nullable=False),
    Column("story", String(40), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("state", String(10), nullable=False),
    Column("answer", Text, nullable=False),
    Index("ix_inbox_state", "state", "received_at"),
    Index("ix_inbox_received", "received_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("position", BigId, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("key", Text, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("request_id", String(40)),
    Column("person_id", String(40)),
    Column("channel_id", String(40)),
    Column("body", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("lease_until", UtcTime),
    Column("lease_owner", String(40)),
    Column("error", Text, nullable=False),
    Index("ix_outbox_waiting", "state", "due_at"),
    Index("ix_outbox_key", "key", "position"),
)

forms = Table(
    "forms",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("command", Text, nullable=False),
    Column("story", String(40), nullable=False),
    Column("person_id", String(40), nullable=False),
    Column("team_id", String(40), nullable=False),
    Column("channel_id", String(40), nullable=False),
    Column("environment", String(60), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("view_id", String(40)),
    Column("request_id", String(40)),
    Column("created_at", UtcTime, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("value", Text, nullable=False),
)

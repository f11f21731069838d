"""Every table of the program, as SQLAlchemy Core. The migrations create them; this module is what queries use."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    text,
)

from bot.db.types import BigId, PlainText, UtcTime

LOUD = "kind NOT IN ('anchor', 'answer', 'form', 'mistype', 'read')"
"""What `audit list` shows without `--all`. Literal and sorted: engines use a partial index only for its very words."""

CHECKPOINT = "kind = 'checkpoint'"
"""Few rows, asked for by the trigger at every deletion."""

metadata = MetaData()

audit_events = Table(
    "audit_events",
    metadata,
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("story", PlainText, nullable=False),
    Column("action", PlainText, nullable=False),
    Column("actor", PlainText, nullable=False),
    Column("channel", PlainText, nullable=False),
    Column("environment", PlainText, nullable=False),
    Column("target", PlainText, nullable=False),
    Column("target_label", PlainText, nullable=False),
    Column("request_id", PlainText),
    Column("delivery", PlainText),
    Column("outcome", PlainText, nullable=False),
    Column("code", PlainText),
    Column("http_status", Integer),
    Column("duration_ms", Integer),
    Column("payload", PlainText),
    Column("salt", PlainText),
    Column("leaf", PlainText, nullable=False),
    Column("prev_hash", PlainText, nullable=False, unique=True),
    Column("hash", PlainText, nullable=False, unique=True),
    Column("mac", PlainText, nullable=False),
    Column("key_id", PlainText, nullable=False),
    Index("ix_audit_actor", "actor", "seq"),
    Index("ix_audit_action", "action", "seq"),
    Index("ix_audit_target", "target", "seq"),
    Index("ix_audit_target_label", "target_label", "seq"),
    Index("ix_audit_outcome", "outcome", "seq"),
    Index("ix_audit_channel", "channel", "seq"),
    Index("ix_audit_story", "story", "seq"),
    Index("ix_audit_request", "request_id", "seq"),
    Index("ix_audit_occurred", "occurred_at", "seq"),
    Index("ix_audit_loud", "seq", sqlite_where=text(LOUD), postgresql_where=text(LOUD)),
    Index("ix_audit_checkpoint", "seq", sqlite_where=text(CHECKPOINT), postgresql_where=text(CHECKPOINT)),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", PlainText, nullable=False),
    Column("occurred_at", UtcTime),
    CheckConstraint("id = 1", name="ck_audit_head_single"),
)

audit_anchors = Table(
    "audit_anchors",
    metadata,
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("hash", PlainText, nullable=False),
    Column("channel_id", PlainText, nullable=False),
    Column("thread_ts", PlainText, nullable=False),
    Column("ts", PlainText, nullable=False),
    Column("posted_at", UtcTime, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", PlainText, primary_key=True),
    Column("story", PlainText, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("operation", PlainText, nullable=False),
    Column("digest", PlainText, nullable=False),
    Column("target", PlainText, nullable=False),
    Column("observation", PlainText, nullable=False),
    Column("operation_class", PlainText, nullable=False),
    Column("gate", PlainText, nullable=False),
    Column("action", PlainText, nullable=False),
    Column("summary", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("requester_id", PlainText, nullable=False),
    Column("requester_name", PlainText, nullable=False),
    Column("team_id", PlainText, nullable=False),
    Column("channel_id", PlainText, nullable=False),
    Column("approvals_required", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("decide_by", UtcTime, nullable=False),
    Column("send_by", UtcTime),
    Column("decided_at", UtcTime),
    Column("claimed_at", UtcTime),
    Column("claim_expires", UtcTime),
    Column("claim_owner", PlainText),
    Column("sends", Integer, nullable=False),
    Column("unknown_since", UtcTime),
    Column("reconcile_at", UtcTime),
    Column("reconcile_round", Integer, nullable=False),
    Column("reminded_at", UtcTime),
    Column("remind_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("ended_by", PlainText),
    Column("end_reason", PlainText, nullable=False),
    Column("result", PlainText, nullable=False),
    Column("card_channel", PlainText),
    Column("card_ts", PlainText),
    Column("sealed", LargeBinary),
    Index("ix_requests_state", "state", "created_at"),
    Index("ix_requests_channel", "channel_id", "state"),
)

request_targets = Table(
    "request_targets",
    metadata,
    Column("request_id", PlainText, ForeignKey("requests.id"), primary_key=True),
    Column("key", PlainText, primary_key=True),
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
    Column("request_id", PlainText, ForeignKey("requests.id"), primary_key=True),
    Column("person_id", PlainText, primary_key=True),
    Column("vote", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("at", UtcTime, nullable=False),
)

channel_bindings = Table(
    "channel_bindings",
    metadata,
    Column("channel_id", PlainText, primary_key=True),
    Column("role", PlainText, nullable=False),
    Column("member_role", PlainText, nullable=False),
    Column("environment", PlainText, nullable=False),
    Column("bound_by", PlainText, nullable=False),
    Column("bound_at", UtcTime, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("subject_kind", PlainText, primary_key=True),
    Column("subject_id", PlainText, primary_key=True),
    Column("channel_id", PlainText, primary_key=True),
    Column("role", PlainText, nullable=False),
    Column("granted_by", PlainText, nullable=False),
    Column("granted_at", UtcTime, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("key", PlainText, primary_key=True),
    Column("surface", PlainText, nullable=False),
    Column("person_id", PlainText, nullable=False),
    Column("channel_id", PlainText, nullable=False),
    Column("story", PlainText, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("answer", PlainText, nullable=False),
    Index("ix_inbox_state", "state", "received_at"),
    Index("ix_inbox_received", "received_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("position", BigId, primary_key=True, autoincrement=True),
    Column("id", PlainText, nullable=False, unique=True),
    Column("key", PlainText, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("request_id", PlainText),
    Column("person_id", PlainText),
    Column("channel_id", PlainText),
    Column("body", PlainText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("lease_until", UtcTime),
    Column("lease_owner", PlainText),
    Column("error", PlainText, nullable=False),
    Index("ix_outbox_waiting", "state", "due_at"),
    Index("ix_outbox_key", "key", "position"),
)

forms = Table(
    "forms",
    metadata,
    Column("id", PlainText, primary_key=True),
    Column("command", PlainText, nullable=False),
    Column("story", PlainText, nullable=False),
    Column("person_id", PlainText, nullable=False),
    Column("team_id", PlainText, nullable=False),
    Column("channel_id", PlainText, nullable=False),
    Column("environment", PlainText, nullable=False),
    Column("arguments", PlainText, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("view_id", PlainText),  # no longer written; the replicas of an older version, in a rolling deploy, read it
    Column("request_id", PlainText),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_forms_created", "created_at"),
)

settings = Table(
    "settings",
    metadata,
    Column("key", PlainText, primary_key=True),
    Column("value", PlainText, nullable=False),
)

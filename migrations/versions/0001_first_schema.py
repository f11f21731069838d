"""The first schema: the audit chain and its guards, requests, roles, inbox, outbox, forms, settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

UTC_TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_LOUD = "kind NOT IN ('anchor', 'answer', 'form', 'mistype', 'read')"
_CHECKPOINT = "kind = 'checkpoint'"


def upgrade() -> None:
    """Create everything; the head row stands before the first event."""
    _audit_events()
    _audit_head()
    _requests()
    _request_targets()
    _votes()
    _channel_bindings()
    _grants()
    _inbox()
    _outbox()
    _forms()
    _settings()
    op.execute("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '" + "0" * 64 + "')")
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def _audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("occurred_at", UTC_TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("target_label", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("delivery", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("salt", sa.Text(), nullable=True),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("hash"),
        sa.UniqueConstraint("prev_hash"),
    )
    op.create_index("ix_audit_action", "audit_events", ["action", "seq"], unique=False)
    op.create_index("ix_audit_actor", "audit_events", ["actor", "seq"], unique=False)
    op.create_index("ix_audit_channel", "audit_events", ["channel", "seq"], unique=False)
    op.create_index(
        "ix_audit_loud",
        "audit_events",
        ["seq"],
        unique=False,
        sqlite_where=sa.text(_LOUD),
        postgresql_where=sa.text(_LOUD),
    )
    op.create_index(
        "ix_audit_checkpoint",
        "audit_events",
        ["seq"],
        unique=False,
        sqlite_where=sa.text(_CHECKPOINT),
        postgresql_where=sa.text(_CHECKPOINT),
    )
    op.create_index("ix_audit_occurred", "audit_events", ["occurred_at", "seq"], unique=False)
    op.create_index("ix_audit_outcome", "audit_events", ["outcome", "seq"], unique=False)
    op.create_index("ix_audit_request", "audit_events", ["request_id", "seq"], unique=False)
    op.create_index("ix_audit_story", "audit_events", ["story", "seq"], unique=False)
    op.create_index("ix_audit_target", "audit_events", ["target", "seq"], unique=False)
    op.create_index("ix_audit_target_label", "audit_events", ["target_label", "seq"], unique=False)


def _audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("occurred_at", UTC_TIME, nullable=True),
        sa.CheckConstraint("id = 1", name="ck_audit_head_single"),
        sa.PrimaryKeyConstraint("id"),
    )


def _channel_bindings() -> None:
    op.create_table(
        "channel_bindings",
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("member_role", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("bound_by", sa.Text(), nullable=False),
        sa.Column("bound_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("channel_id"),
    )


def _forms() -> None:
    op.create_table(
        "forms",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("view_id", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_forms_created", "forms", ["created_at"], unique=False)


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", "channel_id"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("received_at", UTC_TIME, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_inbox_received", "inbox", ["received_at"], unique=False)
    op.create_index("ix_inbox_state", "inbox", ["state", "received_at"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("position", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("channel_id", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", UTC_TIME, nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lease_until", UTC_TIME, nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ix_outbox_key", "outbox", ["key", "position"], unique=False)
    op.create_index("ix_outbox_waiting", "outbox", ["state", "due_at"], unique=False)


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("observation", sa.Text(), nullable=False),
        sa.Column("operation_class", sa.Text(), nullable=False),
        sa.Column("gate", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requester_id", sa.Text(), nullable=False),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("approvals_required", sa.Integer(), nullable=False),
        sa.Column("created_at", UTC_TIME, nullable=False),
        sa.Column("decide_by", UTC_TIME, nullable=False),
        sa.Column("send_by", UTC_TIME, nullable=True),
        sa.Column("decided_at", UTC_TIME, nullable=True),
        sa.Column("claimed_at", UTC_TIME, nullable=True),
        sa.Column("claim_expires", UTC_TIME, nullable=True),
        sa.Column("claim_owner", sa.Text(), nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("unknown_since", UTC_TIME, nullable=True),
        sa.Column("reconcile_at", UTC_TIME, nullable=True),
        sa.Column("reconcile_round", sa.Integer(), nullable=False),
        sa.Column("reminded_at", UTC_TIME, nullable=True),
        sa.Column("remind_at", UTC_TIME, nullable=True),
        sa.Column("ended_at", UTC_TIME, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("card_channel", sa.Text(), nullable=True),
        sa.Column("card_ts", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_requests_channel", "requests", ["channel_id", "state"], unique=False)
    op.create_index("ix_requests_state", "requests", ["state", "created_at"], unique=False)


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def _request_targets() -> None:
    op.create_table(
        "request_targets",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["requests.id"],
        ),
        sa.PrimaryKeyConstraint("request_id", "key"),
    )
    op.create_index(
        "uq_request_targets_open",
        "request_targets",
        ["key"],
        unique=True,
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )


def _votes() -> None:
    op.create_table(
        "votes",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("vote", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UTC_TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["requests.id"],
        ),
        sa.PrimaryKeyConstraint("request_id", "person_id"),
    )


_ERASES = """NEW.payload IS NULL AND NEW.salt IS NULL AND OLD.payload IS NOT NULL
  AND NEW.seq = OLD.seq AND NEW.hash = OLD.hash AND NEW.leaf = OLD.leaf AND NEW.prev_hash = OLD.prev_hash
  AND NEW.mac = OLD.mac AND NEW.key_id = OLD.key_id AND NEW.occurred_at = OLD.occurred_at AND NEW.kind = OLD.kind
  AND NEW.story = OLD.story AND NEW.action = OLD.action AND NEW.actor = OLD.actor AND NEW.channel = OLD.channel
  AND NEW.environment = OLD.environment AND NEW.target = OLD.target AND NEW.target_label = OLD.target_label
  AND NEW.outcome = OLD.outcome AND NEW.request_id {same} OLD.request_id AND NEW.delivery {same} OLD.delivery
  AND NEW.code {same} OLD.code AND NEW.http_status {same} OLD.http_status
  AND NEW.duration_ms {same} OLD.duration_ms
  AND EXISTS (SELECT 1 FROM audit_events t WHERE t.kind = 'tombstone' AND t.target = 'seq:' || OLD.seq)"""
"""An erasure: payload and salt become NULL, nothing else changes, and a tombstone row names the seq."""

_CHECKPOINTED = """EXISTS (SELECT 1 FROM audit_events c WHERE c.kind = 'checkpoint' AND c.seq > OLD.seq
  AND CAST(substr(c.target, 5) AS {integer}) >= OLD.seq)"""
"""A deletion up to a later checkpoint row, whose target is `seq:<last deleted>`."""

_SQLITE = (
    "CREATE VIRTUAL TABLE audit_search USING fts5(body, content='', tokenize='unicode61 remove_diacritics 0')",
    f"""CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
    WHEN NOT ({_ERASES.format(same="IS")})
    BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END""",
    f"""CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
    WHEN NOT {_CHECKPOINTED.format(integer="INTEGER")}
    BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END""",
    # INSERT OR REPLACE walks past the two triggers above: nothing may arrive that collides or goes back.
    """CREATE TRIGGER audit_events_no_replace BEFORE INSERT ON audit_events
    WHEN EXISTS (SELECT 1 FROM audit_events WHERE seq >= NEW.seq)
      OR EXISTS (SELECT 1 FROM audit_events WHERE hash = NEW.hash)
      OR EXISTS (SELECT 1 FROM audit_events WHERE prev_hash = NEW.prev_hash)
    BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END""",
)

_POSTGRESQL = (
    "CREATE TABLE audit_search (seq BIGINT PRIMARY KEY, document TSVECTOR NOT NULL)",
    "CREATE INDEX ix_audit_search ON audit_search USING GIN (document)",
    f"""CREATE FUNCTION audit_events_keep() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND ({_ERASES.format(same="IS NOT DISTINCT FROM")}) THEN RETURN NEW; END IF;
      IF TG_OP = 'DELETE' AND {_CHECKPOINTED.format(integer="BIGINT")} THEN RETURN OLD; END IF;
      RAISE EXCEPTION 'audit_events is append-only';
    END $$""",
    """CREATE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'audit_events is append-only'; END $$""",
    """CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_events_keep()""",
    """CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_events_keep()""",
    """CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse()""",
    "ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_update",
    "ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_delete",
    "ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_truncate",
)

GUARDS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}

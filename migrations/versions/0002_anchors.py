"""Anchors: which rows of the trail were named outside the database, and where. Only ever added to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

UTC_TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_SQLITE = (
    """CREATE TRIGGER audit_anchors_no_update BEFORE UPDATE ON audit_anchors
    BEGIN SELECT RAISE(ABORT, 'audit_anchors is append-only'); END""",
    """CREATE TRIGGER audit_anchors_no_delete BEFORE DELETE ON audit_anchors
    BEGIN SELECT RAISE(ABORT, 'audit_anchors is append-only'); END""",
    """CREATE TRIGGER audit_anchors_no_replace BEFORE INSERT ON audit_anchors
    WHEN EXISTS (SELECT 1 FROM audit_anchors WHERE seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, 'audit_anchors is append-only'); END""",
)

_POSTGRESQL = (
    """CREATE FUNCTION audit_anchors_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'audit_anchors is append-only'; END $$""",
    """CREATE TRIGGER audit_anchors_no_change BEFORE UPDATE OR DELETE ON audit_anchors
    FOR EACH ROW EXECUTE FUNCTION audit_anchors_refuse()""",
    """CREATE TRIGGER audit_anchors_no_truncate BEFORE TRUNCATE ON audit_anchors
    FOR EACH STATEMENT EXECUTE FUNCTION audit_anchors_refuse()""",
    "ALTER TABLE audit_anchors ENABLE ALWAYS TRIGGER audit_anchors_no_change",
    "ALTER TABLE audit_anchors ENABLE ALWAYS TRIGGER audit_anchors_no_truncate",
)

GUARDS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}


def upgrade() -> None:
    """The table and its guards."""
    op.create_table(
        "audit_anchors",
        sa.Column("seq", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("thread_ts", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("posted_at", UTC_TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)

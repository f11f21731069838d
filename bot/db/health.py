"""Whether a database is fit to serve: its schema, its triggers, and the end of its chain."""

from __future__ import annotations

from sqlalchemy import Connection, func, inspect, select, text, true

from bot.db.guards import guards_problem
from bot.db.tables import audit_anchors, audit_events, audit_head
from bot.domain.fitness import Problem, ProblemKind

REVISION = "0003"
"""The newest migration: what this code was written against."""

_THERE = {
    "sqlite": text("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"),
    "postgresql": text("SELECT to_regclass('alembic_version') IS NOT NULL"),
}
"""Whether there is any schema: what SQLAlchemy asks for that costs more than all the rest of this look."""


def problems(connection: Connection) -> list[str]:
    """Sentences; empty when all is well."""
    return [problem.sentence for problem in findings(connection)]


def findings(connection: Connection) -> list[Problem]:
    """The same, each with what it means for a start: one of the schema, or of the trail in the right schema."""
    revision = found_revision(connection)
    schema = _said_of(revision)
    if schema:
        return [Problem(kind=_kind_of(revision), sentence=schema)]
    found = (guards_problem(connection), head_problem(connection), anchors_problem(connection))
    return [Problem(kind=ProblemKind.UNSOUND, sentence=sentence) for sentence in found if sentence]


def revision_problem(connection: Connection) -> str:
    """Whether the schema is the one this code was written against."""
    return _said_of(found_revision(connection))


def found_revision(connection: Connection) -> str | None:
    """The newest migration that was run here; "" where the table tells none, None where there is no table."""
    if not connection.execute(_THERE[connection.dialect.name]).scalar():
        return None
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _said_of(revision: str | None) -> str:
    if revision is None:
        return "The database has no schema yet: run `python app.py migrate`."
    if revision == REVISION:
        return ""
    behind = revision < REVISION
    advice = "run `python app.py migrate`" if behind else "start the newer version of this program"
    return f"The database's schema is {'behind' if behind else 'ahead of'} this program: {advice}."


def _kind_of(revision: str | None) -> ProblemKind:
    if revision is None:
        return ProblemKind.ABSENT
    return ProblemKind.BEHIND if revision < REVISION else ProblemKind.UNUSABLE


def head_problem(connection: Connection) -> str:
    """Whether the head names the last row. One statement sees one moment, while other replicas go on writing."""
    last = select(audit_events.c.seq, audit_events.c.hash).order_by(audit_events.c.seq.desc()).limit(1).subquery()
    both = select(audit_head.c.seq, audit_head.c.hash, last.c.seq, last.c.hash).select_from(
        audit_head.outerjoin(last, true())
    )
    found = connection.execute(both.where(audit_head.c.id == 1)).first()
    if found is None:
        return "The audit trail has no head."
    head_seq, head_hash, last_seq, last_hash = found
    agree = (head_seq, head_hash) == (last_seq or 0, last_hash or "0" * 64)
    return "" if agree else "The audit trail's last row is not the one its head names."


def anchors_problem(connection: Connection) -> str:
    """Whether an anchor names a row that is not there yet: rows were cut off, or somebody put it there."""
    newest = select(func.max(audit_anchors.c.seq)).scalar_subquery()
    found = connection.execute(select(newest, audit_head.c.seq).where(audit_head.c.id == 1)).first()
    if found is None or (found[0] or 0) <= found[1]:
        return ""
    return f"An anchor names row {found[0]} of the audit trail, whose last row is {found[1]}."


def has_rows(connection: Connection) -> bool:
    """Whether anything was ever audited here."""
    if not inspect(connection).has_table("audit_events"):
        return False
    return connection.execute(select(audit_events.c.seq).limit(1)).first() is not None

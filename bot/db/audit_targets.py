"""Which databases the trail knows: for a name that fits nothing, the ones that look like it."""

from __future__ import annotations

from difflib import get_close_matches

from sqlalchemy import Connection, func, or_, select

from bot.db.tables import audit_events

LOOKED_AT = 200
"""Different labels, one index seek each."""
NEAREST = 4

Column = audit_events.c


def is_target(connection: Connection, name: str) -> bool:
    """Whether any row is about this id or label."""
    wanted = select(Column.seq).where(or_(Column.target == name, Column.target_label == name)).limit(1)
    return connection.execute(wanted).first() is not None


def targets_like(connection: Connection, name: str) -> tuple[str, ...]:
    """Labels near this one, the nearest first."""
    labels = _labels_from(connection, name[:1])
    folded = {label.casefold(): label for label in labels}
    near = get_close_matches(name.casefold()[:100], folded, n=NEAREST, cutoff=0.5)
    return tuple(folded[label] for label in near)


def _labels_from(connection: Connection, beginning: str) -> list[str]:
    """The different labels in the index from here on: a seek to each next one, never a walk over its rows."""
    least = func.min(Column.target_label)
    first = select(least.label("label")).where(Column.target_label >= beginning)
    labels = first.cte("labels", recursive=True)
    following = select(least).where(Column.target_label > labels.c.label).correlate(labels).scalar_subquery()
    labels = labels.union_all(select(following).where(labels.c.label.is_not(None)))
    found = select(labels.c.label).where(labels.c.label.is_not(None)).limit(LOOKED_AT)
    return [label for label in connection.execute(found).scalars() if label]

"""Which databases the trail knows: for a name that fits nothing, the ones that look like it."""

from __future__ import annotations

from difflib import get_close_matches

from sqlalchemy import ColumnElement, Connection, func, or_, select

from bot.db.tables import audit_events

LOOKED_AT = 300
"""Different names in the order of an index, one seek each."""
NEWEST = 2_000
"""Rows whose names are looked at: what was done of late is what is mostly asked about."""
NEAREST = 4

Column = audit_events.c


def is_target(connection: Connection, name: str) -> bool:
    """Whether any row is about this id or label."""
    wanted = select(Column.seq).where(or_(Column.target == name, Column.target_label == name)).limit(1)
    return connection.execute(wanted).first() is not None


def targets_like(connection: Connection, name: str) -> tuple[str, ...]:
    """Labels and ids near this one, the nearest first."""
    names = [*_newest(connection)]
    for column in (Column.target_label, Column.target):
        for beginning in (name[:1], ""):  # where the first letter is wrong, from the first name of all
            names += names_from(connection, column, beginning)
    folded = {one.casefold(): one for one in names if one}
    near = get_close_matches(name.casefold()[:100], folded, n=NEAREST, cutoff=0.5)
    return tuple(folded[one] for one in near)


def _newest(connection: Connection) -> list[str]:
    newest = select(Column.target, Column.target_label).order_by(Column.seq.desc()).limit(NEWEST).subquery()
    return [name for row in connection.execute(select(newest).distinct()) for name in row]


def names_from(connection: Connection, column: ColumnElement[str], beginning: str) -> list[str]:
    """The different values of an indexed column from here on: a seek to each next one, never a walk over its rows."""
    least = func.min(column)
    first = select(least.label("name")).where(column >= beginning)
    names = first.cte("names", recursive=True)
    following = select(least).where(column > names.c.name).correlate(names).scalar_subquery()
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    found = select(names.c.name).where(names.c.name.is_not(None)).limit(LOOKED_AT)
    return [name for name in connection.execute(found).scalars() if name]

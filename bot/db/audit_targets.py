"""Which databases, people and channels the trail knows: for a name that fits nothing, the ones that look like it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

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
    return _nearest(name, names)


def names_like(connection: Connection, column: ColumnElement[str], key: str, name: str) -> tuple[str, ...]:
    """Names near this one, of those whose ids the column has: from the newest rows, and from the newest of each id."""
    ids = _from(column, "").subquery()
    other = audit_events.alias()
    newest = (
        select(func.max(other.c.seq)).where(other.c[str(column.key)] == ids.c.name).correlate(ids).scalar_subquery()
    )
    found = [
        select(Column.payload).where(Column.seq.in_(select(newest).select_from(ids))),
        select(Column.payload).order_by(Column.seq.desc()).limit(NEWEST),
    ]
    return _nearest(name, (told for one in found for told in _told(connection.execute(one).scalars(), key)))


def _told(payloads: Iterable[str | None], key: str) -> Iterator[str]:
    """What rows say under this name. Where a channel's id stands in place of its name, it is no name."""
    for payload in payloads:
        told = json.loads(payload).get(key) if payload and f'"{key}":"' in payload else None
        if isinstance(told, str) and not told.isupper():
            yield told


def _nearest(name: str, names: Iterable[str]) -> tuple[str, ...]:
    folded = {one.casefold(): one for one in names if one}
    near = get_close_matches(name.casefold()[:100], folded, n=NEAREST, cutoff=0.5)
    return tuple(folded[one] for one in near)


def _newest(connection: Connection) -> list[str]:
    newest = select(Column.target, Column.target_label).order_by(Column.seq.desc()).limit(NEWEST).subquery()
    return [name for row in connection.execute(select(newest).distinct()) for name in row]


def names_from(connection: Connection, column: ColumnElement[str], beginning: str) -> list[str]:
    """The different values of an indexed column from here on."""
    return [name for name in connection.execute(_from(column, beginning)).scalars() if name]


def _from(column: ColumnElement[str], beginning: str) -> Select[Any]:
    """A seek to each next one, never a walk over its rows."""
    least = func.min(column)
    first = select(least.label("name")).where(column >= beginning)
    names = first.cte("names", recursive=True)
    following = select(least).where(column > names.c.name).correlate(names).scalar_subquery()
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    return select(names.c.name).where(names.c.name.is_not(None)).limit(LOOKED_AT)

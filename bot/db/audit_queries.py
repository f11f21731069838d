"""Pages of the trail: keyset on `seq`, never OFFSET, and a bounded look where several filters meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, literal_column, or_, select, text

from bot.db.tables import audit_events
from bot.domain.audit import QUIET_KINDS, AuditFilter

LOOK = 5_000
"""Rows of the leading filter that one page looks at, where a second filter has to be tried on each."""

Column = audit_events.c


def find_page(connection: Connection, wanted: AuditFilter) -> tuple[Sequence[Row[Any]], bool, bool, int | None]:
    """Rows newest first, whether newer and older ones exist, and how far a bounded look came."""
    bounds = _bounds(connection, wanted)
    if bounds is None:
        return (), False, False, None
    low, high = bounds
    forwards = wanted.after_seq is not None
    leading, others = _conditions(connection, wanted)
    horizon = _horizon(connection, leading, low, high, forwards=forwards) if leading and others else None
    if horizon is not None:
        low, high = (low, horizon) if forwards else (horizon, high)
    order = Column.seq.asc() if forwards else Column.seq.desc()
    where = and_(Column.seq >= low, Column.seq <= high, *leading, *others)
    rows = connection.execute(select(audit_events).where(where).order_by(order).limit(wanted.limit + 1)).all()
    more = len(rows) > wanted.limit
    page = rows[: wanted.limit]
    scanned_to = horizon if not more and horizon is not None else None
    if forwards:
        return page[::-1], more or scanned_to is not None, True, scanned_to
    return page, wanted.before_seq is not None, more or scanned_to is not None, scanned_to


def _bounds(connection: Connection, wanted: AuditFilter) -> tuple[int, int] | None:
    """The range of `seq`: time bounds by two index seeks, and the cursor in place of a bound."""
    low, high = 1, _last_seq(connection)
    if wanted.since is not None:
        first = _seek(connection, Column.occurred_at >= wanted.since, first=True)
        if first is None:
            return None
        low = first
    if wanted.until is not None:
        last = _seek(connection, Column.occurred_at < wanted.until, first=False)
        if last is None:
            return None
        high = last
    if wanted.before_seq is not None:
        high = min(high, wanted.before_seq - 1)
    if wanted.after_seq is not None:
        low = max(low, wanted.after_seq + 1)
    return (low, high) if low <= high else None


def _last_seq(connection: Connection) -> int:
    return connection.execute(select(func.max(Column.seq))).scalar() or 0


def _seek(connection: Connection, where: ColumnElement[bool], *, first: bool) -> int | None:
    order = (Column.occurred_at, Column.seq) if first else (Column.occurred_at.desc(), Column.seq.desc())
    return connection.execute(select(Column.seq).where(where).order_by(*order).limit(1)).scalar()


def _conditions(
    connection: Connection, wanted: AuditFilter
) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]]]:
    """The one filter that an index can lead with, and the rest."""
    filters: list[ColumnElement[bool]] = []
    for column, value in (
        (Column.request_id, wanted.request_id),
        (Column.story, wanted.story),
        (Column.actor, wanted.actor),
        (Column.action, wanted.action),
        (Column.outcome, wanted.outcome),
        (Column.channel, wanted.channel),
    ):
        if value is not None:
            filters.append(column == value)
    if wanted.target is not None:
        filters.insert(0, or_(Column.target == wanted.target, Column.target_label == wanted.target))
    if wanted.area is not None:
        filters.append(and_(Column.action >= f"{wanted.area}.", Column.action < f"{wanted.area}/"))
    if wanted.text:
        filters.append(_text_filter(connection, wanted.text))
    if not wanted.quiet:
        filters.append(Column.kind.not_in([kind.value for kind in QUIET_KINDS]))
    return filters[:1], filters[1:]


def _text_filter(connection: Connection, wanted: str) -> ColumnElement[bool]:
    """Full text by rowid; every word must occur, words may be beginnings on SQLite."""
    if connection.dialect.name == "sqlite":
        words = " ".join('"' + word.replace('"', '""') + '"*' for word in wanted.split())
        matching = text("SELECT rowid FROM audit_search WHERE audit_search MATCH :words").bindparams(words=words)
        return Column.seq.in_(matching.columns(literal_column("rowid")))
    matching = text("SELECT seq FROM audit_search WHERE document @@ plainto_tsquery('simple', :words)")
    return Column.seq.in_(matching.bindparams(words=wanted).columns(literal_column("seq")))


def _horizon(
    connection: Connection, leading: list[ColumnElement[bool]], low: int, high: int, *, forwards: bool
) -> int | None:
    """Where a look of `LOOK` rows of the leading filter ends; None when there are fewer."""
    order = Column.seq.asc() if forwards else Column.seq.desc()
    looked = (
        select(Column.seq)
        .where(Column.seq >= low, Column.seq <= high, *leading)
        .order_by(order)
        .offset(LOOK - 1)
        .limit(1)
    )
    return connection.execute(looked).scalar()

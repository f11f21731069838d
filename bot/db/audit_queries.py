"""Pages of the trail: keyset on `seq`, never OFFSET, and a bounded look where several filters meet.

One filter leads, by ordered seeks in an index of its own (`(actor, seq)`, `(target, seq)`, ...), or the order of the
trail itself. The others, and words, are tried on the rows that it finds: first on a few, which mostly fill the page. If
they do not, a word that is rare leads (`audit_words`), so that it is found however old it is; else at most `LOOK` rows
are looked at, and `scanned_to` says how far that look came, and is the next page's cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    Subquery,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    union,
)

from bot.db.audit_words import holds_words, rare_rows
from bot.db.driver import first, time_for
from bot.db.many import is_one_of
from bot.db.tables import LOUD, audit_events
from bot.domain.audit import AuditAction, AuditFilter

LOOK = 5_000
"""Rows of the leading filter that one page looks at, where further filters have to be tried on each. A word that more
rows hold is not rare."""

FEW = 12
"""Rows of the leading filter looked at first, for each row of the page."""

Column = audit_events.c
Condition = ColumnElement[bool]
Columns = Sequence[ColumnElement[Any]]


@dataclass(frozen=True, kw_only=True)
class Span:
    """The stretch of `seq` that is looked through, and the direction of the look."""

    low: int | None
    high: int | None
    forwards: bool = False

    def within(self, seq: ColumnElement[int]) -> list[Condition]:
        """The bounds, on this column."""
        lower = [] if self.low is None else [seq >= self.low]
        return lower if self.high is None else [*lower, seq <= self.high]

    def holds(self, seq: int) -> bool:
        """Whether this number lies within."""
        return (self.low is None or self.low <= seq) and (self.high is None or seq <= self.high)

    def ordered(self, wanted: Select[Any], seq: ColumnElement[int], limit: int) -> Select[Any]:
        """The first rows in the direction of the look."""
        return wanted.order_by(seq.asc() if self.forwards else seq.desc()).limit(limit)


def find_page(
    connection: Connection, wanted: AuditFilter, columns: Columns = tuple(Column)
) -> tuple[Sequence[Row[Any]], bool, bool, int | None]:
    """Rows newest first, whether newer and older ones exist, and how far a bounded look came."""
    span = span_of(connection, wanted)
    if span is None:
        return (), False, False, None
    rows, scanned_to = _look(connection, wanted, span, columns)
    more = len(rows) > wanted.limit
    page = rows[: wanted.limit]
    further = more or scanned_to is not None
    if span.forwards:
        return page[::-1], further, True, scanned_to
    return page, wanted.before_seq is not None, further, scanned_to


def _look(
    connection: Connection, wanted: AuditFilter, span: Span, columns: Columns
) -> tuple[Sequence[Row[Any]], int | None]:
    """One row more than the page holds, where there are so many, and where a look that was not enough ended."""
    few = min(FEW * wanted.limit, LOOK)
    rows, looked = _first(connection, wanted, span, few, columns)
    if looked is None or len(rows) > wanted.limit:
        return rows, None
    rare = _with_rare_words(connection, wanted, span, columns)
    if rare is not None:
        return rare, None
    if few < LOOK:
        rows, looked = _first(connection, wanted, span, LOOK, columns)
    return rows, None if looked is None or len(rows) > wanted.limit else _horizon(connection, looked, span)


def _first(
    connection: Connection, wanted: AuditFilter, span: Span, look: int, columns: Columns
) -> tuple[Sequence[Row[Any]], Subquery | None]:
    """What fits of the first rows looked at, and that look; None where it cannot have ended too soon."""
    looked, conditions = _plan(connection.dialect.name, wanted, span, look)
    rows = connection.execute(_rows(looked, conditions, span, wanted.limit + 1, columns)).all()
    return rows, looked if conditions else None


def _with_rare_words(
    connection: Connection, wanted: AuditFilter, span: Span, columns: Columns
) -> Sequence[Row[Any]] | None:
    """What fits of all rows with the words; None where none is asked for, or they are too many."""
    numbers = rare_rows(connection, wanted.text, LOOK) if wanted.text else None
    if numbers is None:
        return None
    dialect = connection.dialect.name
    within = [number for number in numbers if span.holds(number)]
    fitting = select(*columns).where(is_one_of(dialect, Column.seq, within), *_every_condition(dialect, wanted))
    return connection.execute(span.ordered(fitting, Column.seq, wanted.limit + 1)).all()


def find_numbers(connection: Connection, wanted: AuditFilter, limit: int) -> tuple[Sequence[Row[Any]], bool]:
    """(seq, story) of the newest rows that fit, cursors apart, and whether these are all there are."""
    wanted = replace(wanted, before_seq=None, after_seq=None, limit=limit)
    span = span_of(connection, wanted)
    if span is None:
        return (), True
    columns = (Column.seq, Column.story)
    rare = _with_rare_words(connection, wanted, span, columns)
    if rare is not None:
        return rare[:limit], len(rare) <= limit
    rows, looked = _first(connection, wanted, span, min(limit + 1, LOOK), columns)
    if looked is not None and len(rows) <= limit < LOOK:
        rows, looked = _first(connection, wanted, span, LOOK, columns)
    stopped = looked is not None and len(rows) <= limit and _horizon(connection, looked, span) is not None
    return rows[:limit], len(rows) <= limit and not stopped


def span_of(connection: Connection, wanted: AuditFilter) -> Span | None:
    """Time bounds by two index seeks, and the cursor in place of a bound; None where nothing can lie between."""
    low = high = None
    if wanted.since is not None:
        low = _seek(connection, _FIRST, wanted.since)
        if low is None:
            return None
    if wanted.until is not None:
        high = _seek(connection, _LAST, wanted.until)
        if high is None:
            return None
    if wanted.before_seq is not None:
        high = wanted.before_seq - 1 if high is None else min(high, wanted.before_seq - 1)
    if wanted.after_seq is not None:
        low = wanted.after_seq + 1 if low is None else max(low, wanted.after_seq + 1)
    if low is not None and high is not None and low > high:
        return None
    return Span(low=low, high=high, forwards=wanted.after_seq is not None)


_MOMENT: BindParameter[Any] = bindparam("moment")


def _first_where(where: Condition, *order: ColumnElement[Any]) -> Select[Any]:
    """For the driver: no parameter but the moment. SQLAlchemy writes no LIMIT without an OFFSET for SQLite."""
    one: ColumnElement[int] = literal_column("1")
    none: ColumnElement[int] = literal_column("0")
    return select(Column.seq).where(where).order_by(*order).limit(one).offset(none)


_FIRST = _first_where(Column.occurred_at >= _MOMENT, Column.occurred_at, Column.seq)
_LAST = _first_where(Column.occurred_at < _MOMENT, Column.occurred_at.desc(), Column.seq.desc())


def _seek(connection: Connection, bound: Select[int], moment: datetime) -> int | None:
    found = first(connection, bound, {"moment": time_for(connection.dialect, moment)})
    return None if found is None else int(found[0])


def _filters(wanted: AuditFilter) -> list[list[Condition]]:
    """Each filter as the alternatives that satisfy it, the most telling first."""
    asked: tuple[tuple[tuple[Any, ...], tuple[str, ...]], ...] = (
        ((Column.request_id,), _given(wanted.request_id)),
        ((Column.story,), _given(wanted.story)),
        ((Column.target, Column.target_label), _given(wanted.target)),
        ((Column.actor,), _given(wanted.actor)),
        ((Column.action,), _given(wanted.action) or _actions(wanted)),
        ((Column.outcome,), _given(wanted.outcome) or wanted.outcomes),
        ((Column.channel,), _given(wanted.channel)),
    )
    return [[column == value for column in columns for value in values] for columns, values in asked if values]


def _given(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _actions(wanted: AuditFilter) -> tuple[str, ...]:
    """The actions of an area or with a verb: one ordered seek each. What does not exist matches nothing."""
    if wanted.area is not None:
        return tuple(action for action in AuditAction if action.startswith(f"{wanted.area}.")) or (wanted.area,)
    if wanted.verb is not None:
        return tuple(action for action in AuditAction if action.endswith(f".{wanted.verb}")) or (wanted.verb,)
    return ()


def _plan(dialect: str, wanted: AuditFilter, span: Span, look: int) -> tuple[Subquery | None, list[Condition]]:
    """The first rows, `look` of them, that the leading filter finds, and the conditions left to be tried on them."""
    leading, *others = _filters(wanted) or [[]]
    words = [holds_words(dialect, wanted.text)] if wanted.text else []
    if not leading:
        shown: Select[Any] = select(Column.seq).where(*_shown(wanted), *span.within(Column.seq))
        return (span.ordered(shown, Column.seq, look).subquery(), words) if words else (None, _shown(wanted))
    conditions = [*(or_(*alternatives) for alternatives in others), *_shown(wanted), *words]
    return _looked(leading, span, look if conditions else wanted.limit + 1), conditions


def _every_condition(dialect: str, wanted: AuditFilter) -> list[Condition]:
    """All that a row has to fit, tried on it."""
    words = [holds_words(dialect, wanted.text)] if wanted.text else []
    return [*(or_(*alternatives) for alternatives in _filters(wanted)), *_shown(wanted), *words]


def _shown(wanted: AuditFilter) -> list[Condition]:
    return [] if wanted.quiet else [text(LOUD)]  # type: ignore[list-item]


def _looked(alternatives: list[Condition], span: Span, limit: int) -> Subquery:
    """Ordered seeks, one an alternative, merged."""
    newest = span.ordered(select(Column.seq).where(*span.within(Column.seq)), Column.seq, limit)
    seeks = [newest.where(one).subquery() for one in alternatives]
    if len(seeks) == 1:
        return seeks[0]
    merged = union(*(select(seek.c.seq) for seek in seeks)).subquery()
    return span.ordered(select(merged.c.seq), merged.c.seq, limit).subquery()


def _rows(
    looked: Subquery | None, conditions: list[Condition], span: Span, limit: int, columns: Columns
) -> Select[Any]:
    wanted = select(*columns).where(*conditions)
    if looked is None:
        return span.ordered(wanted.where(*span.within(Column.seq)), Column.seq, limit)
    return span.ordered(wanted.join(looked, looked.c.seq == Column.seq), Column.seq, limit)


def _horizon(connection: Connection, looked: Subquery, span: Span) -> int | None:
    """Where the look ended; None where it saw all there is."""
    end = func.max(looked.c.seq) if span.forwards else func.min(looked.c.seq)
    number, last = connection.execute(select(func.count(), end).select_from(looked)).one()
    return int(last) if number >= LOOK else None

"""Who did what in a stretch of time, and how long approvals were waited for: counted by the engine, bounded by `seq`.

`seq` has no gaps but what was cut off at a checkpoint, so that a bound on it is a bound on the rows that are read.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Float, Select, and_, case, func, or_, select

from bot.db.audit_queries import Span, span_of
from bot.db.tables import audit_events
from bot.domain.audit import AuditAction, AuditFilter, AuditKind, AuditOutcome
from bot.domain.audit_figures import AuditSummary, Tally, Waiting

ROWS = 100_000
"""The newest rows of the range, at the most, are counted."""
TALLIES = 20_000
NAMED = 12
"""People whose names are looked up."""

Column = audit_events.c
_STEPS = (
    AuditKind.REQUEST,
    AuditKind.INTENT,
    AuditKind.OUTCOME,
    AuditKind.EXPIRY,
    AuditKind.RECONCILE,
    AuditKind.ABANDONED,
)


def summary_of(connection: Connection, *, since: datetime | None, until: datetime | None) -> AuditSummary:
    """All figures of the range, or of its newest `ROWS` rows."""
    span = span_of(connection, AuditFilter(since=since, until=until))
    newest = connection.execute(select(func.max(Column.seq))).scalar()
    if span is None or newest is None:
        return AuditSummary()
    high = newest if span.high is None else span.high
    asked_low, low = span.low or 1, max(span.low or 1, high - ROWS + 1)
    cut = connection.execute(select(Column.seq).where(Column.seq.between(asked_low, low - 1)).limit(1)).first()
    span = replace(span, low=low, high=high)
    tallies = _tallies(connection, span)
    return AuditSummary(
        tallies=tallies,
        request_ends=_request_ends(connection, span),
        waiting=_waiting(connection, span),
        names=_names(connection, tallies),
        counted_from=_first_moment(connection, span) if cut else None,
    )


def _tallies(connection: Connection, span: Span) -> tuple[Tally, ...]:
    sort = (Column.actor, Column.action, Column.kind, Column.outcome)
    number = func.count().label("number")
    wanted = select(*sort, number).where(*span.within(Column.seq)).group_by(*sort).order_by(number.desc(), *sort)
    return tuple(
        Tally(
            actor=row.actor,
            action=AuditAction(row.action),
            kind=AuditKind(row.kind),
            outcome=AuditOutcome(row.outcome),
            number=row.number,
        )
        for row in connection.execute(wanted.limit(TALLIES))
    )


def _request_ends(connection: Connection, span: Span) -> tuple[tuple[AuditOutcome, int], ...]:
    """How each request stood after its last step in the range. An approval is a step to no end."""
    is_step = or_(
        Column.kind.in_(_STEPS),
        and_(Column.kind == AuditKind.DECISION, ~Column.payload.contains('"vote":"approve"')),
    )
    last = (
        select(func.max(Column.seq).label("seq"))
        .where(*span.within(Column.seq), Column.request_id.is_not(None), is_step)
        .group_by(Column.request_id)
        .subquery()
    )
    number = func.count().label("number")
    wanted = select(Column.outcome, number).join(last, last.c.seq == Column.seq).group_by(Column.outcome)
    rows = connection.execute(wanted.order_by(number.desc(), Column.outcome))
    return tuple((AuditOutcome(row.outcome), row.number) for row in rows)


def _waiting(connection: Connection, span: Span) -> Waiting:
    """Median and longest of the waits, computed where the rows are."""
    waits = _waits(connection.dialect.name, span).subquery()
    seconds, number = waits.c.seconds, func.count().over().label("number")
    ranked = select(waits, number, func.row_number().over(order_by=seconds).label("place")).subquery()
    middle = (ranked.c.place * 2).between(ranked.c.number, ranked.c.number + 2)
    median = func.avg(case((middle, ranked.c.seconds)))
    row = connection.execute(select(func.max(ranked.c.number), median, func.max(ranked.c.seconds))).one()
    if not row[0]:
        return Waiting()
    longest = connection.execute(select(waits.c.request_id).order_by(seconds.desc()).limit(1)).scalar()
    return Waiting(decided=row[0], median=float(row[1]), longest=float(row[2]), longest_request=longest or "")


def _waits(dialect: str, span: Span) -> Select[Any]:
    """One row a request that somebody else decided: the vote after which it was no longer pending."""
    asked, decided = audit_events.alias("asked"), audit_events.alias("decided")
    vote = and_(
        decided.c.request_id == asked.c.request_id,
        decided.c.seq > asked.c.seq,
        decided.c.kind == AuditKind.DECISION,
        decided.c.actor != asked.c.actor,
        decided.c.payload.contains('"vote":"'),
        ~decided.c.payload.contains('"state":"pending"'),
        ~decided.c.payload.contains('"was":"approved"'),  # a denial of what an earlier vote had decided
    )
    between = _seconds(dialect, asked.c.occurred_at, decided.c.occurred_at).label("seconds")
    return (
        select(asked.c.request_id, between)
        .join(decided, vote)
        .where(*span.within(asked.c.seq), asked.c.kind == AuditKind.REQUEST)
    )


def _seconds(dialect: str, start: Any, end: Any) -> Any:
    if dialect == "sqlite":
        return (func.julianday(end, type_=Float) - func.julianday(start, type_=Float)) * 86_400.0
    return func.extract("epoch", end - start).cast(Float)


def _names(connection: Connection, tallies: tuple[Tally, ...]) -> tuple[tuple[str, str], ...]:
    """The names of those who did most, from the newest rows that tell them."""
    numbers: Counter[str] = Counter()
    for tally in tallies:
        numbers[tally.actor] += tally.number
    people = [actor for actor, _ in numbers.most_common(NAMED) if actor]
    named = ((actor, _name(connection, actor)) for actor in people)
    return tuple((actor, name) for actor, name in named if name)


def _name(connection: Connection, actor: str) -> str:
    named = and_(Column.payload.contains('"person":"'), ~Column.payload.contains('"person":""'))
    wanted = select(Column.payload).where(Column.actor == actor, named).order_by(Column.seq.desc()).limit(1)
    payload = connection.execute(wanted).scalar()
    name = json.loads(payload).get("person") if payload else None
    return name if isinstance(name, str) else ""


def _first_moment(connection: Connection, span: Span) -> datetime | None:
    wanted = select(Column.occurred_at).where(Column.seq >= span.low).order_by(Column.seq).limit(1)
    return connection.execute(wanted).scalar()

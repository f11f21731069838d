"""How much fits a filter, and how the stories it belongs to ended: bounded like the pages are.

Each page of an answer says the same on top, and counting costs many times what the page does. So a count is remembered,
and holds for as long as nothing was written that could change it.
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, select, text

from bot.db.audit_queries import Span, find_numbers, span_of
from bot.db.many import is_one_of
from bot.db.tables import LOUD, audit_events
from bot.domain.audit import AuditFilter, AuditKind, AuditOutcome
from bot.domain.audit_figures import AuditCount, StoryStep, end_of_story

STORIES = 1_000
"""How many of the newest stories are followed to their ends."""
ROWS = 10_000
"""Rows that are read for that."""
AT_ONCE = 500
"""Stories in one query."""
REMEMBERED = 64
"""Counts, the oldest of which are forgotten."""

Column = audit_events.c
_EDGE = select(Column.seq).limit(1)
_COLUMNS = (Column.story, Column.kind, Column.outcome, Column.payload)


@dataclass(frozen=True, kw_only=True)
class _Question:
    """What a count depends on, but for the rows: times as the stretch of `seq` that they stand for today."""

    wanted: AuditFilter
    limit: int
    span: Span | None
    first: int | None
    """The trail may have been cut off."""


class Counted:
    """The counts that were made. What forms and reads are left out of is not changed by them."""

    def __init__(self) -> None:
        self._counts: OrderedDict[_Question, tuple[int, AuditCount]] = OrderedDict()

    def count(self, connection: Connection, wanted: AuditFilter, limit: int) -> AuditCount:
        """The count as of now."""
        if wanted.quiet:
            return count_of(connection, wanted, limit)
        question = _question(connection, wanted, limit)
        newest, count = self._counts.get(question, (None, None))
        if count is not None and not _is_news(connection, newest):
            return count
        newest, count = _newest(connection), count_of(connection, wanted, limit)
        self._counts[question] = (newest, count)
        self._counts.move_to_end(question)
        while len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
        return count


def _question(connection: Connection, wanted: AuditFilter, limit: int) -> _Question:
    wanted = replace(wanted, before_seq=None, after_seq=None)
    span, first = span_of(connection, wanted), connection.execute(_EDGE.order_by(Column.seq)).scalar()
    return _Question(wanted=replace(wanted, since=None, until=None), limit=limit, span=span, first=first)


def _newest(connection: Connection) -> int:
    return connection.execute(_EDGE.order_by(Column.seq.desc())).scalar() or 0


def _is_news(connection: Connection, since: int | None) -> bool:
    """Whether anything but forms and reads was written: it may fit, end a story or erase a text."""
    return connection.execute(_EDGE.where(Column.seq > since, text(LOUD))).first() is not None


def count_of(connection: Connection, wanted: AuditFilter, limit: int) -> AuditCount:
    """The count, and the ends of the newest stories as they stand today, whatever rows of them fit the filter."""
    numbers, complete = find_numbers(connection, wanted, limit)
    stories = list(dict.fromkeys(row.story for row in numbers))
    followed = stories[:STORIES]
    steps: dict[str, list[Row[Any]]] = {}
    for start in range(0, len(followed), AT_ONCE):
        for row in _steps(connection, followed[start : start + AT_ONCE], quiet=wanted.quiet):
            steps.setdefault(row.story, []).append(row)
    ends = Counter(end for end in map(_end, steps.values()) if end is not None)
    return AuditCount(
        rows=len(numbers),
        stories=len(stories),
        ends=tuple(ends.most_common()),
        ended=len(steps),
        complete=complete,
    )


def _steps(connection: Connection, stories: list[str], *, quiet: bool) -> Sequence[Row[Any]]:
    """The rows of these stories, newest first. Forms and reads end nothing where they are left out anyway."""
    wanted: Select[Any] = select(*_COLUMNS).where(is_one_of(connection.dialect.name, Column.story, stories))
    if not quiet:
        wanted = wanted.where(text(LOUD))
    return connection.execute(wanted.order_by(Column.seq.desc()).limit(ROWS // 2)).all()


def _end(rows: list[Row[Any]]) -> AuditOutcome | None:
    return end_of_story(
        StoryStep(kind=AuditKind(row.kind), outcome=AuditOutcome(row.outcome), state=_state(row.payload))
        for row in rows
    )


def _state(payload: str | None) -> str:
    state = json.loads(payload).get("state") if payload and '"state":' in payload else None
    return state if isinstance(state, str) else ""

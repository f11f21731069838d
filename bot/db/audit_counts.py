"""How much fits a filter, and how the stories it belongs to ended: bounded like the pages are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select, text

from bot.db.audit_queries import find_numbers
from bot.db.tables import LOUD, audit_events
from bot.domain.audit import AuditFilter, AuditKind, AuditOutcome
from bot.domain.audit_figures import AuditCount, StoryStep, end_of_story

STORIES = 1_000
"""How many of the newest stories are followed to their ends."""
ROWS = 10_000
"""Rows that are read for that."""
AT_ONCE = 500
"""Stories in one query: engines bound the values of one statement."""

_COLUMNS = (audit_events.c.story, audit_events.c.kind, audit_events.c.outcome, audit_events.c.payload)


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
    wanted: Select[Any] = select(*_COLUMNS).where(audit_events.c.story.in_(stories))
    if not quiet:
        wanted = wanted.where(text(LOUD))
    return connection.execute(wanted.order_by(audit_events.c.seq.desc()).limit(ROWS // 2)).all()


def _end(rows: list[Row[Any]]) -> AuditOutcome | None:
    return end_of_story(
        StoryStep(kind=AuditKind(row.kind), outcome=AuditOutcome(row.outcome), state=_state(row.payload))
        for row in rows
    )


def _state(payload: str | None) -> str:
    state = json.loads(payload).get("state") if payload and '"state":' in payload else None
    return state if isinstance(state, str) else ""

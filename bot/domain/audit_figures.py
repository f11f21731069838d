"""Figures that the trail is asked for: how many of what and how they ended, and who did what in a stretch of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.domain.requests import AUDIT_OUTCOME_OF, RequestState

STATE_OUTCOMES = {state.value: outcome for state, outcome in AUDIT_OUTCOME_OF.items()}

ENDS_A_REQUEST = frozenset({AuditKind.OUTCOME, AuditKind.EXPIRY, AuditKind.RECONCILE})


@dataclass(frozen=True, kw_only=True)
class StoryStep:
    """What a row tells of how its story stands. An erased row has no state left, and its kind and outcome still."""

    kind: AuditKind
    outcome: AuditOutcome
    state: str = ""


def end_of_story(steps: Iterable[StoryStep]) -> AuditOutcome | None:
    """How a story stands, from its rows, newest first: its request's last state, else the newest row that is an end.

    None where nothing began: a form was opened, and that is all.
    """
    end: AuditOutcome | None = None
    for step in steps:
        if step.state == RequestState.RESOLVED:
            if step.kind is AuditKind.DECISION:
                return step.outcome
            continue  # the row of whoever settled it tells how
        if step.state in STATE_OUTCOMES:
            return STATE_OUTCOMES[step.state]
        if step.kind in ENDS_A_REQUEST:
            return step.outcome
        is_open_form = step.kind is AuditKind.FORM and step.outcome is AuditOutcome.PENDING
        if not is_open_form and end in (None, AuditOutcome.PENDING):
            end = step.outcome
    return end


@dataclass(frozen=True, kw_only=True)
class AuditCount:
    """How much fits a filter, as far as a bounded look tells."""

    rows: int
    stories: int
    ends: tuple[tuple[AuditOutcome, int], ...]
    """How the newest of the stories stand today, the most frequent first; not those in which nothing began."""
    ended: int
    """How many stories were followed for `ends`."""
    complete: bool
    """Whether all that fits was seen; if not, `rows` and `stories` are the least that there are."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """So many rows of one sort."""

    actor: str
    action: AuditAction
    kind: AuditKind
    outcome: AuditOutcome
    number: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How long approvals were waited for, from the request to the vote that decided it; in seconds."""

    decided: int = 0
    median: float = 0.0
    longest: float = 0.0
    longest_request: str = ""


@dataclass(frozen=True, kw_only=True)
class AuditSummary:
    """What happened in a stretch of time."""

    tallies: tuple[Tally, ...] = ()
    request_ends: tuple[tuple[AuditOutcome, int], ...] = ()
    """How the requests with a step in that time stood at its end, the most frequent first."""
    waiting: Waiting = Waiting()
    names: tuple[tuple[str, str], ...] = ()
    """(person id, their name as the trail last knew it) of those who did most."""
    counted_from: datetime | None = None
    """Set where the range held more rows than are counted: the oldest one that was."""

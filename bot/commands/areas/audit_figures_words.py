"""The figures of a summary as sentences, a chart and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from bot.commands.areas.audit_sentences import OUTCOME_WORDS
from bot.domain.access import OperationClass
from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.domain.audit_figures import AuditSummary, Tally
from bot.domain.replies import Chart, Line, Part, PersonRef, Span, Table, line

PEOPLE_SHOWN = 8
NAME_LENGTH = 20
"""Characters of a chart's label."""
REFUSED_NAMED = 3

Classes = Mapping[AuditAction, OperationClass]


class Sort(StrEnum):
    """What somebody did, as the chart has it."""

    READ = "Reads"
    CHANGE = "Changes"
    DESTRUCTIVE = "Destructive"
    ACCESS = "Access"
    DECISION = "Decisions"
    REFUSED = "Refused"


PLAIN = {
    Sort.READ: ("read", "reads"),
    Sort.CHANGE: ("change", "changes"),
    Sort.DESTRUCTIVE: ("destructive request", "destructive requests"),
    Sort.ACCESS: ("change of access", "changes of access"),
    Sort.DECISION: ("decision", "decisions"),
    Sort.REFUSED: ("refusal", "refusals"),
}
_OF_KIND = {
    AuditKind.READ: Sort.READ,
    AuditKind.EXPORT: Sort.READ,
    AuditKind.ACCESS: Sort.ACCESS,
    AuditKind.DECISION: Sort.DECISION,
}


def sort_of(tally: Tally, classes: Classes) -> Sort | None:
    """A request counts once, by its own row; its later steps are its outcome's."""
    if tally.kind is AuditKind.REQUEST:
        destructive = classes.get(tally.action) is OperationClass.DESTRUCTIVE
        return Sort.DESTRUCTIVE if destructive else Sort.CHANGE
    if tally.kind is AuditKind.REFUSAL:
        return Sort.REFUSED if tally.outcome is AuditOutcome.DENIED else None
    if tally.kind is AuditKind.DECISION and tally.outcome not in (AuditOutcome.SUCCEEDED, AuditOutcome.DENIED):
        return None
    return _OF_KIND.get(tally.kind)


def totals(found: AuditSummary, classes: Classes) -> str:
    """`1,204 reads, 31 changes, 4 destructive requests, 5 refusals`."""
    numbers = _by_sort(found, classes)
    named = [f"{numbers[sort]:,} {PLAIN[sort][numbers[sort] != 1]}" for sort in Sort if numbers[sort]]
    return ", ".join(named) or "Nothing but questions and mistypes"


def _by_sort(found: AuditSummary, classes: Classes) -> Counter[Sort]:
    numbers: Counter[Sort] = Counter()
    for tally in found.tallies:
        sort = sort_of(tally, classes)
        if sort is not None:
            numbers[sort] += tally.number
    return numbers


def class_chart(found: AuditSummary, classes: Classes) -> tuple[Part, ...]:
    """Who did what: a bar a sort and person, the busiest first, the rest in one."""
    people: dict[str, Counter[Sort]] = {}
    for tally in found.tallies:
        sort = sort_of(tally, classes)
        if sort is not None:
            people.setdefault(tally.actor, Counter())[sort] += tally.number
    busiest = sorted(people, key=lambda actor: (-people[actor].total(), actor))
    shown, others = busiest[:PEOPLE_SHOWN], busiest[PEOPLE_SHOWN:]
    rows = [people[actor] for actor in shown]
    labels = _labels(shown, dict(found.names))
    if others:
        rows.append(sum((people[actor] for actor in others), Counter()))
        labels.append(f"{len(others):,} more")
    sorts = [sort for sort in Sort if any(row[sort] for row in rows)]
    series = tuple((sort.value, tuple(row[sort] for row in rows)) for sort in sorts)
    return (Chart(caption="Who did what", categories=tuple(labels), series=series),) if series else ()


def _labels(actors: list[str], names: Mapping[str, str]) -> list[str]:
    """Names as the trail knows them, short enough for a chart; two of the same are told apart by their ids."""
    called = [names.get(actor) or actor or "command line" for actor in actors]
    twice = {name for name, times in Counter(name[:NAME_LENGTH] for name in called).items() if times > 1}
    return [
        f"{name[: NAME_LENGTH - 7]} {actor[-6:]}" if name[:NAME_LENGTH] in twice else name[:NAME_LENGTH]
        for name, actor in zip(called, actors, strict=True)
    ]


def ends_table(found: AuditSummary) -> tuple[Part, ...]:
    """How requests and reads ended."""
    requests = dict(found.request_ends)
    reads: Counter[AuditOutcome] = Counter()
    for tally in found.tallies:
        if tally.kind is AuditKind.READ:
            reads[tally.outcome] += tally.number
    ends = sorted({*requests, *reads}, key=lambda end: (-requests.get(end, 0), -reads[end], end.value))
    rows = tuple((OUTCOME_WORDS[end], f"{requests.get(end, 0):,}", f"{reads[end]:,}") for end in ends)
    return (Table(caption="How it ended", headings=("End", "Requests", "Reads"), rows=rows),) if rows else ()


def refusals(found: AuditSummary) -> Line:
    """How many, and of whom most."""
    people: Counter[str] = Counter()
    for tally in found.tallies:
        if tally.kind is AuditKind.REFUSAL and tally.outcome is AuditOutcome.DENIED:
            people[tally.actor] += tally.number
    if not people:
        return line("nobody")
    spans: list[Span] = [f"{people.total():,} {'time' if people.total() == 1 else 'times'}"]
    for place, (actor, number) in enumerate(people.most_common(REFUSED_NAMED)):
        who: Span = PersonRef(id=actor) if actor.startswith(("U", "W")) else "the bot"
        spans += [": " if place == 0 else ", ", who, f" {number:,}"]
    return tuple(spans)


def lasted(seconds: float) -> str:
    """`40 s`, `12 min`, `2 h 10 min`, `3 d 4 h`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h" if hours_left else f"{days} d"
    if hours:
        return f"{hours} h {minutes_left} min" if minutes_left else f"{hours} h"
    return f"{minutes} min" if minutes else f"{rest} s"

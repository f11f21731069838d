"""The plain answer above a page of the trail: how many of what, and how they ended."""

from __future__ import annotations

from bot.commands.areas.audit_sentences import OUTCOME_WORDS, action_words
from bot.domain.audit import AuditAction, AuditFilter, AuditOutcome
from bot.domain.audit_figures import AuditCount
from bot.domain.replies import ChannelRef, Line, Moment, PersonRef, Span, Strong, line

ROWS_COUNTED = 1_000
"""Rows that a count of rows looks at; more are "more than 1,000"."""
ROWS_OF_THINGS = 5_000
"""Rows that a count of things looks at: each has several."""
ENDS_NAMED = 3

THINGS = {
    AuditAction.DATABASES_REGISTER: "registration",
    AuditAction.DATABASES_UPDATE: "database update",
    AuditAction.DATABASES_DELETE: "database deletion",
    AuditAction.TABLES_ENABLE: "enabling of tables",
    AuditAction.TABLES_DISABLE: "disabling of tables",
    AuditAction.TOKEN_SET: "token setting",
    AuditAction.TOKEN_DELETE: "token deletion",
    AuditAction.DEVICES_REMOVE: "device removal",
}
"""What several rows of one story amount to, for a verdict that counts things rather than rows."""
VERB_THINGS = {"delete": "deletion", "token_delete": "token deletion", "update": "update", "remove": "removal"}
COUNT_WORDS = {
    AuditOutcome.REJECTED: "refused by the API",
    AuditOutcome.UNKNOWN: "with an unknown end",
    AuditOutcome.STALE: "stopped as things had changed",
    AuditOutcome.ALREADY_ABSENT: "already gone",
}
"""Where the words of a single row do not go with a number."""


def thing_of(wanted: AuditFilter) -> str:
    """What is counted, where it is more than rows. What is under way in a row may be over in a later one."""
    if wanted.outcome is AuditOutcome.PENDING:
        return ""
    return THINGS.get(wanted.action, "") if wanted.action else VERB_THINGS.get(wanted.verb or "", "")


def rows_to_count(wanted: AuditFilter) -> int:
    """How many rows a count may look at."""
    return ROWS_OF_THINGS if thing_of(wanted) else ROWS_COUNTED


def page_verdict(count: AuditCount, wanted: AuditFilter) -> Line:
    """`3 deletions by Ada since Monday, 1 failed`."""
    thing = thing_of(wanted)
    number = _number_of_things(count, wanted) if thing else 0
    if number:
        words = Strong(text=f"{_number(number, count)} {plural(number, thing)}")
        return line(words, *about(wanted, thing), *_ended(count, wanted, number))
    words = Strong(text=f"{_number(count.rows, count)} {plural(count.rows, _row_of(wanted))}")
    stories = () if count.rows == count.stories or not count.complete else (_in_stories(count.stories),)
    otherwise = (f"; no {thing} ended so",) if thing and count.complete else ()
    return line(words, *stories, *about(wanted), *_ended(count, wanted, count.rows), *otherwise)


def _row_of(wanted: AuditFilter) -> str:
    """Rows under way are the steps of something: how that ended stands in another row."""
    return "step" if wanted.outcome is AuditOutcome.PENDING else "row"


def nothing_verdict(wanted: AuditFilter) -> Line:
    """What there is none of."""
    thing = thing_of(wanted)
    named = (*about(wanted, thing), f", {ended_words(wanted.outcome)}" if wanted.outcome else "")
    if not any(named) and not thing:
        return line("Nothing in the trail fits")
    return line(f"Nothing in the trail fits: no {plural(2, thing or 'row')}", *named)


def _number_of_things(count: AuditCount, wanted: AuditFilter) -> int:
    """A vote may succeed where the thing itself did not: things are counted by their own end."""
    return dict(count.ends).get(wanted.outcome, 0) if wanted.outcome else count.stories


def _number(number: int, count: AuditCount) -> str:
    if count.complete:
        return f"{number:,}"
    return f"more than {ROWS_COUNTED:,}" if number >= ROWS_COUNTED else f"at least {number:,}"


def plural(number: int, thing: str) -> str:
    """`deletion`, `deletions`, `enablings of tables`."""
    first, space, rest = thing.partition(" of ")
    return thing if number == 1 else f"{first}s{space}{rest}"


def _in_stories(number: int) -> str:
    return f" in {number:,} {'story' if number == 1 else 'stories'}"


def about(wanted: AuditFilter, thing: str = "") -> tuple[Span, ...]:
    """The filters in words, behind the thing that is counted or behind rows."""
    spans: list[Span] = []
    if not thing and (wanted.action or wanted.area or wanted.verb):
        spans.append(f" on {action_words(wanted.action) if wanted.action else wanted.area or wanted.verb}")
    if wanted.target:
        spans.append(f" of {wanted.target}" if thing else f" about {wanted.target}")
    if wanted.actor:
        spans += [" by ", PersonRef(id=wanted.actor)]
    if wanted.channel:
        spans += [" in ", ChannelRef(id=wanted.channel)]
    if wanted.text:
        spans.append(f" with “{wanted.text[:60]}”")
    for word, moment in ((" since ", wanted.since), (" until ", wanted.until)):
        spans += [word, Moment(at=moment)] if moment else []
    return tuple(spans)


def ended_words(outcome: AuditOutcome) -> str:
    """An end as it follows a number."""
    return COUNT_WORDS.get(outcome) or OUTCOME_WORDS[outcome]


def _ended(count: AuditCount, wanted: AuditFilter, number: int) -> tuple[str, ...]:
    """All alike, or what did not simply get done."""
    if wanted.outcome is AuditOutcome.PENDING:
        return (_still(count),)
    if wanted.outcome:
        return (f", {'' if number == 1 else 'all '}{ended_words(wanted.outcome)}",)
    if not thing_of(wanted) and not count.complete:
        return ()
    if not count.ends:
        return ()
    within = f"; of the newest {count.ended:,}" if count.ended < count.stories or not count.complete else ""
    everything = sum(times for _, times in count.ends) == count.ended
    if len(count.ends) == 1 and everything and not within:
        return (f", {'' if count.stories == 1 else 'all '}{ended_words(count.ends[0][0])}",)
    others = [one for one in count.ends if one[0] is not AuditOutcome.SUCCEEDED]
    if not others:
        return (f"{within}, {'all' if everything else dict(count.ends)[AuditOutcome.SUCCEEDED]} done",)
    of_them = "of which " if not within and count.rows != count.stories and not thing_of(wanted) else ""
    return (f"{within}, {of_them}{', '.join(_named(others))}",)


def _named(ends: list[tuple[AuditOutcome, int]]) -> list[str]:
    """The most frequent ends by name, the rest in one; and what is under way, which is no end."""
    over = [(outcome, times) for outcome, times in ends if outcome is not AuditOutcome.PENDING]
    under_way = [(outcome, times) for outcome, times in ends if outcome is AuditOutcome.PENDING]
    rest = sum(times for _, times in over[ENDS_NAMED:])
    named = [f"{times:,} {ended_words(outcome)}" for outcome, times in over[:ENDS_NAMED]]
    named += [f"{rest:,} ended otherwise"] if rest else []
    return [*named, *(f"{times:,} {ended_words(outcome)}" for outcome, times in under_way)]


def _still(count: AuditCount) -> str:
    """How many of the stories with a step under way are so today."""
    still = dict(count.ends).get(AuditOutcome.PENDING, 0)
    if not still:
        return ", nothing under way any more"
    return f", {still:,} {'story' if still == 1 else 'stories'} still under way"

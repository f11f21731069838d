"""Rows of the trail in words: a line in a list, and a story as a timeline."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.areas.audit_asked import narrower
from bot.commands.areas.audit_own_words import changes_of
from bot.commands.areas.audit_sentences import (
    OUTCOME_WORDS,
    action_words,
    is_about_access,
    sentence,
    text_of,
    with_mentions,
)
from bot.commands.wording import past_the_end
from bot.domain.audit import AuditKind, AuditOutcome, AuditRecord, AuditStory
from bot.domain.audit_figures import StoryStep, end_of_story
from bot.domain.replies import (
    Bullets,
    ChannelRef,
    Code,
    CommandButton,
    Line,
    Moment,
    Mood,
    Reply,
    Small,
    Span,
    Strong,
    line,
)
from bot.domain.requests import RequestState

STEPS_SHOWN = 25
ERASED = "what it said was erased"
ONLY_A_FORM = "a form was opened, and not sent so far"
MOODS = {
    AuditOutcome.SUCCEEDED: Mood.GOOD,
    AuditOutcome.ALREADY_ABSENT: Mood.GOOD,
    AuditOutcome.DENIED: Mood.REFUSED,
    AuditOutcome.REJECTED: Mood.BAD,
    AuditOutcome.FAILED: Mood.BAD,
    AuditOutcome.UNKNOWN: Mood.WARNING,
    AuditOutcome.ABANDONED: Mood.WARNING,
    AuditOutcome.STALE: Mood.WARNING,
    AuditOutcome.PENDING: Mood.WAITING,
}
TOLD_BY_ONE_ROW = frozenset(AuditKind) - {
    AuditKind.REQUEST,
    AuditKind.DECISION,
    AuditKind.INTENT,
    AuditKind.OUTCOME,
    AuditKind.EXPIRY,
    AuditKind.RECONCILE,
    AuditKind.FORM,
}
"""Kinds whose row is the whole of what happened, where no request is behind it."""


def row_line(record: AuditRecord) -> Line:
    """One row in a list."""
    code = f" ({record.code})" if record.code else ""
    said = f", {ERASED}" if record.erased else ""
    return line(Code(text=str(record.seq)), " ", Moment(at=record.occurred_at), " ", *sentence(record), code, said)


def story_label(record: AuditRecord) -> str:
    """A row's story in a menu, where nothing can be mentioned: by the name as of then."""
    about = record.target_label or ("" if is_about_access(record) else record.target)
    return f"{record.seq} {action_words(record.action)} {about}".strip()


def story_outcome(records: Sequence[AuditRecord]) -> AuditOutcome | None:
    """How a story stands, from its rows oldest first; None where nothing began but a form."""
    return end_of_story(
        StoryStep(kind=one.kind, outcome=one.outcome, state=text_of(one.payload.get("state")))
        for one in reversed(records)
    )


def timeline(story: AuditStory, timezone: str | None, asked: int = 1) -> Reply:
    """One story, oldest first, with its end as the verdict; a long one page by page."""
    page, pages = story.page, story.pages
    end = story_outcome(story.telling)
    number = f"{story.rows:,} {'row' if story.rows == 1 else 'rows'}"
    small = f"Story {story.story}, {number}, {story.first_seq} to {story.last_seq}"
    under_way = end is AuditOutcome.PENDING and any(record.request_id for record in story.telling)
    return Reply(
        verdict=line(*_story_words(story.telling, end), f", page {page} of {pages}" if pages > 1 else ""),
        mood=MOODS.get(end, Mood.PLAIN) if end else Mood.PLAIN,
        parts=(
            *past_the_end(asked, pages),
            Bullets(items=tuple(_step(record) for record in story.shown)),
            Small(line=line(small, *place_of(story.telling[0]))),
        ),
        next_step=line(_what_now(under_way=under_way, goes_on=page < pages, undecided=_needs_a_person(story.telling))),
        actions=(*_turning(story.story, page, pages), *_leads(story.telling, timezone)),
    )


def _needs_a_person(records: Sequence[AuditRecord]) -> bool:
    """Whether the request waits for somebody's word on how it ended."""
    states = [state for one in records if (state := text_of(one.payload.get("state")))]
    return bool(states) and states[-1] == RequestState.NEEDS_HUMAN


def _what_now(*, under_way: bool, goes_on: bool, undecided: bool) -> str:
    if undecided:
        return "Next: in its channel an admin presses It happened or It did not on the request."
    if under_way:
        return "Next: look at the request, which is still open."
    if goes_on:
        return "Next: press Newer to read on."
    return "Next: nothing to do; this is the story so far as it was written."


def _story_words(records: Sequence[AuditRecord], end: AuditOutcome | None) -> Line:
    """A request by what it is for and how it stands; anything else by the row that tells it."""
    summary = next((text_of(one.payload.get("summary")) for one in records if one.payload.get("summary")), "")
    telling = [one for one in records if one.kind in TOLD_BY_ONE_ROW]
    telling.sort(key=lambda one: one.kind is AuditKind.ANSWER)
    if telling and not summary and not any(one.request_id for one in records):
        ended = next((one for one in telling if one.outcome is end), telling[0])
        return as_verdict(sentence(ended))
    what = summary or f"{action_words(records[0].action)} {records[0].target_label}".strip()
    return line(Strong(text=what), f": {OUTCOME_WORDS[end] if end else ONLY_A_FORM}")


def as_verdict(words: Line) -> Line:
    """A row's sentence where one begins."""
    first, *others = words
    return line(first[:1].upper() + first[1:] if isinstance(first, str) else first, *others)


def _turning(story: str, page: int, pages: int) -> tuple[CommandButton, ...]:
    """The pages before and after this one."""
    return tuple(
        CommandButton(label=label, command=f"audit show {story} --page {number}", replaces=True)
        for label, number in (("Older", page - 1), ("Newer", page + 1))
        if 1 <= number <= pages
    )


def _leads(records: Sequence[AuditRecord], timezone: str | None) -> tuple[CommandButton, ...]:
    """From one story to its request, and to all that concerns the same person, database or day."""
    request_id = next((record.request_id for record in records if record.request_id), None)
    request = (CommandButton(label="The request", command=f"approvals show {request_id}"),) if request_id else ()
    return (*request, *narrower(records, "audit list", timezone))


def place_of(record: AuditRecord) -> tuple[Span, ...]:
    """Where it was done. What the program does by itself, and the command line, is in no channel."""
    environment = (f", {record.environment}",) if record.environment else ()
    if not record.channel:
        return environment
    place: Span = ChannelRef(id=record.channel) if record.channel.startswith(("C", "G")) else "a direct message"
    return (", in ", place, *environment)


def _step(record: AuditRecord) -> Line:
    spans: list[Span] = [Moment(at=record.occurred_at), " ", *sentence(record)]
    for note in _notes(record):
        spans += [", ", *with_mentions(note)]
    return tuple(spans)


def _asked_for(record: AuditRecord) -> list[str]:
    """All that a request asks for, where its sentence names only what it is part of."""
    operation = record.payload.get("operation") if record.kind is AuditKind.REQUEST else None
    items = operation.get("items") if isinstance(operation, dict) else None
    return [f"for {', '.join(str(item) for item in items)}"] if isinstance(items, list) and items else []


def _notes(record: AuditRecord) -> list[str]:
    notes = [ERASED] if record.erased else []
    notes += _asked_for(record)
    reason = text_of(record.payload.get("reason"))
    if reason:
        notes.append(f"because “{reason}”")
    if record.http_status is not None:
        notes.append(f"HTTP {record.http_status}")
    if record.code:
        notes.append(f"code {record.code}")
    if record.duration_ms is not None:
        notes.append(f"{record.duration_ms} ms")
    warnings = record.payload.get("warnings")
    if isinstance(warnings, list) and warnings:
        notes.append("warnings: " + "; ".join(str(warning) for warning in warnings))
    readings = record.payload.get("readings")
    if isinstance(readings, list) and readings:
        notes.append("; ".join(str(reading) for reading in readings))
    problem = text_of(record.payload.get("problem"))
    if problem:
        notes.append(problem)
    stood = record.payload.get("before")
    if isinstance(stood, dict):
        notes.append("before: " + ", ".join(f"{name} {value}" for name, value in sorted(stood.items()) if value))
    notes += [f"{name} {before} → {after}" for name, before, after in changes_of(record)]
    return notes

"""Rows of the trail in words: a line in a list, and a story as a timeline."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.areas.audit_asked import narrower
from bot.commands.wording import past_the_end
from bot.domain.audit import AuditAction, AuditKind, AuditOutcome, AuditRecord, JsonValue
from bot.domain.audit_figures import StoryStep, end_of_story
from bot.domain.replies import (
    Bullets,
    ChannelRef,
    Code,
    CommandButton,
    Line,
    Moment,
    Mood,
    PersonRef,
    Reply,
    Small,
    Span,
    Strong,
    line,
)

STEPS_SHOWN = 25
OUTCOME_WORDS = {
    AuditOutcome.SUCCEEDED: "done",
    AuditOutcome.DENIED: "refused",
    AuditOutcome.INVALID: "not understood or not possible",
    AuditOutcome.CANCELLED: "cancelled",
    AuditOutcome.EXPIRED: "expired",
    AuditOutcome.STALE: "stopped, things had changed",
    AuditOutcome.ALREADY_ABSENT: "was already gone",
    AuditOutcome.REJECTED: "the API refused it",
    AuditOutcome.NOT_SENT: "not sent",
    AuditOutcome.UNKNOWN: "end unknown",
    AuditOutcome.FAILED: "failed",
    AuditOutcome.ABANDONED: "abandoned",
    AuditOutcome.PENDING: "under way",
}
ONLY_A_FORM = "a form was opened, and not sent so far"
KIND_WORDS = {
    AuditKind.READ: "read",
    AuditKind.MISTYPE: "typed",
    AuditKind.REFUSAL: "tried",
    AuditKind.REQUEST: "asked for",
    AuditKind.DECISION: "decided on",
    AuditKind.INTENT: "about to send",
    AuditKind.OUTCOME: "outcome of",
    AuditKind.EXPIRY: "time ran out for",
    AuditKind.RECONCILE: "looked again at",
    AuditKind.ABANDONED: "left unfinished",
    AuditKind.ACCESS: "changed access",
    AuditKind.ANSWER: "asked",
    AuditKind.FORM: "opened the form of",
    AuditKind.SYSTEM: "the bot",
    AuditKind.EXPORT: "exported",
    AuditKind.ANCHOR: "anchored",
    AuditKind.TOMBSTONE: "erased",
    AuditKind.CHECKPOINT: "checkpoint",
}
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
VOTES = {"approve": "approved", "deny": "denied"}


def who(record: AuditRecord) -> Span:
    """The person, or the program."""
    return PersonRef(id=record.actor) if record.actor.startswith(("U", "W")) else "the bot"


def row_line(record: AuditRecord) -> Line:
    """One row in a list."""
    return line(
        Code(text=str(record.seq)),
        " ",
        Moment(at=record.occurred_at),
        " ",
        who(record),
        f" {KIND_WORDS[record.kind]} ",
        Strong(text=action_words(record.action)),
        f" {record.target_label or record.target}" if record.target or record.target_label else "",
        f": {_ended(record)}",
        f" ({record.code})" if record.code else "",
    )


def action_words(action: AuditAction) -> str:
    return action.value.replace(".", " ").replace("_", " ")


def _ended(record: AuditRecord) -> str:
    """How one row ended. An approval succeeded as a vote, which does not mean that anything was done."""
    return VOTES.get(text_of(record.payload.get("vote"))) or OUTCOME_WORDS[record.outcome]


def story_label(record: AuditRecord) -> str:
    """A row's story in a menu."""
    return f"{record.seq} {action_words(record.action)} {record.target_label or record.target}".strip()


def story_outcome(records: Sequence[AuditRecord]) -> AuditOutcome | None:
    """How a story stands, from its rows oldest first; None where nothing began but a form."""
    return end_of_story(
        StoryStep(kind=one.kind, outcome=one.outcome, state=text_of(one.payload.get("state")))
        for one in reversed(records)
    )


def timeline(records: Sequence[AuditRecord], timezone: str | None, asked: int = 1) -> Reply:
    """One story, oldest first, with its end as the verdict; a long one page by page."""
    first, last = records[0], records[-1]
    pages = -(-len(records) // STEPS_SHOWN)
    page = min(asked, pages)
    end = story_outcome(records)
    summary = next((text_of(record.payload.get("summary")) for record in records if record.payload.get("summary")), "")
    what = summary or f"{action_words(first.action)} {first.target_label}".strip()
    shown = records[(page - 1) * STEPS_SHOWN : page * STEPS_SHOWN]
    small = f"Story {first.story}, rows {first.seq} to {last.seq}, in "
    under_way = end is AuditOutcome.PENDING and any(record.request_id for record in records)
    return Reply(
        verdict=line(
            Strong(text=what),
            f": {OUTCOME_WORDS[end] if end else ONLY_A_FORM}",
            f", page {page} of {pages}" if pages > 1 else "",
        ),
        mood=MOODS.get(end, Mood.PLAIN) if end else Mood.PLAIN,
        parts=(
            *past_the_end(asked, pages),
            Bullets(items=tuple(_step(record) for record in shown)),
            Small(line=line(small, *_where(first))),
        ),
        next_step=line("Next: look at the request, which is still open.")
        if under_way
        else line("Next: nothing to do; this is the story so far as it was written."),
        actions=(*_turning(first.story, page, pages), *_leads(records, timezone)),
    )


def _turning(story: str, page: int, pages: int) -> tuple[CommandButton, ...]:
    """The pages before and after this one."""
    return tuple(
        CommandButton(label=label, command=f"audit show {story} --page {number}", replaces=True)
        for label, number in (("Previous", page - 1), ("Next", page + 1))
        if 1 <= number <= pages
    )


def _leads(records: Sequence[AuditRecord], timezone: str | None) -> tuple[CommandButton, ...]:
    """From one story to its request, and to all that concerns the same person, database or day."""
    request_id = next((record.request_id for record in records if record.request_id), None)
    request = (CommandButton(label="The request", command=f"approvals show {request_id}"),) if request_id else ()
    return (*request, *narrower(records, "audit list", timezone))


def _where(record: AuditRecord) -> tuple[Span, ...]:
    place: Span = ChannelRef(id=record.channel) if record.channel.startswith(("C", "G")) else "a direct message"
    return (place, f", {record.environment}") if record.environment else (place,)


def _step(record: AuditRecord) -> Line:
    words: list[Span] = [Moment(at=record.occurred_at), " ", who(record), " "]
    vote, said = text_of(record.payload.get("vote")), text_of(record.payload.get("said"))
    if vote in VOTES:
        words.append(VOTES[vote])
    elif said:
        words.append(f"said: {said}")
    else:
        named = record.kind in (
            AuditKind.REQUEST,
            AuditKind.READ,
            AuditKind.REFUSAL,
            AuditKind.MISTYPE,
            AuditKind.ACCESS,
            AuditKind.FORM,
        )
        words.append(KIND_WORDS[record.kind] + (f" {action_words(record.action)}" if named else ""))
        words.append(f" — {OUTCOME_WORDS[record.outcome]}")
    for note in _notes(record):
        words.append(f", {note}")
    return tuple(words)


def _notes(record: AuditRecord) -> list[str]:
    notes = []
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
    problem = text_of(record.payload.get("problem"))
    if problem:
        notes.append(problem)
    return notes


def text_of(value: JsonValue) -> str:
    """A payload's field as text."""
    return value if isinstance(value, str) else ""

"""Rows of the trail in words: a line in a list, and a story as a timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.domain.audit import AuditFilter, AuditKind, AuditOutcome, AuditPage, AuditRecord, JsonValue
from bot.domain.replies import (
    Bullets,
    ChannelRef,
    Code,
    CommandButton,
    Line,
    Moment,
    Mood,
    Part,
    PersonRef,
    Reply,
    Small,
    Span,
    Strong,
    line,
)

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
        Strong(text=record.action.value.replace(".", " ").replace("_", " ")),
        f" {record.target_label or record.target}" if record.target or record.target_label else "",
        f": {OUTCOME_WORDS[record.outcome]}",
        f" ({record.code})" if record.code else "",
    )


def page_verdict(found: AuditPage, wanted: AuditFilter) -> Line:
    """A plain answer first: how many, and how they ended."""
    outcomes = Counter(record.outcome for record in found.records)
    several = found.has_older or found.has_newer
    ended = ", ".join(f"{count} {OUTCOME_WORDS[outcome]}" for outcome, count in outcomes.most_common(3))
    noun = wanted.action.value.replace(".", " ") if wanted.action else wanted.area or "row"
    count = f"{len(found.records)} {noun}{'s' if len(found.records) != 1 and noun == 'row' else ''}"
    since: tuple[Span, ...] = (" since ", Moment(at=wanted.since)) if wanted.since else ()
    by: tuple[Span, ...] = (" by ", PersonRef(id=wanted.actor)) if wanted.actor else ()
    return line(Strong(text=count), *by, *since, f": {ended}", " on this page" if several else "")


def timeline(records: Sequence[AuditRecord]) -> Reply:
    """One story, oldest first, with its end as the verdict."""
    first, last = records[0], records[-1]
    ends = [record for record in records if record.outcome is not AuditOutcome.PENDING]
    end = ends[-1] if ends else last
    summary = next((text_of(record.payload.get("summary")) for record in records if record.payload.get("summary")), "")
    what = summary or f"{first.action.value.replace('.', ' ').replace('_', ' ')} {first.target_label}".strip()
    parts: list[Part] = [Bullets(items=tuple(_step(record) for record in records[:25]))]
    if len(records) > 25:
        parts.append(Small(line=line(f"{len(records) - 25} more rows belong to this story.")))
    parts.append(Small(line=line(f"Story {first.story}, rows {first.seq} to {last.seq}, in ", *_where(first))))
    actions = (CommandButton(label="All of this database", command=f"audit list --database {first.target}"),)
    return Reply(
        verdict=line(Strong(text=what), f": {OUTCOME_WORDS[end.outcome]}"),
        mood=Mood.GOOD if end.outcome is AuditOutcome.SUCCEEDED else Mood.PLAIN,
        parts=tuple(parts),
        next_step=line("Next: nothing to do; this is the whole story."),
        actions=actions if first.target.startswith("db_") else (),
    )


def _where(record: AuditRecord) -> tuple[Span, ...]:
    place: Span = ChannelRef(id=record.channel) if record.channel.startswith(("C", "G")) else "a direct message"
    return (place, f", {record.environment}") if record.environment else (place,)


def _step(record: AuditRecord) -> Line:
    words: list[Span] = [Moment(at=record.occurred_at), " ", who(record), f" {KIND_WORDS[record.kind]}"]
    vote = text_of(record.payload.get("vote"))
    if vote:
        words.append(f": {vote}")
    elif record.kind in (AuditKind.REQUEST, AuditKind.READ, AuditKind.REFUSAL, AuditKind.MISTYPE, AuditKind.ACCESS):
        words.append(f" {record.action.value.replace('.', ' ').replace('_', ' ')}")
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

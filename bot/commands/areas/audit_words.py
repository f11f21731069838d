"""Rows of the trail in words: a line in a list, and a story as a timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.domain.audit import AuditAction, AuditFilter, AuditKind, AuditOutcome, AuditPage, AuditRecord, JsonValue
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
from bot.domain.requests import AUDIT_OUTCOME_OF

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
STATE_OUTCOMES = {state.value: outcome for state, outcome in AUDIT_OUTCOME_OF.items()}
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
        Strong(text=_action_words(record.action)),
        f" {record.target_label or record.target}" if record.target or record.target_label else "",
        f": {_ended(record)}",
        f" ({record.code})" if record.code else "",
    )


def _action_words(action: AuditAction) -> str:
    return action.value.replace(".", " ").replace("_", " ")


def _ended(record: AuditRecord) -> str:
    """How one row ended. An approval succeeded as a vote, which does not mean that anything was done."""
    return VOTES.get(text_of(record.payload.get("vote"))) or OUTCOME_WORDS[record.outcome]


def story_outcome(records: Sequence[AuditRecord]) -> AuditOutcome:
    """How a story stands, from its rows oldest first: its request's last state, else its last row that is an end."""
    for record in reversed(records):
        outcome = STATE_OUTCOMES.get(text_of(record.payload.get("state")))
        if outcome is not None:
            return outcome
    ends = [record.outcome for record in records if record.outcome is not AuditOutcome.PENDING]
    return ends[-1] if ends else AuditOutcome.PENDING


def page_verdict(found: AuditPage, wanted: AuditFilter) -> Line:
    """A plain answer first: how many, and how they ended."""
    thing = THINGS.get(wanted.action) if wanted.action else None
    ends = _story_ends(found.records) if thing else [record.outcome for record in found.records]
    ended = ", ".join(f"{count} {OUTCOME_WORDS[outcome]}" for outcome, count in Counter(ends).most_common(3))
    about = _action_words(wanted.action) if wanted.action else wanted.area
    count = _counted(len(ends), thing) if thing else _counted(len(ends), "row") + (f" on {about}" if about else "")
    since: tuple[Span, ...] = (" since ", Moment(at=wanted.since)) if wanted.since else ()
    by: tuple[Span, ...] = (" by ", PersonRef(id=wanted.actor)) if wanted.actor else ()
    several = found.has_older or found.has_newer
    return line(Strong(text=count), *by, *since, f": {ended}", " on this page" if several else "")


def _story_ends(records: Sequence[AuditRecord]) -> list[AuditOutcome]:
    """One end a story, from rows newest first."""
    stories: dict[str, list[AuditRecord]] = {}
    for record in reversed(records):
        stories.setdefault(record.story, []).append(record)
    return [story_outcome(rows) for rows in stories.values()]


def _counted(number: int, thing: str) -> str:
    first, space, rest = thing.partition(" of ")
    return f"{number} {thing}" if number == 1 else f"{number} {first}s{space}{rest}"


def timeline(records: Sequence[AuditRecord]) -> Reply:
    """One story, oldest first, with its end as the verdict."""
    first, last = records[0], records[-1]
    end = story_outcome(records)
    summary = next((text_of(record.payload.get("summary")) for record in records if record.payload.get("summary")), "")
    what = summary or f"{_action_words(first.action)} {first.target_label}".strip()
    parts: list[Part] = [Bullets(items=tuple(_step(record) for record in records[:STEPS_SHOWN]))]
    hidden = len(records) - STEPS_SHOWN
    if hidden > 0:
        parts.append(Small(line=line(f"{hidden} more rows belong to this story.")))
    parts.append(Small(line=line(f"Story {first.story}, rows {first.seq} to {last.seq}, in ", *_where(first))))
    under_way = end is AuditOutcome.PENDING and any(record.request_id for record in records)
    return Reply(
        verdict=line(Strong(text=what), f": {OUTCOME_WORDS[end]}"),
        mood=MOODS.get(end, Mood.PLAIN),
        parts=tuple(parts),
        next_step=line("Next: look at the request, which is still open.")
        if under_way
        else line("Next: nothing to do; this is the story so far as it was written."),
        actions=_leads(records),
    )


def _leads(records: Sequence[AuditRecord]) -> tuple[CommandButton, ...]:
    """From one story to its request, and to all that concerns the same database or person."""
    request_id = next((record.request_id for record in records if record.request_id), None)
    target = next((record.target for record in records if record.target.startswith("db_")), None)
    person = next((record.actor for record in records if record.actor.startswith(("U", "W"))), None)
    leads = (
        ("The request", f"approvals show {request_id}", request_id),
        ("All of this database", f"audit list --database {target}", target),
        ("All by this person", f"audit list --user <@{person}>", person),
    )
    return tuple(CommandButton(label=label, command=command) for label, command, there in leads if there)


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
        words.append(KIND_WORDS[record.kind] + (f" {_action_words(record.action)}" if named else ""))
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

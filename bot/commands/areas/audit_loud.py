"""A loud event as a message in the audit channel: the row's own sentence, and what of it matters to whoever watches."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.commands.areas.audit_sentences import reference, sentence, text_of
from bot.commands.areas.audit_words import ERASED, as_verdict, place_of
from bot.domain.access import Role
from bot.domain.audit import AuditAction, AuditKind, AuditOutcome, AuditRecord, JsonValue
from bot.domain.loud_events import weakened
from bot.domain.replies import Bullets, Code, Line, Moment, Mood, Part, Reply, Small, Span, line

ADMIN = Role.ADMIN.word
_SPACES = re.compile(r"\s+")


def announcement(record: AuditRecord, rows: int, slash: str) -> Reply:
    """What is posted; `rows`: how many alike the act left."""
    small = line(f"Row {record.seq}, ", Moment(at=record.occurred_at), *place_of(record))
    return Reply(
        verdict=_on_one_line(as_verdict((*sentence(record), *_besides(record, rows)))),
        mood=Mood.WARNING,
        parts=(*_changed(record), Small(line=_on_one_line(small))),
        next_step=line(
            "Next: if you did not expect it, look at ",
            Code(text=f"{slash} audit show {record.seq}"),
            " in a bound channel.",
        ),
    )


def _on_one_line(words: Line) -> Line:
    """Names are untrusted text, and a line of its own in this channel could pass for an anchor."""
    return tuple(_SPACES.sub(" ", span) if isinstance(span, str) else span for span in words)


def _besides(record: AuditRecord, rows: int) -> Line:
    """What the sentence leaves out and an auditor asks first."""
    if record.erased:
        return line(f", {ERASED}")
    if rows > 1:
        return line(f", and {rows - 1} more {'row' if rows == 2 else 'rows'} with it")
    match record.kind:
        case AuditKind.ACCESS:
            return line(_until_then(record.payload))
        case AuditKind.EXPORT if record.outcome is AuditOutcome.SUCCEEDED:
            return line(_which_rows(record.payload))
        case _:
            mismatch = record.action is AuditAction.SYSTEM_ORGANISATION and record.outcome is AuditOutcome.REJECTED
            return line(": changes are off there") if mismatch else ()


def _until_then(payload: Mapping[str, JsonValue]) -> str:
    """That admin was taken away, where it was."""
    before = payload.get("before")
    lost = {
        name: isinstance(before, dict) and before.get(name) == ADMIN and payload.get(name) != ADMIN
        for name in ("role", "members")
    }
    if lost["role"]:
        return ", admin until then"
    return ", who were admin until then" if lost["members"] else ""


def _which_rows(payload: Mapping[str, JsonValue]) -> str:
    """Whether any were left out in between."""
    rows, first, last = (payload.get(name) for name in ("rows", "first_seq", "last_seq"))
    if not (isinstance(rows, int) and isinstance(first, int) and isinstance(last, int)):
        return ""
    if rows == 1:
        return f", row {first}"
    return f", all from {first} to {last}" if rows == last - first + 1 else f", picked from {first} to {last}"


def _changed(record: AuditRecord) -> tuple[Part, ...]:
    """Before and after of each setting that weakens control; the sentence names the others that changed with it."""
    changed = record.payload.get("changed")
    if not isinstance(changed, dict):
        return ()
    items = [line(Code(text=name), " ", *_sides(changed[name])) for name in weakened(record.payload)]
    return (Bullets(items=tuple(map(_on_one_line, items))),) if items else ()


def _sides(change: JsonValue) -> Line:
    if not isinstance(change, dict):
        return ()
    return line(*_value(change.get("before")), " → ", *_value(change.get("after")))


def _value(value: JsonValue) -> Line:
    """Of a setting, with people and channels as mentions."""
    if value in (None, "", []):
        return line("nothing")
    spans: list[Span] = []
    for one in value if isinstance(value, list) else [value]:
        spans += [*([", "] if spans else []), reference(text_of(one) or str(one))]
    return tuple(spans)

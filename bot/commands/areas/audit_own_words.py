"""Rows that the program writes of itself, as sentences: start, stop, settings, organisation, and its own trail."""

from __future__ import annotations

from bot.domain.audit import AuditAction, AuditOutcome, AuditRecord, JsonValue
from bot.domain.loud_events import SEARCH_INDEX
from bot.domain.replies import Line, line

THE_BOT = "the bot"


def own_words(record: AuditRecord) -> Line:
    """The sentence; empty where the action has none of its own."""
    match record.action:
        case AuditAction.SYSTEM_START:
            return line(THE_BOT, " started", _unsound(record))
        case AuditAction.SYSTEM_STOP:
            return line(THE_BOT, " stopped", _unsound(record))
        case AuditAction.SYSTEM_CONFIGURATION if record.target == SEARCH_INDEX:
            return line(f"{_operator(record)} at the command line made the search index anew")
        case AuditAction.SYSTEM_CONFIGURATION:
            named = ", ".join(name for name, _, _ in changes_of(record))
            return line(THE_BOT, " was set up otherwise than before", f": {named}" if named else "")
        case AuditAction.SYSTEM_TRAIL:
            return line(THE_BOT, " can write the trail again, after a row could not be written")
        case AuditAction.SYSTEM_ORGANISATION:
            return _organisation(record)
        case _:
            return ()


def changes_of(record: AuditRecord) -> list[tuple[str, str, str]]:
    """(name, before, after) of each setting that a start found changed."""
    changed = record.payload.get("changed")
    found = changed.items() if isinstance(changed, dict) else ()
    return [(name, _value(one.get("before")), _value(one.get("after"))) for name, one in found if isinstance(one, dict)]


def _value(value: JsonValue) -> str:
    """Of a setting, in words."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return "nothing" if value in (None, "") else str(value)


def _unsound(record: AuditRecord) -> str:
    return ", while its trail was not to be relied upon" if record.payload.get("problem") else ""


def _organisation(record: AuditRecord) -> Line:
    name = record.target_label or record.target
    if record.outcome is not AuditOutcome.SUCCEEDED:
        return line(THE_BOT, f" found that the key of {record.environment} now belongs to {name}")
    return line(f"{_operator(record)} at the command line accepted the organisation {name} for {record.environment}")


def _operator(record: AuditRecord) -> str:
    operator = record.payload.get("operator")
    return operator if isinstance(operator, str) and operator else "somebody"

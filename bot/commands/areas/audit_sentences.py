"""One row of the trail as a plain sentence: who did what to whom, and what came of it where the row itself tells.

A person or channel is mentioned, so that the chat shows the name of today; what a row only announces (a request, an
intent, an opened form) has no end in its sentence: that stands in a later row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from textwrap import shorten

from bot.commands.areas.audit_own_words import THE_BOT, own_words
from bot.domain.audit import AuditAction, AuditKind, AuditOutcome, AuditRecord, JsonValue
from bot.domain.replies import ChannelRef, GroupRef, Line, PersonRef, Span, Strong, line

TYPED_LENGTH = 120
"""Characters of what was typed that a sentence repeats."""
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
VOTES = {"approve": "approved", "deny": "denied"}

_MENTION = re.compile(r"<(@|#|!subteam\^)([A-Z0-9]+)(?:\|[^<>]*)?>")
_SLACK_ID = re.compile(r"[UWSCGD][A-Z0-9]{2,}")
_REFERENCES: Mapping[str, Callable[[str], Span]] = {
    "@": lambda one: PersonRef(id=one),
    "#": lambda one: ChannelRef(id=one),
    "!subteam^": lambda one: GroupRef(id=one),
}
_SIGNS = {"U": "@", "W": "@", "S": "!subteam^", "C": "#", "G": "#", "D": "#"}


def sentence(record: AuditRecord) -> Line:
    """The row in words, without its time."""
    return _SENTENCES[record.kind](record)


def text_of(value: JsonValue) -> str:
    """A payload's field as text."""
    return value if isinstance(value, str) else ""


def action_words(action: AuditAction) -> str:
    """An action as people type it."""
    return action.value.replace(".", " ").replace("_", " ")


def who(record: AuditRecord) -> Span:
    """The person, whoever sat at the command line, or the program: which of the two, an erased row does not say."""
    if record.actor.startswith(("U", "W")):
        return PersonRef(id=record.actor)
    if record.payload.get("surface") == "command_line":
        return f"{text_of(record.payload.get('operator')) or 'somebody'} at the command line"
    return "somebody" if record.erased else THE_BOT


def reference(slack_id: str) -> Span:
    """A mention of a person, group or channel by its id; what is none stays text."""
    return _REFERENCES[_SIGNS[slack_id[0]]](slack_id) if _SLACK_ID.fullmatch(slack_id) else slack_id


def with_mentions(text: str) -> Line:
    """Text as it is stored, with what it mentions as mentions."""
    spans: list[Span] = []
    position = 0
    for found in _MENTION.finditer(text):
        spans += [text[position : found.start()], _REFERENCES[found[1]](found[2])]
        position = found.end()
    return tuple(span for span in (*spans, text[position:]) if span != "")


def what(record: AuditRecord) -> Line:
    """The action and what it is about."""
    words = Strong(text=action_words(record.action))
    if record.action is AuditAction.APPROVALS_REHEARSE:
        return line(words)
    about = reference(record.target) if is_about_access(record) else record.target_label or record.target
    return line(words, " ", about) if about else line(words)


def is_about_access(record: AuditRecord) -> bool:
    """Whether the target is a person, group or channel."""
    return record.action.startswith("roles.")


def _typed(record: AuditRecord) -> Line:
    """What was typed, or the action where nothing was."""
    # Without the names in its mentions first: one with a space in it is not to be cut in two.
    plain = _MENTION.sub(r"<\1\2>", text_of(record.payload.get("text")))
    text = with_mentions(shorten(plain, TYPED_LENGTH, placeholder="…"))
    return line("“", *text, "”") if text else what(record)


def _for_somebody(record: AuditRecord) -> Line:
    """Whose request the bot worked on."""
    return line(" for ", PersonRef(id=record.actor)) if record.actor else ()


def _end(record: AuditRecord) -> str:
    return f": {OUTCOME_WORDS[record.outcome]}"


def _read(record: AuditRecord) -> Line:
    if record.outcome is AuditOutcome.SUCCEEDED:
        return line(who(record), " read ", *what(record))
    return line(who(record), " tried to read ", *what(record), _end(record))


def _mistype(record: AuditRecord) -> Line:
    known = record.action is not AuditAction.UNKNOWN_COMMAND
    if known and not record.payload.get("text"):
        return line(who(record), " filled in the form of ", *what(record), " in a way that was not possible")
    return line(who(record), " typed ", *_typed(record), f", which was not {'possible' if known else 'understood'}")


def _refusal(record: AuditRecord) -> Line:
    end = ": not possible then" if record.outcome is AuditOutcome.INVALID else _end(record)
    if record.request_id and not record.payload.get("text"):
        return line(who(record), " tried a step of ", *what(record), end)
    if record.action is AuditAction.APPROVALS_DECIDE:
        step = text_of(record.payload.get("step"))
        return line(who(record), f" pressed {step or 'a button'} on a request that is not there", end)
    return line(who(record), " tried ", *(what(record) if record.target else _typed(record)), end)


def _request(record: AuditRecord) -> Line:
    if record.payload.get("follows"):
        return line(THE_BOT, " went on with ", *what(record), *_for_somebody(record))
    return line(who(record), " asked for ", *what(record), *_role_asked_for(record))


def _role_asked_for(record: AuditRecord) -> Line:
    """What a role change is to give, and where, as the request's own row keeps it."""
    operation = record.payload.get("operation")
    arguments = operation.get("arguments") if isinstance(operation, dict) else None
    if not isinstance(arguments, dict) or not arguments.get("role"):
        return ()
    role = f" {text_of(arguments['role'])}"
    return line(role, *_where(text_of(arguments.get("channel")))) if arguments.get("subject") else line(role)


def _where(channel: str) -> Line:
    return line(" in ", ChannelRef(id=channel)) if channel else line(" in every bound channel")


def _decision(record: AuditRecord) -> Line:
    vote, said = text_of(record.payload.get("vote")), text_of(record.payload.get("said"))
    if vote in VOTES:
        confirmed = vote == "approve" and record.payload.get("gate") == "confirm"
        return line(who(record), f" {'confirmed' if confirmed else VOTES[vote]} ", *what(record))
    if said:
        return line(who(record), " said of ", *what(record), f": {said}")
    if record.payload.get("surface") == "program":
        return line(THE_BOT, " decided on ", *what(record), *_for_somebody(record), _end(record))
    if record.outcome is AuditOutcome.CANCELLED:
        return line(who(record), " cancelled ", *what(record))
    return line(who(record), " decided on ", *what(record), _end(record))


def _intent(record: AuditRecord) -> Line:
    return line(THE_BOT, " began ", *what(record), *_for_somebody(record))


def _outcome(record: AuditRecord) -> Line:
    return line(*what(record), *_for_somebody(record), _end(record))


def _expiry(record: AuditRecord) -> Line:
    return line("time ran out for ", *what(record), *_for_somebody(record))


def _reconcile(record: AuditRecord) -> Line:
    if record.payload.get("afterwards"):
        return line(THE_BOT, " read afterwards what came of ", *what(record), *_for_somebody(record))
    return line(THE_BOT, " looked again at ", *what(record), *_for_somebody(record), _end(record))


def _abandoned(record: AuditRecord) -> Line:
    whom: Span = PersonRef(id=record.actor) if record.actor else "somebody"
    return line(THE_BOT, " had stopped before it answered ", whom)


def _access(record: AuditRecord) -> Line:
    subject, payload = reference(record.target), record.payload
    role, where = text_of(payload.get("role")), () if record.erased else _where(text_of(payload.get("channel")))
    if record.action is AuditAction.ROLES_GRANT:
        return line(who(record), " gave ", subject, f" {f'the role {role}' if role else 'a role'}", *where)
    if record.action is AuditAction.ROLES_REVOKE:
        return line(who(record), " took back the role of ", subject, *where)
    if record.action is AuditAction.ROLES_BIND:
        members = text_of(payload.get("members"))
        return line(who(record), " bound ", subject, f" as {role}, its members {members}" if role else "")
    if record.action is AuditAction.ROLES_UNBIND:
        return line(who(record), " unbound ", subject)
    return line(who(record), " changed access by ", *what(record), _end(record))


def _answer(record: AuditRecord) -> Line:
    return line(who(record), " was answered on ", *_typed(record))


def _form(record: AuditRecord) -> Line:
    did = "opened" if record.outcome is AuditOutcome.PENDING else "closed"
    if record.action is AuditAction.UNKNOWN_COMMAND:
        return line(who(record), f" {did} a form")
    return line(who(record), f" {did} the form of ", *what(record))


def _system(record: AuditRecord) -> Line:
    return own_words(record) or line(who(record), ": ", *what(record), _end(record))


def _export(record: AuditRecord) -> Line:
    rows = record.payload.get("rows")
    much = "rows" if rows is None else f"{rows} {'row' if rows == 1 else 'rows'}"
    failed = _end(record) if record.outcome is not AuditOutcome.SUCCEEDED else ""
    return line(who(record), f" exported {much} of the trail", failed)


def _anchor(record: AuditRecord) -> Line:
    where: Line = (" in ", ChannelRef(id=record.channel)) if record.channel else ()
    return line(THE_BOT, f" anchored row {_seq(record)}", *where)


def _tombstone(record: AuditRecord) -> Line:
    return line(who(record), f" erased what row {_seq(record)} said")


def _checkpoint(record: AuditRecord) -> Line:
    file = text_of(record.payload.get("export_file"))
    return line(who(record), f" cut off the rows up to {_seq(record)}", f", kept in {file}" if file else "")


def _seq(record: AuditRecord) -> str:
    return record.target.removeprefix("seq:")


_SENTENCES: Mapping[AuditKind, Callable[[AuditRecord], Line]] = {
    AuditKind.READ: _read,
    AuditKind.MISTYPE: _mistype,
    AuditKind.REFUSAL: _refusal,
    AuditKind.REQUEST: _request,
    AuditKind.DECISION: _decision,
    AuditKind.INTENT: _intent,
    AuditKind.OUTCOME: _outcome,
    AuditKind.EXPIRY: _expiry,
    AuditKind.RECONCILE: _reconcile,
    AuditKind.ABANDONED: _abandoned,
    AuditKind.ACCESS: _access,
    AuditKind.ANSWER: _answer,
    AuditKind.FORM: _form,
    AuditKind.SYSTEM: _system,
    AuditKind.EXPORT: _export,
    AuditKind.ANCHOR: _anchor,
    AuditKind.TOMBSTONE: _tombstone,
    AuditKind.CHECKPOINT: _checkpoint,
}

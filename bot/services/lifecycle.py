"""What every step of a request writes beside the state itself: its audit row and the messages it owes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from bot.db.unit import Unit
from bot.domain.access import Gate, OperationClass, Standing
from bot.domain.audit import AuditEntry, AuditKind, AuditOutcome, JsonValue
from bot.domain.ends import outcome_of
from bot.domain.ids import new_story_id
from bot.domain.records import OutboxItem
from bot.domain.requests import Request, RequestState, Result
from bot.domain.secrecy import redact

NOTICE_GRACE_SECONDS = 6
"""Whoever waits in front of the screen is answered there; only if that fails does the notice go out."""

RECEIPT_GRACE_SECONDS = 4
"""The state is read again right after the end; only where that fails is it read later, best before the notice."""

LAST_DESTRUCTIVE = "audit:destructive"
"""The setting that holds the row of the newest destructive end."""


class OutboxKind(StrEnum):
    """What an outbox row draws."""

    CARD = "card"
    QUESTION = "question"
    NOTICE = "notice"
    RECEIPT = "receipt"
    REMINDER = "reminder"
    REMINDED = "reminded"
    HELD_UP = "held_up"
    UNDELIVERABLE = "undeliverable"
    ABANDONED = "abandoned"
    SETUP = "setup"
    SET_UP = "set_up"
    OPENED = "opened"
    ALERT = "alert"
    ANCHOR = "anchor"
    UNANCHORED = "unanchored"
    LOUD_EVENT = "loud_event"


STILL_OR_SOON = frozenset({RequestState.PENDING, RequestState.EXECUTING})
"""Where a reminder still holds, and where it is drawn anew in a moment."""
TOLD_ON_SCREEN = frozenset({OutboxKind.QUESTION, OutboxKind.NOTICE})
"""What the answer on the screen settles, if it reaches the person."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """Who takes a step, through which delivery; a program's own steps have no person."""

    person_id: str = ""
    person_name: str = ""
    delivery: str | None = None
    surface: str = "program"


PROGRAM = Act()


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who asks, where, in which story."""

    standing: Standing
    team_id: str
    story: str
    act: Act
    channel_id: str = ""
    """Where it is decided, if not where it was asked."""


def entry_for(
    request: Request,
    kind: AuditKind,
    act: Act,
    *,
    outcome: AuditOutcome | None = None,
    payload: Mapping[str, JsonValue] | None = None,
) -> AuditEntry:
    """The audit row of one step, with what the request's row knows."""
    result = request.result
    return AuditEntry(
        kind=kind,
        story=request.story,
        action=request.action,
        outcome=outcome or outcome_of(request),
        actor=act.person_id or request.requester_id,
        channel=request.channel_id,
        environment=request.operation.environment,
        target=request.target.id,
        target_label=request.target.label,
        request_id=request.id,
        delivery=act.delivery,
        code=result.codes[0] if result.codes else None,
        http_status=result.http_status,
        duration_ms=result.duration_ms,
        payload={
            "state": request.state.value,
            "summary": request.summary,
            "surface": act.surface,
            "person": act.person_name or request.requester_name,
            **(payload or {}),
        },
    )


def what_was_read(result: Result) -> dict[str, JsonValue]:
    """What the row of a look or of a person's word tells: both readings, and how each of several items ended."""
    items: list[JsonValue] = [[item.item, item.state.value, item.note] for item in result.items]
    return {"readings": redacted(result.readings), "items": items, "warnings": [*result.warnings]}


def redacted(readings: Iterable[str]) -> list[JsonValue]:
    """Readings as the trail may hold them."""
    return [redact(one) for one in readings]


def readings_row(request: Request, said: Mapping[str, JsonValue]) -> AuditEntry:
    """The audit row of what reading showed: it has nothing of the call itself, which has its own."""
    entry = entry_for(request, AuditKind.RECONCILE, PROGRAM, payload=said)
    return replace(entry, code=None, http_status=None, duration_ms=None)


def append_end(unit: Unit, request: Request, entry: AuditEntry) -> None:
    """Add the row of an end. A destructive outcome is remembered: an anchor follows it without waiting for its time."""
    record = unit.audit.append(entry)
    if request.operation_class is OperationClass.DESTRUCTIVE and entry.kind is not AuditKind.EXPIRY:
        unit.settings.set(LAST_DESTRUCTIVE, str(record.seq))


def owe_card(unit: Unit, request: Request) -> None:
    """Let the channel's message follow: an approval has one, and whatever needed a person's word on how it ended."""
    if request.gate is Gate.APPROVE or request.state in SETTLED_IN_CHANNEL or request.card_ts:
        unit.outbox.put(_item(unit, request, OutboxKind.CARD))
    if request.reminded_at is not None and request.state not in STILL_OR_SOON:
        unit.outbox.put(_item(unit, request, OutboxKind.REMINDED))


def owe_question(unit: Unit, request: Request) -> None:
    """Let the requester be asked to confirm: by message only where the screen could not ask them."""
    if request.gate is Gate.CONFIRM:
        late = NOTICE_GRACE_SECONDS
        unit.outbox.put(_item(unit, request, OutboxKind.QUESTION, person_id=request.requester_id, late=late))


def owe_notices(unit: Unit, request: Request) -> None:
    """Tell the requester how it ended, and the approvers when it failed after they approved."""
    late = 0 if request.gate is Gate.APPROVE else NOTICE_GRACE_SECONDS
    unit.outbox.settle(notice_key(request, request.requester_id))  # drawn now, both would say the same
    unit.outbox.put(_item(unit, request, OutboxKind.NOTICE, person_id=request.requester_id, late=late))
    if request.state in FAILED_AFTER_APPROVAL:
        for vote in request.approvals:
            if vote.person_id != request.requester_id:
                unit.outbox.put(_item(unit, request, OutboxKind.NOTICE, person_id=vote.person_id))


def owe_receipt(unit: Unit, request: Request) -> None:
    """Let the state be read again after a success."""
    unit.outbox.put(_item(unit, request, OutboxKind.RECEIPT, late=RECEIPT_GRACE_SECONDS))


def owe(
    unit: Unit,
    request: Request,
    kind: OutboxKind,
    *,
    person_id: str | None = None,
    body: Mapping[str, JsonValue] | None = None,
) -> None:
    """Any other message about a request."""
    unit.outbox.put(replace(_item(unit, request, kind, person_id=person_id), body=body or {}))


def owe_message(
    unit: Unit,
    kind: OutboxKind,
    *,
    key: str = "",
    person_id: str | None = None,
    channel_id: str | None = None,
    body: Mapping[str, JsonValue] | None = None,
) -> None:
    """A message that is about no request. Those of one key go out in order; without one it stands alone."""
    item_id = new_story_id()
    unit.outbox.put(
        OutboxItem(
            id=item_id,
            key=key or f"{kind}:{item_id}",
            kind=kind,
            request_id=None,
            person_id=person_id,
            channel_id=channel_id,
            body=body or {},
            due_at=unit.now,
            created_at=unit.now,
        )
    )


SETTLED_IN_CHANNEL = frozenset({RequestState.NEEDS_HUMAN, RequestState.RESOLVED})
FAILED_AFTER_APPROVAL = frozenset(
    {
        RequestState.REJECTED,
        RequestState.NOT_SENT,
        RequestState.UNKNOWN,
        RequestState.NOT_APPLIED,
        RequestState.NEEDS_HUMAN,
        RequestState.STALE,
        RequestState.EXPIRED,
    }
)


def notice_key(request: Request, person_id: str) -> str:
    """The outbox key of what one person is told, or asked, about one request."""
    return f"{OutboxKind.NOTICE}:{request.id}:{person_id}"


def receipt_key(request: Request) -> str:
    """The outbox key of the reading that is owed after a success."""
    return f"{OutboxKind.RECEIPT}:{request.id}"


def _item(unit: Unit, request: Request, kind: OutboxKind, *, person_id: str | None = None, late: int = 0) -> OutboxItem:
    """What goes to several people waits for nobody else's."""
    key = f"{kind}:{request.id}"
    if person_id and kind in TOLD_ON_SCREEN:
        key = notice_key(request, person_id)
    elif person_id and kind is OutboxKind.HELD_UP:
        key = f"{key}:{person_id}"
    elif kind is OutboxKind.REMINDED:
        key = f"{OutboxKind.REMINDER}:{request.id}"
    return OutboxItem(
        id=new_story_id(),
        key=key,
        kind=kind,
        request_id=request.id,
        person_id=person_id,
        channel_id=request.channel_id,
        body={},
        attempts=0,
        due_at=unit.now + timedelta(seconds=late),
        created_at=unit.now,
        version=request.version,
    )

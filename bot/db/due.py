"""Whether there is anything to do. Asked by each replica each second: one statement of seeks that locks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, exists, literal_column, or_, select

from bot.db.driver import first, time_for
from bot.db.tables import audit_head, outbox, requests
from bot.domain.access import Gate
from bot.domain.requests import RequestState


@dataclass(frozen=True, kw_only=True)
class Due:
    """What would find something to do now. Whoever then comes may find it done: only a claim decides."""

    sends: bool
    clocks: bool
    looks: bool
    messages: bool
    head: int
    """The trail's newest row: as long as it stays, little else has changed."""


_Request, _Message = requests.c, outbox.c
_NOW: BindParameter[datetime] = bindparam("now")


def _is(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """Words of our own, and in the statement itself: it has the time for its only parameter."""
    return column == literal_column(f"'{word}'")


_PENDING = _is(_Request.state, RequestState.PENDING.value)
_APPROVED = _is(_Request.state, RequestState.APPROVED.value)
_EXECUTING = _is(_Request.state, RequestState.EXECUTING.value)
_UNKNOWN = _is(_Request.state, RequestState.UNKNOWN.value)
_TO_BE_REMINDED = _is(_Request.gate, Gate.APPROVE.value) & _Request.reminded_at.is_(None)

_DUE = select(
    exists().where(_APPROVED, _Request.send_by > _NOW),
    or_(
        exists().where(_PENDING, _Request.decide_by <= _NOW),
        exists().where(_APPROVED, _Request.send_by <= _NOW),
        exists().where(_EXECUTING, _Request.claim_expires <= _NOW),
        exists().where(_PENDING, _TO_BE_REMINDED, _Request.remind_at <= _NOW),
    ),
    exists().where(_UNKNOWN, _Request.reconcile_at <= _NOW),
    exists().where(
        _is(_Message.state, "waiting"),
        _Message.due_at <= _NOW,
        or_(_Message.lease_until.is_(None), _Message.lease_until <= _NOW),
    ),
    select(audit_head.c.seq).where(audit_head.c.id == literal_column("1")).scalar_subquery(),
)


def due_at(connection: Connection, now: datetime) -> Due:
    """What is due at this moment."""
    found = first(connection, _DUE, {"now": time_for(connection.dialect, now)})
    sends, clocks, looks, messages, head = found or (False,) * 5
    return Due(sends=bool(sends), clocks=bool(clocks), looks=bool(looks), messages=bool(messages), head=head or 0)

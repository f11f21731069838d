"""Sentences about requests: why one is refused at once, and what a late click is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.domain.access import Gate
from bot.domain.errors import Denied, TooLate
from bot.domain.invocation import Surface
from bot.domain.replies import Line, Moment, PersonRef, line
from bot.domain.requests import Request, RequestState, Vote

HOLDS: Mapping[RequestState, str] = {
    RequestState.APPROVED: "It is approved and about to be sent",
    RequestState.EXECUTING: "It is running",
    RequestState.DENIED: "It was denied",
    RequestState.CANCELLED: "It was cancelled",
    RequestState.EXPIRED: "It has expired",
    RequestState.STALE: "It was stopped because things had changed",
    RequestState.SUCCEEDED: "It is done",
    RequestState.ALREADY_ABSENT: "It was gone before it was sent",
    RequestState.REJECTED: "It was sent, and the API refused it",
    RequestState.NOT_SENT: "It could not be sent",
    RequestState.UNKNOWN: "How its sending ended is being found out",
    RequestState.NOT_APPLIED: "It had no effect",
    RequestState.NEEDS_HUMAN: "A person must say whether it happened",
    RequestState.RESOLVED: "It was settled by a person",
}
TO_ASK_ANEW = frozenset(
    {
        RequestState.DENIED,
        RequestState.CANCELLED,
        RequestState.EXPIRED,
        RequestState.STALE,
        RequestState.REJECTED,
        RequestState.NOT_SENT,
        RequestState.NOT_APPLIED,
    }
)
STEP_BY: Mapping[str, str] = {
    **dict.fromkeys((Surface.COMMAND, Surface.MENTION, Surface.DIRECT_MESSAGE), "your command"),
    Surface.FORM: "your answer",
}


def too_few(able: int, required: int, environment: str) -> Denied:
    """The refusal of a request that nobody, or too few, could decide."""
    name = f"APPROVALS_REQUIRED__{environment.upper()}" if environment not in ("", "default") else "APPROVALS_REQUIRED"
    found = "Nobody else" if able == 0 else f"Only {able} other{'s' if able > 1 else ''}"
    wanted = "one is needed" if required == 1 else f"{required} are needed"
    return Denied(
        f"{found} could approve this here, and {wanted}.",
        remedy=f"An admin can make somebody admin with `roles grant @person admin`; "
        f"for one person working alone, set {name}=0 and restart the bot.",
    )


def too_late(request: Request, surface: str) -> TooLate:
    """What a step is told that comes after the request has gone on: how it stands, and who took it there."""
    holds = HOLDS.get(request.state, "It is waiting for a decision")
    return TooLate(
        f"{holds}; {STEP_BY.get(surface, 'your click')} changed nothing.",
        before=before(request),
        next_step="Ask anew if it is still needed." if request.state in TO_ASK_ANEW else "Nothing to do.",
        request_id=request.id,
    )


def before(request: Request) -> tuple[Line, ...]:
    """Who decided and who ended it, one sentence each."""
    approved = "confirmed" if request.gate is Gate.CONFIRM else "approved"
    decided = tuple(
        line(
            PersonRef(id=vote.person_id), f" {approved if vote.vote is Vote.APPROVE else 'denied'} this", *_at(vote.at)
        )
        for vote in request.votes
    )
    return (*decided, *_ended(request))


def _ended(request: Request) -> tuple[Line, ...]:
    """What votes do not tell; nothing where they tell it all."""
    by, at = request.ended_by, _at(request.ended_at)
    match request.state:
        case RequestState.CANCELLED:
            return (line(PersonRef(id=by), " cancelled this", *at),) if by else (line(request.end_reason),)
        case RequestState.EXPIRED:
            return (line("Its time ran out", *at),)
        case RequestState.STALE:
            return (line(request.end_reason),) if request.end_reason else ()
        case RequestState.RESOLVED if by:
            return (line(PersonRef(id=by), f" settled this: {request.end_reason}"),)
    return ()


def _at(moment: datetime | None) -> Line:
    return line(" (", Moment(at=moment), ").") if moment else line(".")

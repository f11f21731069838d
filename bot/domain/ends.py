"""How a request goes on from the send: what an answer, a look or its items make of it. Pure."""

from __future__ import annotations

from datetime import datetime

from bot.domain.requests import Request, RequestState

S = RequestState


def after_open_look(*, is_last: bool, is_overdue: bool, was_read: bool) -> RequestState:
    """Where an unknown end stands that one more look did not find out.

    Another look while rounds and time are left; after that, no effect seen means that it did not happen, and nothing
    read at all means that a person must say.
    """
    if not is_last and not is_overdue:
        return S.UNKNOWN
    return S.NOT_APPLIED if was_read else S.NEEDS_HUMAN


def holds_claim(request: Request | None, owner: str, now: datetime) -> bool:
    """Whether this sender's claim still stands: nobody has given it up, nor may before it has sent."""
    return (
        request is not None
        and request.state is S.EXECUTING
        and request.claim_owner == owner
        and request.claim_expires is not None
        and now < request.claim_expires
    )

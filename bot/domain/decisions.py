"""Who may take which step on a request, while it stands where, and what comes of it.

Pure; asked for at every click, with rights that were just read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.domain.access import Gate, OperationClass, Role, Shortfall, Standing, may_decide, shortfall
from bot.domain.requests import Request, RequestState, Step, Vote

WHO: Mapping[Step, str] = {
    Step.APPROVE: "an admin of the request's channel, in it, other than the requester; each once",
    Step.DENY: "likewise; one is enough, also after the approval until it is sent",
    Step.CONFIRM: "the requester, who must still have the right to ask",
    Step.CANCEL: "the requester, or an admin of the request's channel, in it",
    Step.HAPPENED: "an admin of the request's channel, in it, where reading could not tell the end; the requester "
    "only where nobody else had to approve",
    Step.DID_NOT: "likewise",
}
"""In words, for the documentation. `refusal` decides."""


WITHDRAWABLE = frozenset({RequestState.PENDING, RequestState.APPROVED})
"""Not claimed yet: it can still be cancelled, or stopped because what was approved no longer holds."""


def may_still_decide(request: Request, vote: Vote) -> bool:
    """Whether the request stands where this vote counts: a denial also ends what is approved and not claimed yet."""
    if vote is Vote.DENY and request.gate is Gate.APPROVE:
        return request.state in WITHDRAWABLE
    return request.state is RequestState.PENDING


def time_to_decide_is_over(request: Request, now: datetime) -> bool:
    """The clock to decide runs while it is undecided; after that, the clock to send does."""
    return request.state is RequestState.PENDING and now >= request.decide_by


def after_vote(voted: Request, vote: Vote) -> RequestState:
    """Where a request goes with this vote counted: one denial ends it, and enough approvals let it go ahead."""
    if vote is Vote.DENY:
        return RequestState.DENIED
    is_short = voted.gate is Gate.APPROVE and len(voted.approvals) < voted.approvals_required
    return RequestState.PENDING if is_short else RequestState.APPROVED


def needed_of_requester(request: Request) -> Role:
    """The role that asking needed; it must still be there at the decision and at the send."""
    if request.operation_class is OperationClass.MANAGE:
        return Role.ADMIN
    if request.gate is Gate.CONFIRM and request.operation_class is OperationClass.DESTRUCTIVE:
        return Role.ADMIN
    return Role.OPERATOR


def refusal(step: Step, request: Request, by: Standing) -> Shortfall | None:
    """None where this person may take this step, here and now; otherwise what is missing."""
    return _REFUSALS[step](request, by)


def _of_decider(request: Request, by: Standing) -> Shortfall | None:
    if request.gate is not Gate.APPROVE:
        return Shortfall(missing="This request is confirmed by whoever asked, not approved.", remedy="")
    if by.channel_id != request.channel_id:
        return Shortfall(missing="This request belongs to another channel.", remedy="Decide it where it was asked.")
    if by.person.id == request.requester_id:
        return Shortfall(missing="Nobody decides their own request.", remedy="Ask another admin of this channel.")
    if may_decide(by):
        return None
    short = shortfall(by, operation_class=OperationClass.DESTRUCTIVE, needs=Role.ADMIN)
    return short or Shortfall(missing="Only admins here decide.", remedy="")


def _of_confirmer(request: Request, by: Standing) -> Shortfall | None:
    if by.person.id != request.requester_id:
        return Shortfall(missing="Only whoever asked can confirm this.", remedy="Ask for it yourself.")
    return shortfall(by, operation_class=request.operation_class, needs=needed_of_requester(request))


def _of_canceller(request: Request, by: Standing) -> Shortfall | None:
    if by.person.id == request.requester_id or _is_admin_there(request, by):
        return None
    return Shortfall(
        missing="Only whoever asked, or an admin of its channel, can cancel this.",
        remedy="Ask one of them, in the channel where it was asked.",
    )


def _of_settler(request: Request, by: Standing) -> Shortfall | None:
    own = by.person.id == request.requester_id
    if own and request.gate is Gate.APPROVE:
        return Shortfall(missing="Nobody settles their own request.", remedy="Ask another admin of this channel.")
    if _is_admin_there(request, by) or (own and _may_still_ask(request, by)):
        return None
    return Shortfall(missing="Only an admin of this channel can settle this.", remedy="Ask one of them.")


def _may_still_ask(request: Request, by: Standing) -> bool:
    """Whether whoever decided alone still may: in a channel below admin, there is nobody else."""
    short = shortfall(by, operation_class=request.operation_class, needs=needed_of_requester(request))
    return by.channel_id == request.channel_id and short is None


def _is_admin_there(request: Request, by: Standing) -> bool:
    return by.channel_id == request.channel_id and may_decide(by)


_REFUSALS: Mapping[Step, Callable[[Request, Standing], Shortfall | None]] = {
    Step.APPROVE: _of_decider,
    Step.DENY: _of_decider,
    Step.CONFIRM: _of_confirmer,
    Step.CANCEL: _of_canceller,
    Step.HAPPENED: _of_settler,
    Step.DID_NOT: _of_settler,
}

"""How a request goes on from the send: what an answer, a look or its items make of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.audit import AuditOutcome
from bot.domain.requests import (
    AUDIT_OUTCOME_OF,
    LATE_ANSWERS,
    MAX_SENDS_NOT_SENT,
    ItemResult,
    Request,
    RequestState,
    Step,
)

S = RequestState
REACHED = frozenset({S.SUCCEEDED, S.ALREADY_ABSENT})
LEFT_OVER = frozenset({S.REJECTED, S.NOT_SENT, S.NOT_APPLIED})
"""How an item ends for which what was wanted does not hold."""
CORRECTED_BY_ANSWERS = frozenset({S.UNKNOWN, S.NOT_APPLIED, S.NEEDS_HUMAN, S.RESOLVED})
SAID: Mapping[Step, tuple[str, RequestState]] = {
    Step.HAPPENED: ("It happened.", S.SUCCEEDED),
    Step.DID_NOT: ("It did not happen.", S.NOT_APPLIED),
}
"""What a person's word is written down as, and the end that it stands for."""


def after_open_look(*, is_last: bool, is_overdue: bool, was_read: bool) -> RequestState:
    """Where an unknown end stands that one more look did not find out.

    Another look while rounds and time are left; after that, no effect seen means that it did not happen, and nothing
    read at all means that a person must say.
    """
    if not is_last and not is_overdue:
        return S.UNKNOWN
    return S.NOT_APPLIED if was_read else S.NEEDS_HUMAN


def takes_answer(current: Request, answer: RequestState, owner: str) -> bool:
    """Whether the claim owner's answer still decides: while its claim stands, or as what corrects a mere inference."""
    if current.state is S.EXECUTING:
        return current.claim_owner == owner
    return answer in LATE_ANSWERS and current.state in CORRECTED_BY_ANSWERS


def may_be_sent_again(request: Request, now: datetime) -> bool:
    """Whether a call that never left goes back to be sent: few times, and while its time to be sent runs."""
    return request.sends <= MAX_SENDS_NOT_SENT and request.send_by is not None and now < request.send_by


def holds_claim(request: Request | None, owner: str, now: datetime) -> bool:
    """Whether this sender's claim still stands: nobody has given it up, nor may before it has sent."""
    return (
        request is not None
        and request.state is S.EXECUTING
        and request.claim_owner == owner
        and request.claim_expires is not None
        and now < request.claim_expires
    )


def end_of_items(items: Iterable[ItemResult]) -> RequestState:
    """One end for a request out of its items': one that went through makes it a success, which then warns."""
    states = {item.state for item in items}
    if S.UNKNOWN in states:
        return S.UNKNOWN
    if states == {S.ALREADY_ABSENT}:
        return S.ALREADY_ABSENT
    if states & REACHED:
        return S.SUCCEEDED
    return next((state for state in (S.REJECTED, S.NOT_APPLIED) if state in states), S.NOT_SENT)


def items_settled(items: Iterable[ItemResult], state: RequestState) -> tuple[ItemResult, ...]:
    """The items once it is known how those ended that were in doubt; what was known of the others stays."""
    return tuple(replace(item, state=state) if item.state is S.UNKNOWN else item for item in items)


def outcome_of(request: Request) -> AuditOutcome:
    """What the trail calls the state of a request; where a person settled it, what they said."""
    if request.state is S.RESOLVED:
        said = next((state for words, state in SAID.values() if words == request.end_reason), S.NEEDS_HUMAN)
        return AUDIT_OUTCOME_OF[said]
    return AUDIT_OUTCOME_OF[request.state]


def altered(request: Request, secrets_mark: str) -> bool:
    """Whether the stored copy, with the fingerprints of its secrets, is no longer what was asked for and approved."""
    return request.operation.digest(secrets_mark) != request.digest

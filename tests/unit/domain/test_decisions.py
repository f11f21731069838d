"""Who may take which step on a request."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.access import ChannelBinding, Gate, OperationClass, Person, Role, Standing
from bot.domain.decisions import WHO, after_vote, may_still_decide, needed_of_requester, refusal, time_to_decide_is_over
from bot.domain.requests import Request, RequestState, Step, Vote
from tests.factories import make_request, make_vote

HERE, ELSEWHERE = "C0OPS", "C0STAGING"
ASKED, GRACE = "U0ADA", "U0GRACE"
DECIDING = (Step.APPROVE, Step.DENY)
SETTLING = (Step.HAPPENED, Step.DID_NOT)


def standing(
    person_id: str = GRACE, role: Role = Role.ADMIN, *, channel_id: str = HERE, trusted: bool = True
) -> Standing:
    binding = ChannelBinding(channel_id=channel_id, role=Role.ADMIN, member_role=Role.VIEWER, environment="prod")
    person = Person(id=person_id, name=person_id, trusted=trusted, distrust="" if trusted else "a guest")
    return Standing(person=person, channel_id=channel_id, binding=binding, role=role)


def missing(step: Step, by: Standing, request: Request | None = None) -> str:
    short = refusal(step, request or make_request(), by)
    return short.missing if short else ""


@pytest.mark.parametrize("step", [*DECIDING, *SETTLING, Step.CANCEL])
def test_another_admin_of_the_channel_may(step: Step) -> None:
    assert missing(step, standing()) == ""


@pytest.mark.parametrize("step", [*DECIDING, *SETTLING, Step.CANCEL])
def test_an_admin_of_another_channel_may_not(step: Step) -> None:
    assert missing(step, standing(channel_id=ELSEWHERE)) != ""


@pytest.mark.parametrize("step", [*DECIDING, *SETTLING, Step.CANCEL])
@pytest.mark.parametrize("role", [Role.NONE, Role.VIEWER, Role.OPERATOR])
def test_nobody_below_admin_may(step: Step, role: Role) -> None:
    assert missing(step, standing(role=role)) != ""


@pytest.mark.parametrize("step", [*DECIDING, *SETTLING, Step.CANCEL])
def test_a_guest_may_not_whatever_their_role(step: Step) -> None:
    assert missing(step, standing(trusted=False)) != ""


@pytest.mark.parametrize("step", DECIDING)
def test_nobody_decides_their_own(step: Step) -> None:
    assert missing(step, standing(ASKED)) == "Nobody decides their own request."


@pytest.mark.parametrize("step", SETTLING)
def test_whoever_asked_settles_only_what_nobody_else_had_to_approve(step: Step) -> None:
    assert missing(step, standing(ASKED)) == "Nobody settles their own request."
    confirmed = make_request(gate=Gate.CONFIRM)
    assert missing(step, standing(ASKED), confirmed) == ""
    assert missing(step, standing(ASKED, channel_id=ELSEWHERE), confirmed) != ""
    assert missing(step, standing(), confirmed) == ""


@pytest.mark.parametrize("step", SETTLING)
def test_a_change_in_a_channel_below_admin_is_settled_by_whoever_asked_while_they_may_ask(step: Step) -> None:
    change = make_request(gate=Gate.NONE, operation_class=OperationClass.CHANGE)
    assert missing(step, standing(ASKED, Role.OPERATOR), change) == ""
    assert missing(step, standing(ASKED, Role.VIEWER), change) != ""
    assert missing(step, standing(GRACE, Role.OPERATOR), change) != ""


@pytest.mark.parametrize("step", DECIDING)
def test_what_the_asker_confirms_nobody_else_decides(step: Step) -> None:
    assert "confirmed by whoever asked" in missing(step, standing(), make_request(gate=Gate.CONFIRM))


def test_only_the_asker_confirms_and_only_while_they_may_ask() -> None:
    request = make_request(gate=Gate.CONFIRM, operation_class=OperationClass.CHANGE)
    assert missing(Step.CONFIRM, standing(ASKED, Role.OPERATOR), request) == ""
    assert "Only whoever asked" in missing(Step.CONFIRM, standing(), request)
    assert "needs operator" in missing(Step.CONFIRM, standing(ASKED, Role.VIEWER), request)


def test_whoever_asked_may_withdraw_it_from_anywhere_and_without_any_role() -> None:
    assert missing(Step.CANCEL, standing(ASKED, Role.NONE, channel_id=ELSEWHERE)) == ""


@pytest.mark.parametrize(
    ("gate", "operation_class", "role"),
    [
        (Gate.APPROVE, OperationClass.DESTRUCTIVE, Role.OPERATOR),
        (Gate.CONFIRM, OperationClass.DESTRUCTIVE, Role.ADMIN),
        (Gate.NONE, OperationClass.CHANGE, Role.OPERATOR),
        (Gate.APPROVE, OperationClass.MANAGE, Role.ADMIN),
    ],
)
def test_whoever_asked_must_keep_the_role_that_asking_needed(
    gate: Gate, operation_class: OperationClass, role: Role
) -> None:
    assert needed_of_requester(make_request(gate=gate, operation_class=operation_class)) is role


def test_every_step_is_told_in_words() -> None:
    assert set(WHO) == set(Step)


S = RequestState


@pytest.mark.parametrize("state", list(S))
def test_an_approval_counts_while_it_is_undecided_and_a_denial_until_it_is_claimed(state: S) -> None:
    request = make_request(state=state)
    assert may_still_decide(request, Vote.APPROVE) is (state is S.PENDING)
    assert may_still_decide(request, Vote.DENY) is (state in (S.PENDING, S.APPROVED))
    confirmed = make_request(state=state, gate=Gate.CONFIRM)
    assert may_still_decide(confirmed, Vote.DENY) is (state is S.PENDING)


def test_the_time_to_decide_is_over_at_its_end_and_no_matter_once_it_is_decided() -> None:
    request = make_request()
    assert not time_to_decide_is_over(request, request.decide_by - timedelta(seconds=1))
    assert time_to_decide_is_over(request, request.decide_by)
    assert not time_to_decide_is_over(make_request(state=S.APPROVED), request.decide_by)


@pytest.mark.parametrize(
    ("gate", "required", "approvals", "vote", "after"),
    [
        (Gate.APPROVE, 1, 1, Vote.APPROVE, S.APPROVED),
        (Gate.APPROVE, 2, 1, Vote.APPROVE, S.PENDING),
        (Gate.APPROVE, 2, 2, Vote.APPROVE, S.APPROVED),
        (Gate.CONFIRM, 0, 1, Vote.APPROVE, S.APPROVED),
        (Gate.APPROVE, 2, 1, Vote.DENY, S.DENIED),
        (Gate.APPROVE, 1, 1, Vote.DENY, S.DENIED),
    ],
)
def test_enough_approvals_let_it_go_ahead_and_one_denial_ends_it(
    gate: Gate, required: int, approvals: int, vote: Vote, after: S
) -> None:
    votes = tuple(make_vote(f"U0{number}") for number in range(approvals))
    assert after_vote(make_request(gate=gate, approvals_required=required, votes=votes), vote) is after

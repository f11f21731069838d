"""How a request goes on from the send."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.audit import AuditKind, AuditOutcome
from bot.domain.audit_figures import StoryStep, end_of_story
from bot.domain.ends import (
    SAID,
    after_open_look,
    end_of_items,
    holds_claim,
    items_settled,
    may_be_sent_again,
    outcome_of,
    takes_answer,
)
from bot.domain.requests import ItemResult, RequestState, Step, may_move
from tests.clock import START
from tests.factories import make_request

S = RequestState


@pytest.mark.parametrize("was_read", [True, False])
def test_an_unknown_end_is_looked_at_again_while_rounds_and_time_are_left(was_read: bool) -> None:
    assert after_open_look(is_last=False, is_overdue=False, was_read=was_read) is S.UNKNOWN


@pytest.mark.parametrize(("is_last", "is_overdue"), [(True, False), (False, True), (True, True)])
def test_in_the_end_no_effect_seen_means_none_and_nothing_read_means_a_person(is_last: bool, is_overdue: bool) -> None:
    assert after_open_look(is_last=is_last, is_overdue=is_overdue, was_read=True) is S.NOT_APPLIED
    assert after_open_look(is_last=is_last, is_overdue=is_overdue, was_read=False) is S.NEEDS_HUMAN


def test_a_claim_holds_for_its_owner_until_it_runs_out_or_is_given_up() -> None:
    until = START + timedelta(seconds=30)
    claimed = make_request(state=S.EXECUTING, claim_owner="run-1", claim_expires=until)
    assert holds_claim(claimed, "run-1", START)
    assert not holds_claim(claimed, "run-2", START)
    assert not holds_claim(claimed, "run-1", until)
    assert not holds_claim(make_request(state=S.UNKNOWN, claim_owner="run-1", claim_expires=until), "run-1", START)
    assert not holds_claim(None, "run-1", START)


@pytest.mark.parametrize(
    ("states", "end"),
    [
        ((S.SUCCEEDED, S.UNKNOWN, S.REJECTED), S.UNKNOWN),
        ((S.ALREADY_ABSENT, S.ALREADY_ABSENT), S.ALREADY_ABSENT),
        ((S.ALREADY_ABSENT, S.NOT_SENT), S.SUCCEEDED),
        ((S.SUCCEEDED, S.NOT_APPLIED), S.SUCCEEDED),
        ((S.REJECTED, S.NOT_SENT), S.REJECTED),
        ((S.NOT_APPLIED, S.NOT_SENT), S.NOT_APPLIED),
        ((S.NOT_SENT, S.NOT_SENT), S.NOT_SENT),
    ],
)
def test_one_item_that_went_through_makes_a_success(states: tuple[S, ...], end: S) -> None:
    assert end_of_items(items_of(*states)) is end


def test_only_what_was_in_doubt_is_settled() -> None:
    settled = items_settled(items_of(S.UNKNOWN, S.NOT_SENT, S.REJECTED), S.SUCCEEDED)
    assert settled == items_of(S.SUCCEEDED, S.NOT_SENT, S.REJECTED)


def items_of(*states: S) -> tuple[ItemResult, ...]:
    return tuple(ItemResult(item=f"site_{number}", state=state) for number, state in enumerate(states))


SETTLED = [(Step.HAPPENED, AuditOutcome.SUCCEEDED), (Step.DID_NOT, AuditOutcome.FAILED)]


@pytest.mark.parametrize(("step", "outcome"), SETTLED)
def test_the_trail_calls_a_settled_request_what_was_said_of_it(step: Step, outcome: AuditOutcome) -> None:
    assert outcome_of(make_request(state=S.RESOLVED, end_reason=SAID[step][0])) is outcome
    resolved = StoryStep(kind=AuditKind.DECISION, outcome=outcome, state=S.RESOLVED.value)
    late = StoryStep(kind=AuditKind.OUTCOME, outcome=AuditOutcome.UNKNOWN, state=S.RESOLVED.value)
    before = StoryStep(kind=AuditKind.RECONCILE, outcome=AuditOutcome.UNKNOWN, state=S.NEEDS_HUMAN.value)
    assert end_of_story([late, resolved, before]) is outcome


@pytest.mark.parametrize("state", [state for state in S if state is not S.RESOLVED])
def test_every_other_state_has_its_outcome(state: S) -> None:
    assert outcome_of(make_request(state=state)) in AuditOutcome


ANSWERS = (S.SUCCEEDED, S.ALREADY_ABSENT, S.REJECTED, S.NOT_SENT, S.UNKNOWN)


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_answer_counts_while_the_claim_stands_and_only_its_owners(answer: S) -> None:
    running = make_request(state=S.EXECUTING, claim_owner="run-1")
    assert takes_answer(running, answer, "run-1")
    assert not takes_answer(running, answer, "run-2")


@pytest.mark.parametrize("state", [state for state in S if state is not S.EXECUTING])
@pytest.mark.parametrize("answer", ANSWERS)
def test_later_an_answer_corrects_only_what_was_inferred_and_only_where_it_says_how_it_ended(
    state: S, answer: S
) -> None:
    corrects = may_move(state, answer) and answer in ANSWERS[:3]
    assert takes_answer(make_request(state=state, claim_owner="run-1"), answer, "run-1") is corrects


@pytest.mark.parametrize(
    ("sends", "late", "again"), [(1, 0, True), (2, 0, True), (3, 0, False), (1, 10, False), (1, 9, True)]
)
def test_a_call_that_never_left_is_tried_again_twice_and_in_time(sends: int, late: int, again: bool) -> None:
    request = make_request(state=S.EXECUTING, sends=sends, send_by=START + timedelta(seconds=10))
    assert may_be_sent_again(request, START + timedelta(seconds=late)) is again
    assert not may_be_sent_again(make_request(sends=1), START)

"""What somebody is told whose step comes after a request has gone on without it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.access import Gate
from bot.domain.invocation import Surface
from bot.domain.requests import RequestState, Vote
from bot.services.approval_words import HOLDS, too_late
from tests.clock import START
from tests.factories import make_request, make_vote
from tests.unit.commands.plain import line_text

S = RequestState
APPROVED, DENIED = "@U0GRACE approved this (@).", "@U0GRACE denied this (@)."
ENDS: list[tuple[RequestState, dict[str, Any], list[str]]] = [
    (S.SUCCEEDED, {"votes": (make_vote(),)}, [APPROVED]),
    (S.REJECTED, {"votes": (make_vote(), make_vote("U0CLEO"))}, [APPROVED, "@U0CLEO approved this (@)."]),
    (S.SUCCEEDED, {"votes": (make_vote("U0ADA"),), "gate": Gate.CONFIRM}, ["@U0ADA confirmed this (@)."]),
    (S.DENIED, {"votes": (make_vote(vote=Vote.DENY),), "ended_by": "U0GRACE"}, [DENIED]),
    (S.CANCELLED, {"ended_by": "U0ADA", "ended_at": START}, ["@U0ADA cancelled this (@)."]),
    (S.CANCELLED, {"end_reason": "Slack does not let the bot write."}, ["Slack does not let the bot write."]),
    (S.EXPIRED, {"ended_at": START}, ["Its time ran out (@)."]),
    (S.STALE, {"votes": (make_vote(),), "end_reason": "A table is gone."}, [APPROVED, "A table is gone."]),
    (
        S.RESOLVED,
        {"votes": (make_vote(),), "ended_by": "U0CLEO", "end_reason": "It happened."},
        [APPROVED, "@U0CLEO settled this: It happened."],
    ),
]


@pytest.mark.parametrize(("state", "given", "told"), ENDS)
def test_a_late_click_is_told_who_did_what(state: RequestState, given: dict[str, Any], told: list[str]) -> None:
    answer = too_late(make_request(state=state, **given), Surface.BUTTON)
    assert [line_text(one) for one in answer.before] == told
    assert answer.holds == f"{HOLDS[state]}; your click changed nothing."


@pytest.mark.parametrize("state", [state for state in S if state is not S.PENDING])
def test_every_state_is_told_truthfully_and_without_a_word_on_what_was_sent_now(state: RequestState) -> None:
    assert "othing was sent" not in too_late(make_request(state=state), Surface.BUTTON).holds


@pytest.mark.parametrize(
    ("surface", "said"),
    [(Surface.BUTTON, "your click"), (Surface.COMMAND, "your command"), (Surface.FORM, "your answer")],
)
def test_it_is_named_what_came_late(surface: Surface, said: str) -> None:
    assert f"; {said} changed nothing." in too_late(make_request(state=S.SUCCEEDED), surface).holds

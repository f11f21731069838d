"""How a request goes on from the send."""

from __future__ import annotations

import pytest

from bot.domain.ends import after_open_look
from bot.domain.requests import RequestState

S = RequestState


@pytest.mark.parametrize("was_read", [True, False])
def test_an_unknown_end_is_looked_at_again_while_rounds_and_time_are_left(was_read: bool) -> None:
    assert after_open_look(is_last=False, is_overdue=False, was_read=was_read) is S.UNKNOWN


@pytest.mark.parametrize(("is_last", "is_overdue"), [(True, False), (False, True), (True, True)])
def test_in_the_end_no_effect_seen_means_none_and_nothing_read_means_a_person(is_last: bool, is_overdue: bool) -> None:
    assert after_open_look(is_last=is_last, is_overdue=is_overdue, was_read=True) is S.NOT_APPLIED
    assert after_open_look(is_last=is_last, is_overdue=is_overdue, was_read=False) is S.NEEDS_HUMAN

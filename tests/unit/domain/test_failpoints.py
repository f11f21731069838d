"""Failpoints: inert unless armed, and then they act once, at the pass that was named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.domain.failpoints import Failpoint, FailpointReached, arm, parse, reach


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm("")


def test_nothing_happens_where_nothing_is_armed() -> None:
    for point in Failpoint:
        reach(point)


def test_an_armed_point_acts_once_at_its_pass() -> None:
    arm("after_claim=exception@2")
    reach(Failpoint.AFTER_CLAIM)
    reach(Failpoint.BEFORE_CLAIM)
    with pytest.raises(FailpointReached):
        reach(Failpoint.AFTER_CLAIM)
    reach(Failpoint.AFTER_CLAIM)


def test_several_are_read_and_arming_anew_forgets_the_old() -> None:
    assert parse("after_claim=crash, in_outbox=pause@3,") == {
        Failpoint.AFTER_CLAIM: ("crash", 1),
        Failpoint.IN_OUTBOX: ("pause", 3),
    }
    arm("after_claim=exception")
    arm("in_outbox=exception")
    reach(Failpoint.AFTER_CLAIM)


@pytest.mark.parametrize("text", ["after_claim", "after_claim=explode", "nowhere=crash", "after_claim=crash@soon"])
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ
        parse(text)


def test_there_are_at_least_twelve() -> None:
    assert len(Failpoint) >= 12

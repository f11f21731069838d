"""Times as people write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.times import EXAMPLES, read_time, zone_of
from bot.domain.errors import InvalidInput

MONDAY = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("7d", MONDAY - timedelta(days=7)),
        ("24h", MONDAY - timedelta(hours=24)),
        ("30 min", MONDAY - timedelta(minutes=30)),
        ("2W", MONDAY - timedelta(weeks=2)),
        ("2026-11-01", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        ("2026-11-01 14:00", datetime(2026, 11, 1, 13, tzinfo=UTC)),
        ("2026-11-01T14:00", datetime(2026, 11, 1, 13, tzinfo=UTC)),
        ("2026-07-01 14:00", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("today", datetime(2026, 11, 22, 23, tzinfo=UTC)),
        ("yesterday 14:00", datetime(2026, 11, 22, 13, tzinfo=UTC)),
        ("Yesterday at 14:00", datetime(2026, 11, 22, 13, tzinfo=UTC)),
        ("monday", datetime(2026, 11, 22, 23, tzinfo=UTC)),
        ("last friday", datetime(2026, 11, 19, 23, tzinfo=UTC)),
        ("fri 09:15", datetime(2026, 11, 20, 8, 15, tzinfo=UTC)),
        ("2 weeks ago", MONDAY - timedelta(weeks=2)),
        ("1 Nov 2026 09:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_the_persons_own_zone(typed: str, meant: datetime) -> None:
    found = read_time(typed, now=MONDAY, timezone="Europe/Berlin")
    assert found == meant
    assert found.tzinfo is UTC


@pytest.mark.parametrize("typed", EXAMPLES)
def test_the_examples_that_are_offered_can_be_read(typed: str) -> None:
    assert read_time(typed, now=MONDAY, timezone="America/New_York") <= MONDAY


@pytest.mark.parametrize(
    "typed", ["", "soon", "2026-13-45", "2026-02-30", "0001-01-01", "today 25:00", "x" * 3_000, "²d", "7 bananas"]
)
def test_what_is_no_time_is_told_with_examples(typed: str) -> None:
    with pytest.raises(InvalidInput, match="not a time") as raised:
        read_time(typed, now=MONDAY, timezone="Asia/Tokyo")
    assert raised.value.nearest == EXAMPLES
    assert len(raised.value.problem) < 80


@pytest.mark.parametrize("typed", ["2026-11-24", "tomorrow", "today 23:00", "2999-01-01"])
def test_a_time_in_the_future_is_told(typed: str) -> None:
    with pytest.raises(InvalidInput, match="future"):
        read_time(typed, now=MONDAY, timezone="UTC")


@pytest.mark.parametrize("typed", ["2026-11-24", "2999-01-01"])
@pytest.mark.parametrize("timezone", [None, "UTC"])
def test_a_range_that_ends_in_the_future_goes_on_until_now(typed: str, timezone: str | None) -> None:
    assert read_time(typed, now=MONDAY, timezone=timezone, ends=True) == MONDAY


def test_while_the_zone_is_not_known_a_day_ahead_of_utc_is_let_pass() -> None:
    assert read_time("2026-11-24", now=MONDAY, timezone=None) > MONDAY
    with pytest.raises(InvalidInput, match="future"):
        read_time("2026-11-26", now=MONDAY, timezone=None)


@pytest.mark.parametrize("name", ["", None, "Mars/Olympus", "../etc/passwd", "Europe"])
def test_a_zone_that_is_not_known_is_read_as_utc(name: str | None) -> None:
    assert str(zone_of(name)) == "UTC"


@given(st.text(max_size=50) | st.from_regex(r"[0-9]{1,6} ?[a-z]{1,6}( [0-9]{1,2}:[0-9]{2})?", fullmatch=True))
def test_whatever_is_typed_ends_in_a_past_moment_or_in_a_sentence(text: str) -> None:
    with suppress(InvalidInput):
        assert read_time(text, now=MONDAY, timezone="Europe/Berlin") <= MONDAY

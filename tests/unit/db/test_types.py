"""Times mean the same on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.types import PlainText, UtcTime, as_text

NAIVE = datetime(2026, 11, 2, 3, 0)  # noqa: DTZ001 - that is the point
DIALECTS = [pytest.param(module.dialect(), id=module.__name__[-10:]) for module in (sqlite, postgresql)]


def test_times_are_utc_text_of_fixed_width() -> None:
    berlin = timezone(timedelta(hours=1))
    assert as_text(datetime(2026, 11, 2, 4, 0, 0, 5, tzinfo=berlin)) == "2026-11-02T03:00:00.000005Z"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_naive_time_is_refused(dialect: object) -> None:
    with pytest.raises(ValueError, match="naive"):
        UtcTime().process_bind_param(NAIVE, dialect)  # type: ignore[arg-type]


def test_a_time_comes_back_from_text_as_it_went_in() -> None:
    moment = datetime(2026, 11, 2, 3, 0, 0, 120, tzinfo=UTC)
    stored = UtcTime().process_bind_param(moment, sqlite.dialect())
    assert UtcTime().process_result_value(stored, sqlite.dialect()) == moment


def test_text_that_engines_refuse_is_mended_on_its_way_in() -> None:
    assert PlainText().process_bind_param("a\0b", sqlite.dialect()) == "a\N{REPLACEMENT CHARACTER}b"

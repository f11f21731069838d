"""Random ids."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from bot.domain.ids import new_reference, new_request_id, new_story_id


@pytest.mark.parametrize(
    ("new_id", "form"),
    [(new_request_id, r"rq-[2-9a-hjkmnp-z]{12}"), (new_story_id, r"st-.{12}"), (new_reference, r"ref-.{8}")],
)
def test_ids_are_of_letters_that_are_not_mistaken_for_others_and_never_repeat(
    new_id: Callable[[], str], form: str
) -> None:
    made = {new_id() for _ in range(2_000)}
    assert len(made) == 2_000
    assert all(re.fullmatch(form, one) for one in made)
    assert len({letter for one in made for letter in one.split("-")[1]}) == 31

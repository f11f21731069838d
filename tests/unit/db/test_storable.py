"""Whatever the outside sends can be stored, hashed and read back on both engines."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from bot.db.chain import canonical_json
from bot.db.storable import storable_json, storable_text

ANY_TEXT = some.text(alphabet=some.characters(codec=None, exclude_categories=()))
ANY_JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | ANY_TEXT,
    lambda inner: some.lists(inner) | some.dictionaries(ANY_TEXT, inner),
)


@given(ANY_TEXT)
def test_any_text_becomes_utf8_without_nul(text: str) -> None:
    assert b"\0" not in storable_text(text).encode()


@given(some.text(alphabet=some.characters(codec="utf-8", exclude_characters="\0")))
def test_text_that_can_be_stored_stays_as_it_is(text: str) -> None:
    assert storable_text(text) == text


@given(ANY_JSON)
def test_any_json_has_a_canonical_form(value: Any) -> None:
    assert canonical_json(storable_json(value))


def test_numbers_that_a_double_cannot_hold_are_kept_as_text() -> None:
    assert storable_json({"id": 2**60, "share": float("nan")}) == {"id": str(2**60), "share": "nan"}

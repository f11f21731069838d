"""How text is cut into words, the same for both engines."""

from __future__ import annotations

import json

import pytest

from bot.db.audit_search import words_of, words_of_entry
from bot.db.chain import canonical_json
from bot.domain.audit import AuditAction, JsonValue
from tests.factories import make_entry


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Orders-EU_2", ["orders", "eu", "2"]),
        ("Café  STRASSE straße", ["cafe", "strasse", "strasse"]),
        ("'; DROP TABLE -- \"*", ["drop", "table"]),
        ("—…!", []),
        ("Ωμέγα", ["ωμεγα"]),
    ],
)
def test_words_are_letters_and_digits_without_case_and_accents(typed: str, words: list[str]) -> None:
    assert words_of(typed) == words


def test_a_row_is_found_by_its_columns_and_the_values_of_its_payload() -> None:
    entry = make_entry(
        action=AuditAction.DATABASES_DELETE,
        target="db_7",
        target_label="orders-eu",
        code="database_paused",
        payload={"reason": "moved", "steps": [{"took": 12}], "done": True},
    )
    found = words_of_entry(entry)
    assert {"databases", "delete", "orders", "eu", "paused", "moved", "12"} <= set(found)
    assert not {"reason", "steps", "true"} & set(found)


def test_a_row_is_indexed_by_so_many_words_and_no_more() -> None:
    assert len(words_of_entry(make_entry(payload={"text": "word " * 20_000}))) == 5_000


def test_a_row_is_indexed_by_so_many_letters_and_no_more() -> None:
    words = words_of_entry(make_entry(payload={"text": ("\N{CJK UNIFIED IDEOGRAPH-4E00}" * 100 + " ") * 5_000}))
    assert 239_900 < sum(map(len, words)) <= 240_000


def test_a_row_is_indexed_by_what_its_stored_text_gives_again() -> None:
    payload: dict[str, JsonValue] = {
        "b": "w " * 6_000,
        "a": {"z": 1.0, "c": [1e16, 1e21, 1e-7, -0.0, 2.5]},
        "B": True,
        "é": None,
    }
    stored = json.loads(canonical_json(payload))
    assert words_of_entry(make_entry(payload=payload)) == words_of_entry(make_entry(payload=stored))

"""What of a row is made before the head is locked."""

from __future__ import annotations

import pytest

from bot.db.audit_draft import COLUMN_LENGTH, drafted
from bot.db.audit_search import body_of, words_of_entry
from bot.db.chain import canonical_json
from tests.factories import make_entry

ODD = "a\0b\ud800" * 200
MENDED = "a\N{REPLACEMENT CHARACTER}b?" * 200


@pytest.mark.parametrize("others", ["", "orders-eu", "Zürich"])
@pytest.mark.parametrize(("given", "stored"), [(ODD, MENDED), ("x" * 900, "x" * 900), ("", ""), ("orders", "orders")])
def test_a_draft_holds_what_will_be_stored(others: str, given: str, stored: str) -> None:
    draft = drafted(make_entry(actor=others, target_label=given), "sqlite")
    for columns in (draft.entry, draft.columns):
        assert (columns["actor"], columns["target_label"]) == (others, stored[:COLUMN_LENGTH])


def test_a_draft_s_payload_is_mended_and_whole() -> None:
    draft = drafted(make_entry(payload={"number": 2**60, "text": "a\0" * 900}), "sqlite")
    mended: dict[str, str] = {"number": str(2**60), "text": "a\N{REPLACEMENT CHARACTER}" * 900}
    assert draft.columns["payload"] == canonical_json(dict(mended))
    assert draft.entry["payload"] == mended


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_draft_is_found_by_the_words_of_its_entry(dialect: str) -> None:
    entry = make_entry(target="db_1", request_id="rq-9", payload={"reason": "Größe, twice: 2"})
    assert drafted(entry, dialect).body == body_of(dialect, words_of_entry(entry))

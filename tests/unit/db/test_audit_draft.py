"""What of a row is made before the head is locked."""

from __future__ import annotations

from bot.db.audit_draft import COLUMN_LENGTH, drafted
from bot.db.audit_search import words_of_entry
from bot.db.chain import canonical_json, leaf_of
from tests.factories import make_entry


def test_a_draft_holds_what_will_be_stored() -> None:
    draft = drafted(make_entry(target_label="a\0b\ud800" * 200, payload={"number": 2**60, "text": "a\0"}))
    assert draft.entry["target_label"] == ("a\N{REPLACEMENT CHARACTER}b?" * 200)[:COLUMN_LENGTH]
    assert draft.payload == canonical_json({"number": str(2**60), "text": "a\N{REPLACEMENT CHARACTER}"})
    assert draft.leaf == leaf_of(draft.salt, draft.payload)


def test_a_draft_is_found_by_the_words_of_its_entry() -> None:
    entry = make_entry(target="db_1", request_id="rq-9", payload={"reason": "Größe, twice: 2"})
    assert drafted(entry).words == words_of_entry(entry)


def test_two_drafts_of_one_entry_have_salts_of_their_own() -> None:
    entry = make_entry()
    assert drafted(entry).salt != drafted(entry).salt

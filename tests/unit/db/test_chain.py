"""The chain's arithmetic, against values computed by other means."""

from __future__ import annotations

import hashlib
import hmac

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from bot.db.chain import (
    GENESIS,
    HASHED,
    AuditKeys,
    canonical_json,
    hash_in_chain,
    hash_of,
    key_id_of,
    leaf_of,
    new_salt,
    open_form,
)
from bot.domain.audit import JsonValue

OLD, NEW = b"o" * 32, b"n" * 32

ROW: dict[str, JsonValue] = {
    "seq": 1,
    "occurred_at": "2026-11-02T03:00:00.000000Z",
    "kind": "decision",
    "story": "st-1",
    "action": "databases.delete",
    "actor": "U0GRACE",
    "channel": "C0OPS",
    "environment": "prod",
    "target": "db_1",
    "target_label": "orders-eu",
    "request_id": "rq-1",
    "delivery": "Ev1",
    "outcome": "succeeded",
    "code": None,
    "http_status": 200,
    "duration_ms": 12,
    "leaf": "a" * 64,
    "prev_hash": GENESIS,
    "key_id": "0badcafe",
}


def test_the_canonical_form_is_sorted_compact_and_unescaped() -> None:
    assert canonical_json({"b": [1, 2.50, None], "a": "é"}) == '{"a":"é","b":[1,2.5,null]}'


def test_the_leaf_covers_salt_and_payload() -> None:
    assert leaf_of("00ff", '{"reason":"moved"}') == hashlib.sha256(b'00ff{"reason":"moved"}').hexdigest()


def test_the_hash_is_that_of_the_documented_text() -> None:
    documented = (
        '{"action":"databases.delete","actor":"U0GRACE","channel":"C0OPS","code":null,"delivery":"Ev1",'
        '"duration_ms":12,"environment":"prod","http_status":200,"key_id":"0badcafe","kind":"decision",'
        f'"leaf":"{"a" * 64}","occurred_at":"2026-11-02T03:00:00.000000Z","outcome":"succeeded",'
        f'"prev_hash":"{"0" * 64}","request_id":"rq-1","seq":1,"story":"st-1","target":"db_1",'
        '"target_label":"orders-eu"}'
    )
    assert hash_of(ROW) == hashlib.sha256(documented.encode()).hexdigest()


@given(some.fixed_dictionaries({name: some.none() | some.text() | some.integers(0, 2**53 - 1) for name in HASHED}))
def test_the_hash_is_that_of_the_rfc_8785_form(columns: dict[str, JsonValue]) -> None:
    assert hash_of(columns) == hashlib.sha256(rfc8785.dumps(columns)).hexdigest()


@pytest.mark.parametrize("smuggled", [b"U0GRACE", 1.0, "\ud800"], ids=["a blob", "a float", "half a character"])
def test_what_no_column_ever_held_has_a_hash_that_fits_nothing(smuggled: object) -> None:
    assert hash_of({**ROW, "actor": smuggled}) != hash_of(ROW)  # type: ignore[dict-item]


@pytest.mark.parametrize("column", HASHED)
def test_no_column_can_change_without_the_hash(column: str) -> None:
    assert hash_of({**ROW, column: "something else"}) != hash_of(ROW)


def test_the_mac_is_an_hmac_over_the_hash_under_the_newest_key() -> None:
    keys = AuditKeys([NEW, OLD])
    assert keys.mac("ab" * 32) == hmac.new(NEW, b"ab" * 32, hashlib.sha256).hexdigest()
    assert keys.current_id == hashlib.sha256(NEW).hexdigest()[:8]


def test_an_older_key_of_the_ring_still_verifies() -> None:
    mac = AuditKeys([OLD]).mac("ab" * 32)
    assert AuditKeys([NEW, OLD]).verify(key_id_of(OLD), "ab" * 32, mac)


def test_a_key_that_is_not_in_the_ring_verifies_nothing() -> None:
    mac = AuditKeys([OLD]).mac("ab" * 32)
    assert not AuditKeys([NEW]).knows(key_id_of(OLD))
    assert not AuditKeys([NEW]).verify(key_id_of(OLD), "ab" * 32, mac)
    assert not AuditKeys([NEW, OLD]).verify(key_id_of(NEW), "ab" * 32, mac)


def test_the_ring_shows_no_key() -> None:
    assert "ooo" not in repr(AuditKeys([OLD]))


def test_salts_do_not_repeat() -> None:
    assert len({new_salt() for _ in range(100)}) == 100


TEXT = some.text(alphabet=some.characters(exclude_categories=["Cs"]))
JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53) + 1, 2**53 - 1) | some.floats(allow_nan=False) | TEXT,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
).filter(lambda value: "inf" not in repr(value))


@given(some.fixed_dictionaries({name: TEXT | some.none() for name in HASHED}), some.integers(1, 2**53 - 1))
def test_a_row_hashed_in_two_steps_has_the_hash_of_the_whole(columns: dict[str, str | None], seq: int) -> None:
    of_the_chain = {name: columns[name] or "" for name in ("occurred_at", "leaf", "prev_hash", "key_id")}
    whole: dict[str, JsonValue] = {**columns, **of_the_chain, "seq": seq}
    assert hash_in_chain(open_form(dict(columns)), seq=seq, **of_the_chain) == hash_of(whole)


@given(some.dictionaries(TEXT, JSON, max_size=4))
def test_the_canonical_form_is_that_of_rfc_8785_whichever_encoder_writes_it(payload: dict[str, JsonValue]) -> None:
    assert canonical_json(payload) == rfc8785.dumps(payload).decode()

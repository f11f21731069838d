"""The audit chain: canonical form, hashes and MACs. Pure, and documented so that an outsider can verify.

For each row, in order of `seq`:

* ``leaf = SHA-256(salt ‖ payload)``, both as the UTF-8 text that is stored; `salt` is 32 random hex digits, no more
  and no fewer, `payload` is RFC 8785 JSON. When a payload is erased, payload and salt are NULL and the leaf stays.
* ``hash = SHA-256(canonical)``, where `canonical` is the RFC 8785 JSON object of `HASHED` (all columns but payload,
  salt, hash and mac), times as UTC text with microseconds and a Z; `prev_hash` is the hash of the row before,
  64 zeros for the first.
* ``mac = HMAC-SHA-256(key, hash)`` over the 64 hex digits, under the key named by `key_id`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from json.encoder import encode_basestring
from operator import itemgetter

import rfc8785

from bot.db.storable import EXACT_INTEGERS
from bot.domain.audit import JsonValue

GENESIS = "0" * 64
SALT_DIGITS = 32

HASHED = (
    "seq",
    "occurred_at",
    "kind",
    "story",
    "action",
    "actor",
    "channel",
    "environment",
    "target",
    "target_label",
    "request_id",
    "delivery",
    "outcome",
    "code",
    "http_status",
    "duration_ms",
    "leaf",
    "prev_hash",
    "key_id",
)


_any_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=lambda odd: [repr(odd)]).encode
"""What is neither text, whole number nor null was put into the table by somebody else: it gets a form that no text has,
so that its hash can be found not to fit."""


_SORTED = sorted(HASHED)
_values = itemgetter(*_SORTED)
_OF_THE_CHAIN = frozenset({"key_id", "leaf", "occurred_at", "prev_hash", "seq"})
_FLAT = "{" + ",".join(f'"{name}":%s' for name in _SORTED) + "}"
"""RFC 8785 for values that are text, whole numbers or null under sorted ASCII names, and ten times as quick."""


def canonical_json(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """RFC 8785 text."""
    plain = dict(value) if isinstance(value, Mapping) else value
    try:
        return _simple_json(plain)
    except _NotSimpleError:
        return rfc8785.dumps(plain).decode()


class _NotSimpleError(Exception):
    """Names that are not ASCII are sorted in a way of their own, and floats written so."""


def _simple_json(value: JsonValue) -> str:
    """RFC 8785 for what a payload is made of as a rule, in a fifth of the time."""
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is dict and "".join(value).isascii():
        members = [f"{encode_basestring(name)}:{_simple_json(value[name])}" for name in sorted(value)]
        return "{" + ",".join(members) + "}"
    if type(value) is list:
        return "[" + ",".join(map(_simple_json, value)) + "]"
    if value is None or type(value) is bool or (type(value) is int and abs(value) <= EXACT_INTEGERS):
        return _other_cell(value)
    raise _NotSimpleError


def new_salt() -> str:
    """128 random bits: a payload cannot be guessed from its leaf."""
    return secrets.token_hex(SALT_DIGITS // 2)


def leaf_of(salt: str, payload: str) -> str:
    """The leaf of a row's payload."""
    return hashlib.sha256((salt + payload).encode(errors="surrogatepass")).hexdigest()


def hash_of(columns: Mapping[str, JsonValue]) -> str:
    """The hash of a row, over the columns of `HASHED`; `occurred_at` already as text."""
    return hash_of_text(_FLAT % tuple(map(_cell, _values(columns))))


def open_form(columns: Mapping[str, JsonValue]) -> str:
    """What is hashed of a row, with places for all that its place in the chain gives it."""
    cells = [_cell(columns.get(name)).replace("%", "%%") for name in _SORTED]
    places = ["%s" if name in _OF_THE_CHAIN else cell for name, cell in zip(_SORTED, cells, strict=True)]
    return _FLAT % tuple(places)


def hash_in_chain(form: str, *, seq: int, occurred_at: str, leaf: str, prev_hash: str, key_id: str) -> str:
    """The same as `hash_of`, of an `open_form`."""
    return hash_of_text(form % (_cell(key_id), _cell(leaf), _cell(occurred_at), _cell(prev_hash), seq))


def _cell(value: JsonValue) -> str:
    return encode_basestring(value) if isinstance(value, str) else _other_cell(value)


def _other_cell(value: JsonValue) -> str:
    return "null" if value is None else str(value) if value.__class__ is int else _any_json(value)


def hash_of_text(text: str) -> str:
    """What is signed of a text. A row that somebody else wrote may hold what no text has."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def key_id_of(key: bytes) -> str:
    """A key's public name: the first eight hex digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:8]


def _mac(key: hmac.HMAC, row_hash: str) -> str:
    """A copy of one that has its key: to begin with the key each time would take thrice as long."""
    signing = key.copy()
    signing.update(row_hash.encode(errors="surrogatepass"))
    return signing.hexdigest()


@dataclass(frozen=True)
class AuditKeys:
    """A ring of MAC keys, newest first. The keys are not in the database."""

    keys: Sequence[bytes] = field(repr=False)

    @cached_property
    def current_id(self) -> str:
        """The name of the key that signs."""
        return next(iter(self._named))

    @cached_property
    def _named(self) -> dict[str, hmac.HMAC]:
        return {key_id_of(key): hmac.new(key, digestmod="sha256") for key in self.keys}

    def mac(self, row_hash: str) -> str:
        """The MAC of a row's hash under the newest key."""
        return _mac(self._named[self.current_id], row_hash)

    def knows(self, key_id: str) -> bool:
        """Whether the ring holds this key."""
        return key_id in self._named

    def verify(self, key_id: str, row_hash: str, mac: str) -> bool:
        """Whether the MAC fits, under the key it names."""
        key = self._named.get(key_id)
        return key is not None and hmac.compare_digest(_mac(key, row_hash).encode(), mac.encode(errors="surrogatepass"))

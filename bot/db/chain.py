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


_sorted_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

_SORTED = sorted(HASHED)
_values = itemgetter(*_SORTED)
_FLAT = "{" + ",".join(f'"{name}":%s' for name in _SORTED) + "}"
"""RFC 8785 for values that are text, whole numbers or null under sorted ASCII names, and ten times as quick."""


def canonical_json(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """RFC 8785 text."""
    plain = dict(value) if isinstance(value, Mapping) else value
    return _sorted_json(plain) if _is_simple(plain) else rfc8785.dumps(plain).decode()


def _is_simple(value: object) -> bool:
    """Whether the standard library's encoder writes it as RFC 8785 does, in a fifth of the time.

    It sorts names and writes floats otherwise, where names are not ASCII and where there are floats.
    """
    kind = value.__class__
    if kind is str or kind is bool or value is None:
        return True
    if kind is dict:
        return all(name.isascii() and _is_simple(one) for name, one in value.items())  # type: ignore[attr-defined]
    if kind is list:
        return all(map(_is_simple, value))  # type: ignore[call-overload]
    return kind is int and -EXACT_INTEGERS <= value <= EXACT_INTEGERS  # type: ignore[operator]


def new_salt() -> str:
    """128 random bits: a payload cannot be guessed from its leaf."""
    return secrets.token_hex(SALT_DIGITS // 2)


def leaf_of(salt: str, payload: str) -> str:
    """The leaf of a row's payload."""
    return hashlib.sha256((salt + payload).encode(errors="surrogatepass")).hexdigest()


def hash_of(columns: Mapping[str, JsonValue]) -> str:
    """The hash of a row, over the columns of `HASHED`; `occurred_at` already as text."""
    cells = [encode_basestring(one) if one.__class__ is str else _other_cell(one) for one in _values(columns)]
    return hashlib.sha256((_FLAT % tuple(cells)).encode(errors="surrogatepass")).hexdigest()


def _other_cell(value: JsonValue) -> str:
    return "null" if value is None else str(value) if value.__class__ is int else _any_json(value)


def hash_of_text(text: str) -> str:
    """What is signed of a text that is no row."""
    return hashlib.sha256(text.encode()).hexdigest()


def key_id_of(key: bytes) -> str:
    """A key's public name: the first eight hex digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:8]


def _mac(key: bytes, row_hash: str) -> str:
    return hmac.digest(key, row_hash.encode(errors="surrogatepass"), "sha256").hex()


@dataclass(frozen=True)
class AuditKeys:
    """A ring of MAC keys, newest first. The keys are not in the database."""

    keys: Sequence[bytes] = field(repr=False)

    @property
    def current_id(self) -> str:
        """The name of the key that signs."""
        return next(iter(self._named))

    @cached_property
    def _named(self) -> dict[str, bytes]:
        return {key_id_of(key): key for key in self.keys}

    def mac(self, row_hash: str) -> str:
        """The MAC of a row's hash under the newest key."""
        return _mac(self.keys[0], row_hash)

    def knows(self, key_id: str) -> bool:
        """Whether the ring holds this key."""
        return key_id in self._named

    def verify(self, key_id: str, row_hash: str, mac: str) -> bool:
        """Whether the MAC fits, under the key it names."""
        key = self._named.get(key_id)
        return key is not None and hmac.compare_digest(_mac(key, row_hash).encode(), mac.encode(errors="surrogatepass"))

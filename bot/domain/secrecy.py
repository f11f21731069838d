"""Telling text that looks like a credential, and taking it out. Pure; used by parsing, audit, log and answers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Found:
    """One stretch of text that looks secret, and what it looks like."""

    text: str
    what: str
    start: int
    end: int


_SCHEMES = "postgres|postgresql|sqlitecloud|mysql|mongodb(?:\\+srv)?|redis|amqp|mssql"

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a connection string", re.compile(rf"\b(?:{_SCHEMES})://\S+", re.IGNORECASE)),
    ("an address with a password", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s@/]+@\S+", re.IGNORECASE)),
    ("a Slack token", re.compile(r"\bx(?:ox[a-z]|app)-[A-Za-z0-9-]{8,}")),
    ("a bearer token", re.compile(r"\bbearer\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)),
    ("a signed token (JWT)", re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*-----|$)")),
    ("a cloud key", re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,})")),
    (
        "a key or password",
        re.compile(
            r"\b(?:api[_-]?key|password|passwd|pwd|secret|jwt[_-]?secret|token|expo[_-]?access[_-]?token)"
            r"\s*[=:]\s*[^\s&]{4,}",
            re.IGNORECASE,
        ),
    ),
)

_WORD = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_OURS = re.compile(r"^(?:db|org|rq|st|fm|ref|site|out|run)[_-][A-Za-z0-9-]+$", re.IGNORECASE)
_HEX = re.compile(r"^[0-9a-f-]+$", re.IGNORECASE)
RANDOM_BITS_A_CHARACTER = 3.6
"""Entropy from which a long word is taken for a random key: prose and labels stay below."""


def find_secrets(text: str) -> tuple[Found, ...]:
    """What looks like a credential, in order, without overlaps."""
    found: list[Found] = []
    for what, pattern in PATTERNS:
        for match in pattern.finditer(text):
            found.append(Found(text=match.group(), what=what, start=match.start(), end=match.end()))
    for match in _WORD.finditer(text):
        if _looks_random(match.group()):
            found.append(Found(text=match.group(), what="a key or token", start=match.start(), end=match.end()))
    kept: list[Found] = []
    for one in sorted(found, key=lambda item: (item.start, -item.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return tuple(kept)


def _looks_random(word: str) -> bool:
    """Long, mixed and without pattern; ids of ours, UUIDs and hexadecimal site ids pass as harmless."""
    if _OURS.match(word) or _HEX.match(word):
        return False
    has_digit, has_letter = any(c.isdigit() for c in word), any(c.isalpha() for c in word)
    mixed = has_digit and has_letter and (word != word.lower() or "-" not in word)
    return mixed and _entropy(word) >= RANDOM_BITS_A_CHARACTER


def _entropy(word: str) -> float:
    counts = [word.count(character) for character in set(word)]
    return -sum(count / len(word) * math.log2(count / len(word)) for count in counts)


def redact(text: str, fingerprint: Callable[[str], str] | None = None) -> str:
    """The text with everything that looks secret taken out."""
    found = find_secrets(text)
    for one in reversed(found):
        mark = f", fingerprint {fingerprint(one.text)}" if fingerprint else ""
        text = f"{text[: one.start]}[removed: {one.what}{mark}]{text[one.end :]}"
    return text

"""Telling text that looks like a credential, and taking it out. Pure; used by parsing, audit, log and answers.

Recall comes first where text is taken out, and nothing here may be slow on long text: every repetition is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Found:
    """One stretch of text that looks secret, and what it looks like."""

    text: str
    what: str
    start: int
    end: int


_SCHEMES = r"(?:postgres(?:ql)?|sqlitecloud|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|sqlserver)(?:\+\w{1,20})?"
_NAMES = r"(?:api[_-]?key|password|passwd|pwd|(?:jwt[_-]?|client[_-]?)?secret|(?:expo[_-]?)?(?:access[_-]?)?token)"

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a connection string", re.compile(rf"\b{_SCHEMES}://[^\s/?#]{{0,200}}:\S{{0,500}}@\S+", re.IGNORECASE)),
    ("a connection string", re.compile(rf"\b{_SCHEMES}://\S{{0,500}}[?&;]{_NAMES}=\S+", re.IGNORECASE)),
    ("an address with a password", re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,200}:[^\s@/]{1,200}@\S+", re.I)),
    ("a Slack token", re.compile(r"\bx(?:ox[a-z]|app)[.-][A-Za-z0-9.-]{8,}")),
    ("a Slack webhook", re.compile(r"\bhooks\.slack\.com/(?:services|workflows|triggers)/\S+", re.IGNORECASE)),
    ("a bearer token", re.compile(r"\bbearer\s{1,5}(?=\S{0,200}[0-9]|\S{20})[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)),
    ("a signed token (JWT)", re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?")),
    (
        "a private key",
        re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?!-----END)[\s\S])*(?:-----END[A-Z ]{0,30}-----)?"),
    ),
    (
        "a cloud key",
        re.compile(
            r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|sk[-_][A-Za-z0-9_-]{20,}"
            r"|sb_secret_[\w-]{10,}|sbp_[0-9a-f]{20,}|ExponentPushToken\[[^\]\s]{8,}\])"
        ),
    ),
    ("a key or password", re.compile(rf"(?<![A-Za-z0-9]){_NAMES}[\"']?\s{{0,3}}=\s{{0,3}}[^\s&]{{4,}}", re.IGNORECASE)),
    (
        "a key or password",
        re.compile(rf"(?<![A-Za-z0-9]){_NAMES}[\"']?\s{{0,3}}:\s{{0,3}}(?=\S{{0,200}}[0-9]|\S{{16}})\S{{6,}}", re.I),
    ),
)

_ADDRESS = ("a connection string", re.compile(rf"\b{_SCHEMES}://\S+", re.IGNORECASE))
"""With or without a password: nobody needs one in a command, and its tail may be the secret."""

_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_.~-]{20,}")
_OUR_ID = re.compile(r"(?:db|org|rq|st|fm|ref|site|out|run)[_-][A-Za-z0-9-]+", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9:._-]{1,150}")
_HEXADECIMAL = re.compile(r"[0-9a-f-]+", re.IGNORECASE)
_SEGMENT = re.compile(r"[A-Za-z0-9]+")
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_SPOKEN = re.compile(r"[A-Z]?(?=[a-z]*[aeiouy])[a-z]{2,}")
RANDOM_LENGTH = 16
"""Letters and digits in a row from which a word may be a random key."""
SPOKEN_SHARE = 0.6
"""A name is made of words: from this share of its letters on, it is no key."""


def find_secrets(text: str, *, in_command: bool = False) -> tuple[Found, ...]:
    """What looks like a credential, in order; stretches that overlap are one.

    In the text of a command, a database's address counts as one whatever it holds.
    """
    found = [
        Found(text=match.group(), what=what, start=match.start(), end=match.end())
        for what, pattern in (PATTERNS if not in_command else (*PATTERNS, _ADDRESS))
        for match in pattern.finditer(text)
    ]
    for match in _LONG_WORD.finditer(text):
        if _looks_random(match.group()):
            found.append(Found(text=match.group(), what="a key or token", start=match.start(), end=match.end()))
    return tuple(_merged(text, found))


def redact(text: str, fingerprint: Callable[[str], str] | None = None, *, in_command: bool = False) -> str:
    """The text with everything that looks secret taken out; what is taken out is said, by kind and fingerprint."""
    for one in reversed(find_secrets(text, in_command=in_command)):
        mark = f", fingerprint {fingerprint(one.text)}" if fingerprint else ""
        text = f"{text[: one.start]}[removed: {one.what}{mark}]{text[one.end :]}"
    return text


def is_plain_id(text: str) -> bool:
    """Whether this may be one of Slack's ids or ours: one word, and no credential by its form. It may look random."""
    return bool(_ID.fullmatch(text)) and not any(pattern.search(text) for _, pattern in PATTERNS)


def _merged(text: str, found: Iterable[Found]) -> list[Found]:
    """The first kind names a stretch; none of its neighbours' characters is left over."""
    merged: list[Found] = []
    for one in sorted(found, key=lambda item: (item.start, -item.end)):
        last = merged[-1] if merged else None
        if last is None or one.start >= last.end:
            merged.append(one)
        elif one.end > last.end:
            whole = text[last.start : one.end]
            merged[-1] = Found(text=whole, what=last.what, start=last.start, end=one.end)
    return merged


def _looks_random(word: str) -> bool:
    """Ids of ours, UUIDs, hexadecimal site ids and names made of words pass as harmless."""
    if _OUR_ID.fullmatch(word) or _HEXADECIMAL.fullmatch(word):
        return False
    segments = _SEGMENT.findall(word)
    rarely_parted = len(segments) * 10 <= len(word) + 10
    characters = "".join(segments) if rarely_parted else max(segments, key=len)
    return len(characters) >= RANDOM_LENGTH and not _HEXADECIMAL.fullmatch(characters) and _is_jumble(characters)


def _is_jumble(characters: str) -> bool:
    """Whether capitals, small letters and digits change places as often as chance would have it."""
    pieces = _PIECE.findall(characters)
    spoken = sum(len(piece) for piece in pieces if _SPOKEN.fullmatch(piece))
    if spoken >= SPOKEN_SHARE * len(characters):
        return False
    piece_length = len(characters) / len(pieces)
    return (len(pieces) >= 5 and piece_length < 3.2) or (len(pieces) >= 8 and piece_length < 4.2)

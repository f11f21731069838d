"""Text that every engine, UTF-8 and RFC 8785 accept. Labels and messages from outside may hold what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from bot.domain.audit import JsonValue

EXACT_INTEGERS = 2**53 - 1
"""RFC 8785 numbers are IEEE doubles: larger integers are kept as text."""


def storable_text(text: str) -> str:
    """The text with lone surrogates and NUL replaced: UTF-8 has no place for the one, PostgreSQL none for the other."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


def storable_json(value: JsonValue | Mapping[str, JsonValue]) -> JsonValue:
    """The value with every text, key and number in it made storable."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {storable_text(key): storable_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(one) for one in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > EXACT_INTEGERS:
        return str(value)
    return value

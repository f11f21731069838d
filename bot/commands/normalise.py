"""What phones and Slack do to typed text, undone; and splitting into words that survives an apostrophe. Pure."""

from __future__ import annotations

import re

from bot.domain.errors import InvalidInput

MAX_LENGTH = 3_000
QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "′": "'"})
_SPACES = re.compile(r"[\u00a0\u2000-\u200b\u202f\u3000\ufeff]")
_DASHES = re.compile(r"(?<!\S)[‐‑‒–—―]{1,2}(?=[A-Za-z])")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&"))


def normalise(text: str) -> str:
    """Straight quotes, `--` for a phone's dash before an option, ordinary spaces, no HTML escapes."""
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    text = _SPACES.sub(" ", text.translate(QUOTES))
    return _DASHES.sub("--", text).strip()


def split(text: str) -> list[str]:
    """Words, with double quotes around those that hold spaces and Slack's `<…>` kept whole.

    A single quote counts as one only where a word begins with it and another ends a word: `it's` is a word.
    Raises `InvalidInput` for a quote that is never closed.
    """
    words: list[str] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        word, position = _word(text, position)
        words.append(word)
    return words


def _word(text: str, position: int) -> tuple[str, int]:
    pieces: list[str] = []
    start = position
    while position < len(text) and not text[position].isspace():
        character = text[position]
        opens = character == '"' or (character == "'" and _opens_single(text, position, start))
        if opens:
            end = text.find(character, position + 1)
            if end < 0:
                raise InvalidInput(
                    f"A quote is opened and never closed: {text[position : position + 30]}",
                    advice="Put the second quote, or leave both out.",
                )
            pieces.append(text[position + 1 : end])
            position = end + 1
        elif character == "<" and ">" in text[position:]:
            end = text.index(">", position)
            pieces.append(text[position : end + 1])
            position = end + 1
        else:
            pieces.append(character)
            position += 1
    return "".join(pieces), position


def _opens_single(text: str, position: int, start: int) -> bool:
    before = text[position - 1] if position > start else " "
    closes = re.search(r"'(?=\s|$)", text[position + 1 :])
    return before in " =" and closes is not None


def comparable(text: str) -> str:
    """A label as typed to confirm: curly quotes, dashes and outer spaces are forgiven, case is not."""
    text = _SPACES.sub(" ", text.translate(QUOTES))
    return re.sub(r"[‐‑‒–—―]", "-", text).strip().strip("\"'").strip()

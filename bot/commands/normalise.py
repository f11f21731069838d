"""What phones and Slack do to typed text, undone; and splitting into words that survives an apostrophe. Pure."""

from __future__ import annotations

import re

from bot.domain.errors import InvalidInput

MAX_LENGTH = 3_000
"""Characters that are read; more is noise or a paste gone wrong."""

_DASHES = "‐‑‒–—―−"
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "′": "'"})
_INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_ENTITY = re.compile(r"&(?:amp;)*(?:(lt|gt|quot|#39);)?")
_ENTITIES = {"lt": "<", "gt": ">", "quot": '"', "#39": "'", None: "&"}
_OPTION = re.compile(rf'("[^"]*")|(?<!\S)(?:-*[{_DASHES}][-{_DASHES}]*(?=[A-Za-z])|-(?=[A-Za-z]{{2}}))')
_SLACK_LINK = re.compile(r"<(?:[@#!]|https?:|mailto:)[^<>]*>")
_SINGLE_QUOTED = re.compile(r"'(.*?)'(?=\s|$)", re.DOTALL)
_ANY_DASH = re.compile(rf"[{_DASHES}]")


def normalise(text: str) -> str:
    """Straight quotes, `--` for a phone's dash before an option, ordinary spaces, no HTML escapes.

    Doing it twice changes nothing more. What stands between double quotes keeps its dashes.
    """
    text = _INVISIBLE.sub("", text)
    text = _ENTITY.sub(lambda match: _ENTITIES[match[1]], text)
    text = _SPACES.sub(" ", text.translate(_QUOTES))
    return _OPTION.sub(lambda match: match[1] or "--", text).strip()


def comparable(text: str) -> str:
    """A label as typed to confirm: curly quotes, dashes and outer spaces are forgiven, case is not."""
    text = _SPACES.sub(" ", _INVISIBLE.sub("", text).translate(_QUOTES))
    return _ANY_DASH.sub("-", text).strip().strip("\"'").strip()


def split(text: str) -> list[str]:
    """Words, with quotes around those that hold spaces and Slack's `<…>` kept whole.

    A single quote counts as one only where a word begins with it and another ends a word: `it's` is a word.
    Raises `InvalidInput` for a double quote that is never closed.
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


def quoted(word: str) -> str:
    """The word so that `split` reads it back as one."""
    plain = word and not word.startswith(("'", "-")) and not any(c.isspace() or c == '"' for c in word)
    if plain or _SLACK_LINK.fullmatch(word):
        return word
    if '"' in word and "'" not in word:
        return f"'{word}'"
    return '"' + word.replace('"', "'") + '"'


def requoted(word: str) -> str:
    """A word of a command, option or not, as it can be typed again."""
    option, sign, value = word.partition("=")
    if word.startswith("--"):
        return f"{option}={quoted(value)}" if sign else word
    return quoted(word)


def _word(text: str, start: int) -> tuple[str, int]:
    pieces: list[str] = []
    position = start
    while position < len(text) and not text[position].isspace():
        piece, position = _piece(text, position, start)
        pieces.append(piece)
    return "".join(pieces), position


def _piece(text: str, position: int, start: int) -> tuple[str, int]:
    character = text[position]
    if character == '"':
        end = text.find('"', position + 1)
        if end < 0:
            raise InvalidInput(
                f"A quote is opened and never closed: {text[position : position + 30]}",
                advice="Put the second quote, or leave both out.",
            )
        return text[position + 1 : end], end + 1
    if character == "'" and (position == start or text[position - 1] == "="):
        single = _SINGLE_QUOTED.match(text, position)
        if single:
            return single[1], single.end()
    if character == "<":
        link = _SLACK_LINK.match(text, position)
        if link:
            return link[0], link.end()
    return character, position + 1

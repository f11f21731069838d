"""Random ids: guessed by nobody, and read aloud at night without a mistake."""

from __future__ import annotations

import secrets

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def new_request_id() -> str:
    """A random id of 12 characters without look-alikes (59 bits): read aloud at night, guessed by nobody."""
    return "rq-" + _random_letters(12)


def new_story_id() -> str:
    """A random id for one story in the trail."""
    return "st-" + _random_letters(12)


def new_reference() -> str:
    """A short random reference that stands in an answer and in the log's lines about it."""
    return "ref-" + _random_letters(8)


def _random_letters(length: int) -> str:
    """All out of one draw: each asks the operating system, and lets other threads in."""
    drawn = secrets.randbelow(len(_ALPHABET) ** length)
    letters = []
    for _ in range(length):
        drawn, place = divmod(drawn, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)

"""Looking for words: whether a row holds them, tried on it alone, and which few rows hold a rare one.

Neither engine's index answers in the order of the trail within bounds: PostgreSQL's gathers all its rows before
the first (`audit_common`), and SQLite's all rows of a beginning. So it is asked for so many rows and no more. What has
fewer is rare, and these are all; what has more is common, and is met soon by trying the rows one after the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    cast,
    column,
    false,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from bot.db.audit_common import Word, in_bounds, without_common
from bot.db.audit_search import phrases_of, words_of_row
from bot.db.driver import every
from bot.db.tables import audit_events

PLACES = (500, 20_000)
"""So many places of each word SQLite's index is asked for, first and then: a row may hold a word more than once."""
WORDS_ASKED = 4
"""The longest words typed, which are likely to be the rarest."""
ROW_HOLDS = "audit_row_holds"
"""SQLite's index cannot tell of one row whether it holds a beginning: this program does, as a function of it."""

_VOCABULARY = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.audit_words USING fts5vocab(main, audit_search, instance)"
_CUT_BY_SQLITE = re.compile("[\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3]")
"""Letters that SQLite takes for spaces."""
_HIGHEST = "\U0010ffff"

Column = audit_events.c
_SEARCH = table("audit_search", column("seq"), column("document"))
_PLACES = text("SELECT doc FROM audit_words WHERE term >= :low AND term <= :high LIMIT :most")


def prepare_search(connection: Any) -> None:
    """What a new connection to SQLite needs: its index as a list of words, and a trial of one row."""
    connection.execute(_VOCABULARY)
    connection.create_function(ROW_HOLDS, 7, row_holds, deterministic=True)


def holds_words(dialect: str, typed: str) -> ColumnElement[bool]:
    """Whether a row holds all words typed: a trial of it alone, whatever the index."""
    if not phrases_of(typed):
        return false()
    if dialect == "sqlite":
        words = (Column.action, Column.target, Column.target_label, Column.request_id, Column.code, Column.payload)
        return func.audit_row_holds(bindparam("words", typed), *words) == literal_column("1")
    # A scalar: of EXISTS the engine makes a join, for which it gathers all rows with the words.
    probe = select(_matches(typed)).select_from(_SEARCH).where(_SEARCH.c.seq == Column.seq)
    return probe.correlate(audit_events).scalar_subquery()


def rare_rows(connection: Connection, typed: str, most: int) -> set[int] | None:
    """Numbers among which are all rows with these words, where they are rare; None where they are not."""
    phrases = phrases_of(typed)
    if not phrases:
        return set()
    if connection.dialect.name == "sqlite":
        return _of_a_rare_word(connection, phrases, most)
    asked = without_common(connection, map(_as_looked_for, phrases), most)
    numbers = in_bounds(connection, select(_SEARCH.c.seq).where(_match(asked)).limit(most + 1)) if asked else None
    return None if numbers is None or len(numbers) > most else set(numbers)


def _of_a_rare_word(connection: Connection, phrases: list[list[str]], most: int) -> set[int] | None:
    ranges = {(word, word) for *firsts, _ in phrases for word in firsts}
    ranges |= {(words[-1], f"{words[-1]}{_HIGHEST}") for words in phrases}
    likely = sorted(ranges, key=lambda one: -len(one[0]))[:WORDS_ASKED]
    asked = ((places, *one) for places in PLACES for one in likely)
    found = (_rows_of_word(connection, *one) for one in asked)
    return next((rows for rows in found if rows is not None and len(rows) <= most), None)


def _rows_of_word(connection: Connection, places: int, low: str, high: str) -> set[int] | None:
    """The rows of a word, or of all in a range of words; None where it has too many places."""
    known = next(filter(None, _CUT_BY_SQLITE.split(low)), "")
    if not known:
        return None
    within = {"low": known, "high": high if known == low else f"{known}{_HIGHEST}", "most": places + 1}
    rows = [number for (number,) in every(connection, _PLACES, within)]
    return set(rows) if len(rows) <= places else None


def row_holds(typed: str, *stored: str | None) -> bool:
    """Whether the row whose columns these are, its payload last, is found by the words typed."""
    phrases, surely = _looked_for(typed)
    *columns, payload = (one or "" for one in stored)
    plain = "\n".join((*columns, payload))
    if plain.isascii():
        plain = plain.lower()
        if not all(word in plain for word in surely):
            return False
    found = " " + " ".join(words_of_row(columns, json.loads(payload) if payload else {}))
    return all(phrase in found for phrase in phrases)


@lru_cache(maxsize=64)
def _looked_for(typed: str) -> tuple[list[str], list[str]]:
    """The phrases, and the words that stand in a row of ASCII as it is stored: numbers may be written otherwise."""
    phrases = phrases_of(typed)
    words = {word for phrase in phrases for word in phrase if word.isascii() and not word.isdecimal()}
    return [f" {' '.join(words)}" for words in phrases], sorted(words, key=len, reverse=True)


def _matches(typed: str) -> ColumnElement[bool]:
    return _match(map(_as_looked_for, phrases_of(typed)))


def _match(phrases: Iterable[list[Word]]) -> ColumnElement[bool]:
    match = " & ".join(f"({' <-> '.join(map(_tsquery, words))})" for words in phrases)
    return _SEARCH.c.document.op("@@")(cast(bindparam("words", match), TSQUERY))


def _as_looked_for(phrase: list[str]) -> list[Word]:
    *firsts, last = phrase
    return [*((word, False) for word in firsts), (last, True)]


def _tsquery(word: Word) -> str:
    """A word with more places than the index keeps goes on under its name, a space and a number."""
    letters, is_beginning = word
    return f"'{letters}':*" if is_beginning else f"('{letters}' | '{letters} ':*)"

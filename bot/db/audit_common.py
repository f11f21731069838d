"""PostgreSQL's index of words, asked within bounds: it gathers all rows of a word, and of every word with a beginning,
before it gives the first.

So it is not asked for words that are known to be common: the statistics that the engine keeps for its plans have every
word that many rows hold. What they do not show, such as the beginning of very many words each of which is rare, ends
when the time for the question is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, text
from sqlalchemy.exc import DBAPIError

from bot.db.driver import command

COMMON = 4
"""A word is common in so many times the rows that make it rare: as many are gathered in a few milliseconds."""
MILLISECONDS = 250
"""For one question, whatever the statistics say."""

Word = tuple[str, bool]
"""A word, and whether it may be the beginning of one."""

_COMMON = text(
    "SELECT a.word, a.beginning FROM unnest(CAST(:words AS text[]), CAST(:beginnings AS boolean[])) a(word, beginning),"
    " pg_class c, pg_stats s,"
    " unnest(CAST(CAST(s.most_common_elems AS text) AS text[]), s.most_common_elem_freqs) e(word, share)"
    " WHERE c.oid = CAST('audit_search' AS regclass) AND s.tablename = c.relname AND s.attname = 'document'"
    " AND (e.word = a.word OR (a.beginning AND starts_with(e.word, a.word)))"
    " GROUP BY a.word, a.beginning, c.reltuples HAVING sum(e.share) * c.reltuples > :most"
)
_BOUNDS = text("SELECT set_config('statement_timeout', :milliseconds, true), set_config('enable_seqscan', 'off', true)")
_CANCELLED = "57014"


def without_common(connection: Connection, phrases: Iterable[list[Word]], most: int) -> list[list[Word]]:
    """The phrases whose words are all uncommon, and of the others what words are: they find all rows, and some more."""
    phrases = list(phrases)
    common = _common(connection, sorted({word for words in phrases for word in words}), COMMON * most)
    return [part for words in phrases for part in _parts(words, common)]


def _common(connection: Connection, words: Sequence[Word], most: int) -> set[Word]:
    asked = {"words": [word for word, _ in words], "beginnings": [beginning for _, beginning in words], "most": most}
    return {(word, beginning) for word, beginning in connection.execute(_COMMON, asked)}


def _parts(words: list[Word], common: set[Word]) -> list[list[Word]]:
    if common.isdisjoint(words):
        return [words]
    return [[word] for word in words if word not in common]


def in_bounds(connection: Connection, asked: Executable) -> Sequence[Any] | None:
    """The first column of all its rows, by index; None where that takes too long."""
    command(connection, "SAVEPOINT look")
    try:
        connection.execute(_BOUNDS, {"milliseconds": str(MILLISECONDS)})
        return connection.execute(asked).scalars().all()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _CANCELLED:
            raise
        return None
    finally:
        command(connection, "ROLLBACK TO SAVEPOINT look; RELEASE SAVEPOINT look")

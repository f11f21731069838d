"""Full text of the trail: the same words, phrases and beginnings on both engines.

Words are cut here and not by the engines, whose parsers differ: folded, without accents, letters and digits only.
What a row is indexed by follows from the row alone, so that an erased payload can be taken out of the index again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, takewhile

from sqlalchemy import Connection, text

from bot.db.driver import run_all
from bot.domain.audit import AuditEntry, JsonValue

_WORD = re.compile(r"[^\W_]+")
WORD_LENGTH = 100
WORDS_A_ROW = 5_000
LETTERS_A_ROW = 240_000
"""PostgreSQL's index takes a megabyte a row, and a letter may have four bytes."""
POSITIONS = 255
"""So many places of one word PostgreSQL keeps of a row, and drops the others."""
WRITTEN_IN_FULL = 1e21
"""Where RFC 8785 begins to write whole numbers with an exponent."""

_INSERTS = {
    "sqlite": text("INSERT INTO audit_search(rowid, body) VALUES (:seq, :body)"),
    "postgresql": text("INSERT INTO audit_search(seq, document) VALUES (:seq, CAST(:body AS tsvector))"),
}
_DELETES = {
    # FTS5 keeps no content here: it takes a row out only when told the very words that went in.
    "sqlite": text("INSERT INTO audit_search(audit_search, rowid, body) VALUES ('delete', :seq, :body)"),
    "postgresql": text("DELETE FROM audit_search WHERE seq = :seq AND CAST(:body AS text) IS NOT NULL"),
}
_CLEARS = {
    "sqlite": text("INSERT INTO audit_search(audit_search) SELECT 'delete-all' WHERE :last IS NOT NULL"),
    "postgresql": text(
        "DELETE FROM audit_search s WHERE seq <= :last OR NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.seq = s.seq)"
    ),
}
_COUNTS = text("SELECT (SELECT count(*) FROM audit_events), (SELECT count(*) FROM audit_search)")
_UNENTERED = {
    "sqlite": text("SELECT min(seq) FROM audit_events WHERE seq NOT IN (SELECT rowid FROM audit_search)"),
    "postgresql": text("SELECT min(seq) FROM audit_events e LEFT JOIN audit_search s USING (seq) WHERE s.seq IS NULL"),
}
_MERGE = text("INSERT INTO audit_search(audit_search) VALUES ('optimize')")


def words_of(typed: str) -> list[str]:
    """The words of a text as they are indexed and looked for."""
    plain = typed if typed.isascii() else _without_accents(typed)
    return [word[:WORD_LENGTH] for word in _WORD.findall(plain.casefold())]


def _without_accents(typed: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", typed) if not unicodedata.combining(one))


def words_of_entry(entry: AuditEntry) -> list[str]:
    """What a row is found by: its action, target and code, and all values of its payload."""
    columns = (entry.action.value, entry.target, entry.target_label, entry.request_id or "", entry.code or "")
    return words_of_row(columns, dict(entry.payload))


def words_of_row(columns: Sequence[str], payload: JsonValue) -> list[str]:
    """The same, of the row as it is stored."""
    return _bounded(words_of("\n".join((*columns, *_values(payload)))))


def _bounded(words: list[str]) -> list[str]:
    if len(words) * WORD_LENGTH <= LETTERS_A_ROW:
        return words
    within = takewhile(lambda letters: letters <= LETTERS_A_ROW, accumulate(map(len, words[:WORDS_A_ROW])))
    return words[: sum(1 for _ in within)]


def _values(value: JsonValue) -> Iterator[str]:
    """In an order, and with numbers in a form, that the stored text gives again."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from _values(value[key])
    elif isinstance(value, list):
        for one in value:
            yield from _values(one)
    elif isinstance(value, float) and value.is_integer() and abs(value) < WRITTEN_IN_FULL:
        yield str(int(value))
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def index_entries(connection: Connection, entries: Sequence[tuple[int, AuditEntry]]) -> None:
    """Make rows findable."""
    index_bodies(connection, [(seq, _body_of_entry(connection, entry)) for seq, entry in entries])


def index_bodies(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Make rows findable by these; see `body_of`."""
    run_all(connection, _INSERTS[connection.dialect.name], [{"seq": seq, "body": body} for seq, body in rows])


def forget_entries(connection: Connection, entries: Sequence[tuple[int, AuditEntry]]) -> None:
    """Take rows, as they are stored now, out of the index."""
    bodies = [{"seq": seq, "body": _body_of_entry(connection, entry)} for seq, entry in entries]
    connection.execute(_DELETES[connection.dialect.name], bodies)


def clear_entries(connection: Connection, last: int) -> None:
    """Forget all rows up to this one, whatever the index says of them, and those that are none."""
    connection.execute(_CLEARS[connection.dialect.name], {"last": last})


def index_problem(connection: Connection) -> str:
    """Whether each row has an entry; "" where all is well.

    Rows and entries are written in one transaction, so that one without the other was made by somebody else. It is a
    problem and no note: the trail is whole, but answers in the chat leave rows out. What an entry says is not compared,
    which would take as long as to make the index anew.
    """
    rows, entries = connection.execute(_COUNTS).one()
    if rows == entries:
        return ""
    first = connection.execute(_UNENTERED[connection.dialect.name]).scalar()
    found = "" if first is None else f" First row that no word finds: {first}."
    return f"The search index does not hold: it has {entries} entries for {rows} rows.{found}"


def wipe_forgotten(connection: Connection) -> None:
    """Leave no trace of what was forgotten: SQLite only marks words as gone until their part of the index is merged."""
    if connection.dialect.name == "sqlite":
        connection.execute(_MERGE)


def _body_of_entry(connection: Connection, entry: AuditEntry) -> str:
    return body_of(connection.dialect.name, words_of_entry(entry))


def body_of(dialect: str, words: list[str]) -> str:
    """What a row is found by, as the engine's index takes it."""
    return " ".join(words if dialect == "sqlite" else _with_positions(words))


def phrases_of(typed: str) -> list[list[str]]:
    """What stands together without a space (`orders-eu`) is a phrase; the last word of each may be a beginning."""
    return [words for words in map(words_of, typed.split()) if words]


def _with_positions(words: list[str]) -> list[str]:
    """`tsvector` as PostgreSQL writes it itself: no parser of its own comes into play.

    A word with more places than it keeps goes on under its name, a space and a number, which `_tsquery` asks for too.
    """
    if len(words) <= POSITIONS:
        return [f"'{word}':{position}" for position, word in enumerate(words, start=1)]
    numbers: Counter[str] = Counter()
    entered = []
    for position, word in enumerate(words, start=1):
        part = numbers[word] // POSITIONS
        numbers[word] += 1
        entered.append(f"'{word} {part}':{position}" if part else f"'{word}':{position}")
    return entered

"""A long trail, chained and signed like any, written past the program: a million rows through it would take minutes.

Forty in a hundred rows are loud. The filters' values in `COMMON` fit at least ten thousand loud rows in every million,
so that each has a thousandth page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg

from bot.db.audit_search import _with_positions, words_of_entry
from bot.db.chain import GENESIS, HASHED, AuditKeys, canonical_json, hash_of, leaf_of
from bot.db.types import as_text
from bot.domain.audit import AuditAction, AuditEntry, AuditFilter, AuditKind, AuditOutcome

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
APART = timedelta(seconds=20)
BATCH = 10_000
COLUMNS = (*HASHED, "payload", "salt", "hash", "mac")
LOUD_ACTIONS = (
    (AuditKind.OUTCOME, AuditAction.DATABASES_DELETE),
    (AuditKind.OUTCOME, AuditAction.TABLES_ENABLE),
    (AuditKind.REFUSAL, AuditAction.DEVICES_REMOVE),
    (AuditKind.DECISION, AuditAction.APPROVALS_DECIDE),
)
QUIET_ACTIONS = (
    (AuditKind.READ, AuditAction.DATABASES_LIST),
    (AuditKind.READ, AuditAction.DEVICES_LIST),
    (AuditKind.MISTYPE, AuditAction.UNKNOWN_COMMAND),
)
WORD = "quarterly"

COMMON: dict[str, AuditFilter] = {
    "nothing": AuditFilter(),
    "--all": AuditFilter(quiet=True),
    "--user": AuditFilter(actor="U007"),
    "--user --all": AuditFilter(actor="U007", quiet=True),
    "--action": AuditFilter(action=AuditAction.DATABASES_DELETE),
    "--action, an area": AuditFilter(area="databases"),
    "--action, a verb": AuditFilter(verb="delete"),
    "--database": AuditFilter(target="orders-7"),
    "--outcome": AuditFilter(outcome=AuditOutcome.DENIED),
    "--channel": AuditFilter(channel="C7"),
}
"""Each filter of `audit list` alone, but for the full text."""


def with_range(wanted: AuditFilter, rows: int) -> AuditFilter:
    """The filter with a time range that leaves out the first and the last tenth."""
    return replace(wanted, since=BEGINNING + APART * (rows // 10), until=BEGINNING + APART * (rows - rows // 10))


def _entry(number: int) -> AuditEntry:
    is_loud = number % 5 < 2
    actions = LOUD_ACTIONS if is_loud else QUIET_ACTIONS
    turn = number // 5
    kind, action = actions[turn % len(actions)]
    database = turn * 7 % 25
    return AuditEntry(
        kind=kind,
        story=f"st-past-{turn}",
        action=action,
        outcome=AuditOutcome.DENIED if kind is AuditKind.REFUSAL else AuditOutcome.SUCCEEDED,
        actor=f"U{turn * 3 % 20:03}",
        channel=f"C{turn % 10}",
        environment="prod",
        target=f"db_{database:024}",
        target_label=f"orders-{database}",
        request_id=f"rq-past-{turn}" if is_loud else None,
        payload={
            "text": f"databases show orders-{database}",
            "reason": f"{WORD if turn % 10 == 0 else 'daily'} clean-up",
            "person": "Ada",
        },
    )


def chained_rows(rows: int, keys: AuditKeys) -> Iterator[tuple[dict[str, Any], AuditEntry]]:
    """So many rows, each as it is stored and as it was meant, beginning with the first of a trail."""
    previous = GENESIS
    for number in range(1, rows + 1):
        entry, salt = _entry(number), f"{number:032x}"
        payload = canonical_json(entry.payload)
        row: dict[str, Any] = {name: getattr(entry, name, None) for name in HASHED}
        row |= {
            "seq": number,
            "occurred_at": as_text(BEGINNING + APART * number),
            "leaf": leaf_of(salt, payload),
            "prev_hash": previous,
            "key_id": keys.current_id,
        }
        previous = hash_of(row)
        yield row | {"payload": payload, "salt": salt, "hash": previous, "mac": keys.mac(previous)}, entry


def fill(url: str, rows: int, keys: AuditKeys) -> None:
    """Write so many rows into a migrated, empty database, and its head."""
    if url.startswith("sqlite"):
        _fill_sqlite(url.removeprefix("sqlite:///"), rows, keys)
    else:
        _fill_postgres(url, rows, keys)


def _fill_sqlite(path: str, rows: int, keys: AuditKeys) -> None:
    marks = ", ".join(f":{name}" for name in COLUMNS)
    insert = f"INSERT OR FAIL INTO audit_events ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA cache_size=-400000")
        coming = chained_rows(rows, keys)
        last: dict[str, Any] = {}
        while batch := list(islice(coming, BATCH)):
            database.execute("BEGIN")
            database.executemany(insert, [row for row, _ in batch])
            found_by = [(row["seq"], " ".join(words_of_entry(entry))) for row, entry in batch]
            database.executemany("INSERT INTO audit_search(rowid, body) VALUES (?, ?)", found_by)
            database.execute("COMMIT")
            last = batch[-1][0]
        head = (last["seq"], last["hash"], last["occurred_at"])
        database.execute("UPDATE audit_head SET seq = ?, hash = ?, occurred_at = ?", head)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _fill_postgres(url: str, rows: int, keys: AuditKeys) -> None:
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("SET synchronous_commit = off")
        coming = chained_rows(rows, keys)
        last: dict[str, Any] = {}
        while batch := list(islice(coming, BATCH)):
            _copy(database, "audit_events", COLUMNS, ([row[name] for name in COLUMNS] for row, _ in batch))
            found_by = ((row["seq"], " ".join(_with_positions(words_of_entry(entry)))) for row, entry in batch)
            _copy(database, "audit_search", ("seq", "document"), found_by)
            last = batch[-1][0]
        head = (last["seq"], last["hash"], last["occurred_at"])
        database.execute("UPDATE audit_head SET seq = %s, hash = %s, occurred_at = %s", head)
        database.execute("VACUUM ANALYZE")


def _copy(database: psycopg.Connection[Any], table: str, columns: tuple[str, ...], rows: Iterator[Any]) -> None:
    with database.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)

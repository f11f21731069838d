"""Appending: one row against the raw driver's same steps, many callers against one, four processes on one chain.

The raw driver's rows are made before the clock runs: its figure is that of the database alone.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from statistics import median
from typing import Any

import psycopg

from bot.db.audit import _record
from bot.db.audit_draft import drafted
from bot.db.audit_search import _with_positions, words_of_entry
from bot.db.chain import leaf_of, new_salt
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditEntry
from bot.domain.ports import SystemClock
from tests.bench.long_trail import COLUMNS, chained_rows
from tests.bench.timing import Comparison, in_turn
from tests.conftest import AUDIT_KEYS
from tests.databases import DatabaseSource
from tests.factories import make_entry

SINGLE = 300
"""Rows one after the other in a round."""
CALLERS = 50
PROCESSES = 4
ROUNDS = 5
EACH = 500
"""Rows of each process."""


ENTRY = make_entry(payload={"text": "databases show orders-7", "person": "Ada"})
"""Ada looks at a database."""


async def append(database: Database) -> None:
    """One row, as the program writes it."""
    await database.append(ENTRY)


async def compare(source: DatabaseSource, *, processes: bool) -> list[Comparison]:
    """All of it, on one engine."""
    found = [await _one_row(source), await _many_callers(source)]
    return [*found, await _four_processes(source)] if processes else found


async def _one_row(source: DatabaseSource) -> Comparison:
    url, bare_url = source.clone(), source.clone()
    database = Database.open(url, clock=SystemClock(), audit_keys=AUDIT_KEYS)
    bare = _raw_sqlite if bare_url.startswith("sqlite") else _raw_postgres
    rows = iter([_bare_row(row, entry) for row, entry in chained_rows(SINGLE * (ROUNDS + 1), AUDIT_KEYS)])

    async def ours() -> None:
        for _ in range(SINGLE):
            await append(database)

    with ThreadPoolExecutor(1) as thread:  # the same thread for all of the driver's work
        steps = bare(bare_url, rows)
        loop = asyncio.get_running_loop()
        mine, theirs = await in_turn(ours, lambda: loop.run_in_executor(thread, next, steps), rounds=ROUNDS)
    await database.close()
    return Comparison(
        what="one durable row", ours=mine / SINGLE, theirs=theirs / SINGLE, goal=1.5, remark="against the raw driver"
    )


def _bare_row(row: dict[str, Any], entry: AuditEntry) -> tuple[list[Any], str]:
    """A row's columns, and the words that it is found by."""
    return [row[name] for name in COLUMNS], " ".join(words_of_entry(entry))


def _raw_sqlite(url: str, rows: Iterator[tuple[list[Any], str]]) -> Iterator[None]:
    """Lock head, insert, make it findable, move head, commit; `SINGLE` times a step."""
    marks = ", ".join("?" * len(COLUMNS))
    insert_row = f"INSERT INTO audit_events ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608
    path = url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as database:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            database.execute(f"PRAGMA {pragma}")
        while True:
            for _ in range(SINGLE):
                row, words = next(rows)
                database.execute("BEGIN IMMEDIATE")
                database.execute("SELECT seq, hash, occurred_at FROM audit_head WHERE id = 1").fetchone()
                database.execute(insert_row, row)
                database.execute("INSERT INTO audit_search(rowid, body) VALUES (?, ?)", (row[0], words))
                database.execute("UPDATE audit_head SET seq = ?, hash = ?, occurred_at = ?", (row[0], row[-2], row[1]))
                database.execute("COMMIT")
            yield


def _raw_postgres(url: str, rows: Iterator[tuple[list[Any], str]]) -> Iterator[None]:
    marks = ", ".join(["%s"] * len(COLUMNS))
    insert_row = f"INSERT INTO audit_events ({', '.join(COLUMNS)}) VALUES ({marks})".encode()  # noqa: S608
    with psycopg.connect(url) as database:
        while True:
            for _ in range(SINGLE):
                row, words = next(rows)
                database.execute("SELECT seq, hash, occurred_at FROM audit_head WHERE id = 1 FOR UPDATE").fetchone()
                database.execute(insert_row, row)
                found_by = (row[0], " ".join(_with_positions(words.split())))
                database.execute("INSERT INTO audit_search VALUES (%s, %s::tsvector)", found_by)
                moved = (row[0], row[-2], row[1])
                database.execute("UPDATE audit_head SET seq = %s, hash = %s, occurred_at = %s", moved)
                database.commit()
            yield


async def _many_callers(source: DatabaseSource) -> Comparison:
    database = Database.open(source.clone(), clock=SystemClock(), audit_keys=AUDIT_KEYS)
    rows = SINGLE * 2

    async def caller(share: int) -> None:
        for _ in range(share):
            await append(database)

    async def together() -> None:
        await asyncio.gather(*(caller(rows // CALLERS) for _ in range(CALLERS)))

    mine, theirs = await in_turn(together, lambda: caller(rows), rounds=ROUNDS)
    await database.close()
    return Comparison(
        what=f"a row of {CALLERS} callers at once",
        ours=mine / rows,
        theirs=theirs / rows,
        goal=5,
        floor=True,
        remark="throughput against one row a commit",
    )


async def _four_processes(source: DatabaseSource) -> Comparison:
    chained, unchained = source.clone(), source.clone()
    taken = [(_fleet(chained, turn, _chained), _fleet(unchained, turn, _unchained)) for turn in range(ROUNDS)]
    return Comparison(
        what=f"a row of {PROCESSES} processes on one chain",
        ours=median(mine for mine, _ in taken) / (PROCESSES * EACH),
        theirs=median(theirs for _, theirs in taken) / (PROCESSES * EACH),
        goal=0.5,
        floor=True,
        remark="throughput against rows without a chain",
    )


Appender = Callable[[Database, int], Awaitable[object]]


def _fleet(url: str, turn: int, appender: Appender) -> float:
    """Seconds from when all processes are ready until all have written what they should."""
    context = multiprocessing.get_context("spawn")
    line = context.Barrier(PROCESSES + 1)
    beginnings = [(turn * PROCESSES + number + 1) * 1_000_000 for number in range(PROCESSES)]
    fleet = [context.Process(target=_member, args=(url, first, appender, line)) for first in beginnings]
    for process in fleet:
        process.start()
    line.wait()
    started = time.perf_counter()
    line.wait()
    taken = time.perf_counter() - started
    for process in fleet:
        process.join()
    return taken


def _member(url: str, first: int, appender: Appender, line: Barrier) -> None:
    asyncio.run(_append_all(url, first, appender, line))


async def _append_all(url: str, first: int, appender: Appender, line: Barrier) -> None:
    database = Database.open(url, clock=SystemClock(), audit_keys=AUDIT_KEYS)
    await appender(database, first)

    async def caller(number: int) -> None:
        for seq in range(first + 1 + number, first + 1 + EACH, CALLERS):
            await appender(database, seq)

    line.wait()
    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    line.wait()
    await database.close()


async def _chained(database: Database, seq: int) -> None:
    del seq
    await append(database)


async def _unchained(database: Database, seq: int) -> None:
    """The same row, made and written the same way, found by the same words: without a head, a hash or a signature."""

    draft = drafted(ENTRY, database.dialect)

    def work(unit: Unit) -> None:
        unchained = {
            "seq": seq,
            "occurred_at": datetime.now(UTC),
            "salt": new_salt(),
            "leaf": leaf_of("", draft.columns["payload"]),
            "prev_hash": f"{seq:064}",
            "hash": f"{seq:064}",
            "mac": "",
            "key_id": "",
        }
        unit.audit._unwritten.add(_record({**draft.entry, **unchained}), draft)

    await database.note(work)

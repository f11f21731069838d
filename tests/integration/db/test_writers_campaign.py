"""Eight write at once and one unit in twenty is rolled back: one chain, every row that was promised, no other row.

On PostgreSQL the eight are shared out over three processes, which know of each other only through the database.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.synchronize import Barrier
from random import Random

import pytest
from sqlalchemy import Connection, select

from bot.db import batch
from bot.db.audit_head import Head
from bot.db.audit_rows import UnwrittenRows
from bot.db.audit_verify import Finding
from bot.db.batch import Ended, Waiting
from bot.db.engine import Database
from bot.db.tables import audit_head
from bot.db.unit import Unit
from bot.domain.audit import AuditRecord
from bot.domain.ports import SystemClock
from tests.conftest import AUDIT_KEYS, Figure
from tests.factories import make_entry
from tests.integration.db.conftest import Intruder

WRITERS = 8
PROCESSES = {"sqlite": 1, "postgresql": 3}
KEPT_FOR_EACH_UNDONE = 19
"""One unit in twenty is rolled back."""
UNDONE = "st-undone"
STARTING_SECONDS = 60
CONTROL_ROWS = 400
SHOWN = 5
"""Examples of each fault: a broken chain has thousands."""

Row = tuple[int, str, str]
"""Its seq, hash and story."""


class Planted(Exception):
    """What a unit that is to be rolled back raises."""


@dataclass(kw_only=True)
class Told:
    """What the writers of one process heard of their units."""

    process: int = field(default_factory=os.getpid)
    seconds: float = 0
    rows: list[Row] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def hear(self, story: str, ended: AuditRecord | BaseException) -> None:
        """How one unit ended for its caller."""
        if isinstance(ended, AuditRecord):
            self.rows.append((ended.seq, ended.hash, story))
        elif isinstance(ended, Planted):
            self.undone.append(str(ended))
        else:
            self.errors.append(repr(ended))


def plan(writer: int, rows: int) -> list[str]:
    """The stories of one writer's units, in their order: those to be rolled back stand anywhere among the others."""
    kept = [f"st-{number}" for number in range(writer, rows, WRITERS)]
    times = max(1, round(len(kept) / KEPT_FOR_EACH_UNDONE))
    stories = [*kept, *(f"{UNDONE}-{writer}-{number}" for number in range(times))]
    Random(writer).shuffle(stories)
    return stories


def telling(story: str) -> Callable[[Unit], AuditRecord]:
    """A unit that appends its row, and then fails where its story says so.

    Every second one of these has its row in the table by then: only the engine can take that back.
    """

    def work(unit: Unit) -> AuditRecord:
        record = unit.audit.append(make_entry(story=story, payload={"text": "databases show orders-7"}))
        if not story.startswith(UNDONE):
            return record
        if story.endswith(tuple("02468")):
            assert unit.audit.story(story)  # who reads has all rows written first
        raise Planted(story)

    return work


async def write_all(url: str, writers: Iterable[int], rows: int) -> Told:
    """All that one process writes, its writers at once and each writer's units in turn."""
    database, told = Database.open(url, clock=SystemClock(), audit_keys=AUDIT_KEYS), Told()

    async def write(writer: int) -> None:
        for story in plan(writer, rows):
            (ended,) = await asyncio.gather(database.write(telling(story)), return_exceptions=True)
            told.hear(story, ended)

    started = time.perf_counter()
    await asyncio.gather(*map(write, writers))
    told.seconds = time.perf_counter() - started
    await database.close()
    return told


def line_up(line: Barrier) -> None:
    """A new process waits until the others are there too."""
    line.wait(STARTING_SECONDS)


def read_the_head_without_locking_it() -> None:
    def read(connection: Connection) -> Head:
        row = connection.execute(select(audit_head)).one()
        return Head(seq=row.seq, hash=row.hash, occurred_at=row.occurred_at)

    batch.lock_head = read  # type: ignore[attr-defined]


def keep_what_failed() -> None:
    def swallow(connection: Connection, waiting: Waiting, unit: Unit, rows: UnwrittenRows) -> Ended:
        del connection, rows
        with suppress(Planted):
            return Ended(waiting=waiting, result=waiting.work(unit))
        return Ended(waiting=waiting)

    batch._apart = swallow


MISTAKES: Mapping[str, Callable[[], None]] = {
    "": lambda: None,
    "head not locked": read_the_head_without_locking_it,
    "failed units kept": keep_what_failed,
}
"""Built into a writing process: a campaign that does not see these sees nothing."""


def work_through(url: str, writers: Iterable[int], rows: int, mistake: str) -> Told:
    """The work of one process."""
    MISTAKES[mistake]()
    return asyncio.run(write_all(url, writers, rows))


async def written(url: str, rows: int, processes: int, mistake: str = "") -> list[Told]:
    """What each of so many processes was told."""
    context = multiprocessing.get_context("spawn")
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=line_up, initargs=(context.Barrier(processes),)
    ) as pool:
        shares = [range(first, WRITERS, processes) for first in range(processes)]
        return await asyncio.gather(
            *(loop.run_in_executor(pool, work_through, url, share, rows, mistake) for share in shares)
        )


def more_than_once(found: Iterable[object]) -> list[object]:
    """What should be there once."""
    return [one for one, times in Counter(found).items() if times > 1]


def faults(rows: int, told: list[Told], intruder: Intruder, finding: Finding) -> dict[str, list[object]]:
    """What is wrong, each fault with a few examples. The table is asked past the program."""
    stored = intruder.ask("SELECT seq, hash, story, prev_hash FROM audit_events ORDER BY seq")
    planned = {story for writer in range(WRITERS) for story in plan(writer, rows)}
    to_undo = {story for story in planned if story.startswith(UNDONE)}
    stories = [story for _, _, story, _ in stored]
    there, promised = {row[:3] for row in stored}, {row for one in told for row in one.rows}
    found: dict[str, Iterable[object]] = {
        "errors that nobody planted": Counter(error for one in told for error in one.errors).items(),
        "gaps": sorted(set(range(1, rows + 1)) - {seq for seq, *_ in stored}),
        "numbers given twice": more_than_once(seq for seq, *_ in stored),
        "forks": more_than_once(previous for *_, previous in stored),
        "rows lost": sorted(planned - to_undo - set(stories)),
        "rows written twice": more_than_once(stories),
        "rows of units that were rolled back": [row for row in stored if str(row[2]) in to_undo],
        "rows promised and not there": promised - there,
        "rows there and not promised": there - promised,
        "rollbacks that their callers did not hear of": to_undo - {story for one in told for story in one.undone},
        "chain": [] if finding == Finding(rows=rows) else [finding],
    }
    return {fault: list(examples)[:SHOWN] for fault, examples in found.items() if examples}


def turns(told: list[Told]) -> int:
    """How often a row follows one of another process: what shows that they did write at once."""
    writers = [process for _, process in sorted((row[0], one.process) for one in told for row in one.rows)]
    return sum(before != after for before, after in pairwise(writers))


def figures(rows: int, told: list[Told], dialect: str) -> str:
    """How it went, on one line."""
    undone, errors = sum(len(one.undone) for one in told), sum(len(one.errors) for one in told)
    seconds, kept = max(one.seconds for one in told), sum(len(one.rows) for one in told)
    return (
        f"{dialect}: {kept:,} of {rows:,} rows by {WRITERS} writers (processes: {len(told)}, turns:"
        f" {turns(told):,}), {undone:,} units rolled back ({undone / (kept + undone + errors):.1%}),"
        f" {errors:,} other errors, {seconds:.1f} seconds, {kept / seconds:,.0f} rows a second"
    )


async def test_eight_writers_of_whom_some_fail_make_one_whole_chain(
    database: Database, database_url: str, intruder: Intruder, figure: Figure
) -> None:
    rows, processes = figure("audit-rows"), PROCESSES[database.dialect]
    told = await written(database_url, rows, processes)
    print(figures(rows, told, database.dialect))
    finding = await database.read(lambda unit: unit.audit.verify())
    assert faults(rows, told, intruder, finding) == {}
    assert len({one.process for one in told}) == processes
    assert processes == 1 or turns(told) > processes, "they wrote one after the other: that is no race"


UNIQUE = (
    "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint"
    " WHERE contype IN ('p', 'u') AND conrelid IN ('audit_events'::regclass, 'audit_search'::regclass)"
)
CONTROLS = [
    ("sqlite", "failed units kept", "", {"rows of units that were rolled back", "chain"}),
    ("postgresql", "head not locked", "", {"errors that nobody planted", "rows lost"}),
    ("postgresql", "head not locked", UNIQUE, {"numbers given twice", "forks", "chain"}),
]
"""The engine, a mistake, what finds the constraints without which it comes through, and what must be seen of it."""


@pytest.mark.parametrize(("database_source", "mistake", "unguarded", "seen"), CONTROLS, indirect=["database_source"])
async def test_a_mistake_that_is_built_in_is_seen(
    database: Database, database_url: str, intruder: Intruder, mistake: str, unguarded: str, seen: set[str]
) -> None:
    intruder.run(*(str(drop) for (drop,) in (intruder.ask(unguarded) if unguarded else ())))
    told = await written(database_url, CONTROL_ROWS, PROCESSES[database.dialect], mistake)
    finding = await database.read(lambda unit: unit.audit.verify())
    assert seen <= faults(CONTROL_ROWS, told, intruder, finding).keys()

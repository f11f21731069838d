"""Units of work: one commit for all who wait, and each on its own when it fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.db import batch, connections, writer
from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditRecord
from bot.domain.errors import Conflict, TrailUnavailable, Unavailable
from tests.clock import ManualClock
from tests.conftest import OpenDatabase
from tests.factories import make_entry, story_rows

Work = Callable[[Unit], AuditRecord]


def appending(story: str = "st-1") -> Work:
    return lambda unit: unit.audit.append(make_entry(story=story))


class Gate:
    """Holds the writer inside a unit, so that what is submitted meanwhile forms one batch."""

    def __init__(self) -> None:
        self._entered, self._opened = threading.Event(), threading.Event()

    def hold(self, unit: Unit) -> None:
        self._entered.set()
        assert self._opened.wait(10)

    async def batch(self, database: Database, *works: Callable[[Unit], object]) -> list[object]:
        held = asyncio.create_task(database.write(self.hold))
        await asyncio.to_thread(self._entered.wait, 10)
        tasks = [asyncio.create_task(database.write(work)) for work in works]
        await asyncio.sleep(0)
        self._opened.set()
        await held
        return await asyncio.gather(*tasks, return_exceptions=True)


async def test_units_that_wait_are_written_in_the_order_in_which_they_came(database: Database) -> None:
    ended = await Gate().batch(database, appending("st-a"), appending("st-b"), appending("st-c"))
    assert [(record.seq, record.story) for record in ended if isinstance(record, AuditRecord)] == [
        (1, "st-a"),
        (2, "st-b"),
        (3, "st-c"),
    ]


async def test_a_unit_that_fails_leaves_no_gap_and_no_trace(database: Database) -> None:
    def failing(unit: Unit) -> None:
        unit.audit.append(make_entry(story="st-lost"))
        unit.settings.set("lost", "yes")
        raise Conflict("decided already")

    first, failure, second = await Gate().batch(database, appending(), failing, appending())

    assert isinstance(failure, Conflict)
    assert [getattr(record, "seq", None) for record in (first, second)] == [1, 2]
    assert await database.read(lambda unit: unit.settings.get("lost")) is None
    assert await database.read(lambda unit: story_rows(unit, "st-lost")) == ()
    assert (await database.read(lambda unit: unit.audit.verify())).problem == ""


async def test_a_failing_statement_spoils_nobody_elses_unit(database: Database) -> None:
    def failing(unit: Unit) -> None:
        unit.settings.set("key", None)  # type: ignore[arg-type]

    first, failure, second = await Gate().batch(database, appending(), failing, appending())

    assert isinstance(failure, TrailUnavailable)
    assert isinstance(first, AuditRecord)
    assert isinstance(second, AuditRecord)


async def test_a_commit_that_fails_is_everybodys_failure(database: Database) -> None:
    runs = []

    def counted(unit: Unit) -> None:
        runs.append(unit.audit.append(make_entry()).seq)

    def refuse(*_: object) -> None:
        if runs:
            raise OperationalError("COMMIT", None, Exception("disk full"))

    event.listen(database._writing, "commit", refuse)
    ended = await Gate().batch(database, counted, counted)
    event.remove(database._writing, "commit", refuse)

    assert [type(one) for one in ended] == [TrailUnavailable, TrailUnavailable]
    assert runs == [1, 2]  # it may have come through: nothing is run again
    assert (await database.write(appending())).seq == 1


async def test_a_row_that_the_engine_refuses_spoils_nobody_elses_unit(database: Database) -> None:
    def refused(unit: Unit) -> None:
        unit.audit.append(make_entry(story=None))

    first, failure, second = await Gate().batch(database, appending(), refused, appending())

    assert isinstance(failure, TrailUnavailable)
    assert [getattr(record, "seq", None) for record in (first, second)] == [1, 2]
    assert (await database.read(lambda unit: unit.audit.verify())).rows == 2


@pytest.mark.parametrize("way", ["write", "note", "read"])
async def test_a_unit_that_runs_out_of_something_ends_like_any_other_that_fails(database: Database, way: str) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(getattr(database, way)(lambda unit: next(iter(()))), 60)


async def test_a_unit_whose_end_cannot_be_told_keeps_nobody_else_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("standard output is closed")

    monkeypatch.setattr(batch.log, "error", refuse, raising=False)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    failing = [lambda unit: unit.settings.set("key", None)] * 2
    ended = await asyncio.wait_for(Gate().batch(database, *failing, appending()), 60)
    assert [type(one) for one in ended] == [TrailUnavailable, TrailUnavailable, AuditRecord]


async def test_a_unit_reads_what_those_before_it_in_the_batch_appended(database: Database) -> None:
    def read(unit: Unit) -> int:
        return len(story_rows(unit, "st-1"))

    _, found, _ = await Gate().batch(database, appending(), read, appending())
    assert found == 1


async def test_a_connection_that_broke_fails_one_batch_and_not_the_next(
    postgres_url: str, open_database: OpenDatabase
) -> None:
    database = open_database(postgres_url)
    await database.write(appending())
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    with pytest.raises(TrailUnavailable):
        await database.write(appending())
    assert (await database.write(appending())).seq == 2


async def test_a_connection_that_breaks_again_is_an_unavailable_database_to_everybody(
    postgres_url: str, open_database: OpenDatabase
) -> None:
    def breaking(unit: Unit) -> None:
        unit._connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    database = open_database(postgres_url)
    ended = await Gate().batch(database, appending(), breaking, appending())
    assert [type(one) for one in ended] == [TrailUnavailable] * 3
    assert (await database.write(appending())).seq == 1


async def test_a_unit_that_goes_on_after_a_refused_statement_spoils_nobody_elses(
    postgres_url: str, open_database: OpenDatabase
) -> None:
    def going_on(unit: Unit) -> None:
        with suppress(DBAPIError):
            unit.settings.set("key", None)  # type: ignore[arg-type]

    first, failure, second = await Gate().batch(open_database(postgres_url), appending(), going_on, appending())
    assert isinstance(failure, TrailUnavailable)
    assert [getattr(record, "seq", None) for record in (first, second)] == [1, 2]


async def test_a_thread_that_could_not_be_had_is_asked_for_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            await database.write(appending())
    assert (await asyncio.wait_for(database.write(appending()), 60)).seq == 1


async def test_a_writer_that_has_nothing_to_do_gives_its_connection_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "HELD_SECONDS", 0.01)
    given_back = threading.Event()
    event.listen(database._writing, "checkin", lambda *_: given_back.set())
    await database.write(appending())
    assert await asyncio.to_thread(given_back.wait, 10)
    assert (await database.write(appending())).seq == 2


async def test_eight_writers_at_once_make_one_chain(database: Database) -> None:
    async def write(name: int) -> list[int]:
        return [(await database.write(appending(f"st-{name}"))).seq for _ in range(10)]

    numbers = [seq for one in await asyncio.gather(*map(write, range(8))) for seq in one]

    assert sorted(numbers) == list(range(1, 81))
    finding = await database.read(lambda unit: unit.audit.verify())
    assert (finding.rows, finding.problem) == (80, "")


async def test_the_unit_of_a_caller_who_went_away_runs_to_its_end(database: Database) -> None:
    entered, release = threading.Event(), threading.Event()

    def slow(unit: Unit) -> None:
        entered.set()
        assert release.wait(10)
        unit.audit.append(make_entry(story="st-left"))

    caller = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(entered.wait, 10)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    release.set()

    await database.write(lambda unit: None)
    assert len(await database.read(lambda unit: story_rows(unit, "st-left"))) == 1


async def test_readers_see_only_what_is_committed(database: Database) -> None:
    entered, release = threading.Event(), threading.Event()

    def slow(unit: Unit) -> None:
        unit.settings.set("pin", "new")
        entered.set()
        assert release.wait(10)

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(entered.wait, 10)
    before = await database.read(lambda unit: unit.settings.get("pin"))
    release.set()
    await writing

    assert before is None
    assert await database.read(lambda unit: unit.settings.get("pin")) == "new"


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable):
        await database.read(lambda unit: unit.settings.set("pin", "new"))
    assert await database.read(lambda unit: unit.settings.get("pin")) is None


async def test_a_reader_waits_for_a_lock_no_longer_than_a_writer(
    postgres_url: str, open_database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_MILLISECONDS", 50)
    database = open_database(postgres_url)
    with psycopg.connect(postgres_url) as other:
        other.execute("LOCK TABLE audit_head")
        with pytest.raises(Unavailable):
            await asyncio.wait_for(database.read(lambda unit: unit.audit.head()), 60)
    assert (await database.read(lambda unit: unit.audit.head())).seq == 0


@pytest.mark.parametrize("way", ["note", "read"])
async def test_the_trail_is_written_under_the_heads_lock_only(database: Database, way: str) -> None:
    with pytest.raises(TrailUnavailable):
        await getattr(database, way)(appending())
    assert (await database.read(lambda unit: unit.audit.head())).seq == 0


async def test_a_trail_without_a_head_is_not_written(database: Database) -> None:
    await database.note(lambda unit: unit._connection.exec_driver_sql("DELETE FROM audit_head"))
    with pytest.raises(TrailUnavailable, match="no head"):
        await database.write(appending())


async def test_what_an_engine_refuses_is_told_without_the_row(database: Database) -> None:
    def failing(unit: Unit) -> None:
        unit.settings.set("hunter2", None)  # type: ignore[arg-type]

    with pytest.raises(Unavailable) as told:
        await database.note(failing)

    assert "hunter2" not in str(told.value)
    assert told.value.__cause__ is None
    assert told.value.__context__ is None


async def test_a_unit_has_one_time(database: Database, clock: ManualClock) -> None:
    def work(unit: Unit) -> bool:
        first = unit.now
        clock.advance(5)
        return unit.now == first

    assert await database.write(work)


async def test_closing_writes_what_waits(
    database_url: str, open_database: OpenDatabase, clock: ManualClock, audit_keys: AuditKeys
) -> None:
    closing = Database.open(database_url, clock=clock, audit_keys=audit_keys)
    waiting = [asyncio.create_task(closing.write(appending())) for _ in range(20)]
    await asyncio.sleep(0)
    await closing.close()

    assert sorted(record.seq for record in await asyncio.gather(*waiting)) == list(range(1, 21))
    with pytest.raises(Unavailable):
        await closing.write(appending())
    with pytest.raises(Unavailable):
        await closing.read(lambda unit: unit.now)
    assert (await open_database(database_url).read(lambda unit: unit.audit.head())).seq == 20

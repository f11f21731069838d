"""Whether the last row of the trail could be written is remembered: the log and `/readyz` tell."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.db import batch
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.errors import Conflict, TrailUnavailable
from tests.factories import make_entry
from tests.integration.db.conftest import Intruder, append


async def test_a_row_that_could_not_be_written_is_remembered_until_one_was(
    database: Database, intruder: Intruder
) -> None:
    await append(database)
    assert database.unwritten == ""
    intruder.run("ALTER TABLE audit_events RENAME TO elsewhere")
    with pytest.raises(TrailUnavailable):
        await append(database)
    assert "The audit trail cannot be written right now" in database.unwritten
    intruder.run("ALTER TABLE elsewhere RENAME TO audit_events")
    await database.write(lambda unit: unit.now)
    assert database.unwritten, "a unit without a row tells nothing"
    await append(database)
    assert database.unwritten == ""


async def test_what_a_unit_brings_on_itself_says_nothing_of_the_trail(database: Database) -> None:
    def broken(unit: Unit) -> None:
        unit._connection.execute(text("INSERT INTO settings (key, value) VALUES ('stage', NULL)"))

    def refused(unit: Unit) -> None:
        raise Conflict("Somebody was quicker.")

    await append(database)
    with pytest.raises(Conflict):
        await database.write(refused)
    with pytest.raises(TrailUnavailable):
        await database.write(broken)
    assert database.unwritten == ""


async def test_a_head_that_cannot_be_moved_is_told_to_each_of_a_batch_as_what_it_is(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered = threading.Event()

    def refused(unit: Unit) -> None:
        raise Conflict("Somebody was quicker.")

    def nowhere(*_: object) -> None:
        raise OperationalError("UPDATE audit_head", {}, Exception("disk full"))

    first = database._writer.submit(lambda unit: gathered.wait(5), with_head=True)
    appending = [database._writer.submit(lambda unit: unit.audit.append(make_entry()), with_head=True) for _ in "12"]
    quicker = database._writer.submit(refused, with_head=True)
    monkeypatch.setattr(batch, "store_head", nowhere)
    gathered.set()
    ended = await asyncio.gather(first, *appending, quicker, return_exceptions=True)
    assert [type(one) for one in ended[1:3]] == [TrailUnavailable, TrailUnavailable]
    assert "The audit trail cannot be written right now" in database.unwritten

"""Whether the last row of the trail could be written is remembered: the log and `/readyz` tell."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.errors import Conflict, TrailUnavailable
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

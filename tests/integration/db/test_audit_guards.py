"""The triggers: the trail is only ever added to, whoever tries."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from bot.db.engine import Database
from bot.db.tables import audit_events
from bot.domain.audit import AuditKind
from tests.integration.db.conftest import Intruder, append


def copy_of(number: int, /, *, verb: str = "INSERT", tail: str = "", **instead: str) -> str:
    """SQL that adds a copy of a row, with some columns changed."""
    columns = ", ".join(instead.get(column.name, column.name) for column in audit_events.c)
    return " ".join((verb, "INTO audit_events SELECT", columns, "FROM audit_events WHERE seq =", str(number), tail))


UPSERT = copy_of(1, tail="ON CONFLICT (seq) DO UPDATE SET actor = 'U0EVE'")

ATTACKS = {
    "update": "UPDATE audit_events SET actor = 'U0EVE' WHERE seq = 1",
    "update of nothing": "UPDATE audit_events SET actor = actor",
    "erasure without a tombstone": "UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = 1",
    "delete": "DELETE FROM audit_events WHERE seq = 1",
    "delete of all": "DELETE FROM audit_events",
    "upsert": UPSERT,
}
ON_SQLITE = {
    "replace of a row": copy_of(1, verb="INSERT OR REPLACE", actor="'U0EVE'"),
    "replace by hash": copy_of(2, verb="INSERT OR REPLACE", seq="99"),
    "update or replace": "UPDATE OR REPLACE audit_events SET seq = 1 WHERE seq = 2",
    "a row further back": copy_of(1, seq="0", prev_hash="'p'", hash="'h'"),
}
ON_POSTGRESQL = {
    "truncate": "TRUNCATE audit_events",
    "replica role": "SET session_replication_role = replica; DELETE FROM audit_events",
}


async def fill(database: Database) -> None:
    for _ in range(3):
        await append(database)


async def assert_refused(database: Database, intruder: Intruder, attack: str) -> None:
    await fill(database)
    before = intruder.ask("SELECT * FROM audit_events ORDER BY seq")
    with pytest.raises(DBAPIError, match="append-only"):
        intruder.run(*attack.split("; "))
    assert intruder.ask("SELECT * FROM audit_events ORDER BY seq") == before


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_rows_are_neither_changed_nor_removed(database: Database, intruder: Intruder, attack: str) -> None:
    await assert_refused(database, intruder, attack)


@pytest.mark.parametrize("database_source", ["sqlite"], indirect=True)
@pytest.mark.parametrize("attack", ON_SQLITE.values(), ids=ON_SQLITE)
async def test_sqlites_own_ways_round_are_closed(database: Database, intruder: Intruder, attack: str) -> None:
    await assert_refused(database, intruder, attack)


@pytest.mark.parametrize("database_source", ["postgresql"], indirect=True)
@pytest.mark.parametrize("attack", ON_POSTGRESQL.values(), ids=ON_POSTGRESQL)
async def test_postgresqls_own_ways_round_are_closed(database: Database, intruder: Intruder, attack: str) -> None:
    await assert_refused(database, intruder, attack)


async def test_a_tombstone_lets_go_of_its_own_row_only(database: Database, intruder: Intruder) -> None:
    await fill(database)
    await append(database, kind=AuditKind.TOMBSTONE, target="seq:2")
    with pytest.raises(DBAPIError, match="append-only"):
        intruder.run("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = 3")
    with pytest.raises(DBAPIError, match="append-only"):
        intruder.run("UPDATE audit_events SET payload = NULL, salt = NULL, actor = '' WHERE seq = 2")
    intruder.run("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = 2")
    assert intruder.ask("SELECT seq FROM audit_events WHERE payload IS NULL") == [(2,)]


async def test_a_checkpoint_lets_go_of_the_rows_up_to_the_one_it_names(database: Database, intruder: Intruder) -> None:
    await fill(database)
    await append(database, kind=AuditKind.CHECKPOINT, target="seq:2")
    with pytest.raises(DBAPIError, match="append-only"):
        intruder.run("DELETE FROM audit_events WHERE seq = 3")
    intruder.run("DELETE FROM audit_events WHERE seq <= 2")
    assert intruder.ask("SELECT seq FROM audit_events ORDER BY seq") == [(3,), (4,)]


async def test_a_fork_of_the_chain_is_an_error(database: Database, intruder: Intruder) -> None:
    await fill(database)
    with pytest.raises(DBAPIError):
        intruder.run(copy_of(2, seq="99", hash="'another'"))


async def test_triggers_that_are_gone_are_missed(database: Database, intruder: Intruder) -> None:
    intruder.take_triggers_away()
    (problem,) = await database.check()
    assert "triggers are missing" in problem


@pytest.mark.parametrize("database_source", ["postgresql"], indirect=True)
async def test_triggers_that_are_switched_off_are_missed(database: Database, intruder: Intruder) -> None:
    intruder.run("ALTER TABLE audit_events DISABLE TRIGGER audit_events_no_delete")
    (problem,) = await database.check()
    assert "audit_events_no_delete" in problem

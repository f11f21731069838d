"""The trail: what is written, and what verification finds when somebody has been at it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine

from bot.commands.areas.audit_words import story_outcome
from bot.db.audit_walk import Fault
from bot.db.chain import GENESIS, AuditKeys
from bot.db.connections import database_url as rewritten
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from tests.clock import START, ManualClock
from tests.conftest import OpenDatabase
from tests.factories import make_entry, story_rows
from tests.integration.db.attacks import WITHOUT_CONSTRAINTS
from tests.integration.db.conftest import Intruder, append


async def write_rows(database: Database, number: int) -> None:
    for position in range(1, number + 1):
        await append(database, payload={"position": position})


async def test_a_row_comes_back_as_it_was_written(database: Database) -> None:
    entry = make_entry(
        kind=AuditKind.OUTCOME,
        action=AuditAction.DATABASES_DELETE,
        outcome=AuditOutcome.REJECTED,
        target="db_1",
        target_label="orders-eu",
        request_id="rq-1",
        delivery="Ev1",
        code="conflict",
        http_status=409,
        duration_ms=812,
        payload={"reason": "moved", "warnings": ["tables left enabled"]},
    )
    written = await database.write(lambda unit: unit.audit.append(entry))

    assert await database.read(lambda unit: story_rows(unit, "st-1")) == (written,)
    assert (written.seq, written.prev_hash, written.occurred_at) == (1, GENESIS, START)


async def test_each_row_names_the_one_before(database: Database) -> None:
    first = await append(database)
    second = await append(database)
    head = await database.read(lambda unit: unit.audit.head())
    assert second.prev_hash == first.hash
    assert (head.seq, head.hash) == (2, second.hash)


async def test_time_in_the_trail_never_goes_back(database: Database, clock: ManualClock) -> None:
    first = await append(database)
    clock.turn_back(hours=1)
    second = await append(database)
    clock.advance(hours=2)
    third = await append(database)
    assert (second.occurred_at, third.occurred_at) == (first.occurred_at, first.occurred_at + timedelta(hours=1))


async def test_text_that_engines_refuse_does_not_stop_the_trail(database: Database) -> None:
    entry = make_entry(target_label="bad\0\ud800" + "x" * 9_000, payload={"said": "\ud800\0", "id": 2**70})
    written = await database.write(lambda unit: unit.audit.append(entry))
    assert await database.read(lambda unit: story_rows(unit, "1")) == (written,)
    assert (await database.read(lambda unit: unit.audit.verify())).problem == ""


@pytest.mark.parametrize("reference", ["2", "rq-1", "st-1"])
async def test_a_story_is_found_by_row_request_or_its_own_id(database: Database, reference: str) -> None:
    for story, request_id in (("st-1", None), ("st-1", "rq-1"), ("st-2", "rq-2"), ("st-1", "rq-1")):
        await append(database, story=story, request_id=request_id)
    found = await database.read(lambda unit: story_rows(unit, reference))
    assert [record.seq for record in found] == [1, 2, 4]


async def test_a_long_story_has_all_its_pages_and_the_end_that_it_had(database: Database) -> None:
    def work(unit: Unit) -> None:
        told: dict[str, Any] = {"story": "st-1", "request_id": "rq-1", "action": AuditAction.DATABASES_DELETE}
        for _ in range(250):
            unit.audit.append(make_entry(**told, kind=AuditKind.REFUSAL, outcome=AuditOutcome.DENIED))
            unit.audit.append(make_entry(story="st-2"))
        unit.audit.append(make_entry(**told, kind=AuditKind.OUTCOME, payload={"state": "succeeded"}))
        for _ in range(250):
            unit.audit.append(make_entry(**told, kind=AuditKind.REFUSAL, outcome=AuditOutcome.DENIED))

    await database.write(work)
    walked: list[int] = []
    for page in range(1, 12):
        story = await database.read(lambda unit, page=page: unit.audit.story("rq-1", page=page, size=50))  # type: ignore[misc]
        assert story is not None
        assert (story.rows, story.pages, story.page) == (501, 11, page)
        assert (story.first_seq, story.last_seq) == (1, 751)
        assert story_outcome(story.telling) is AuditOutcome.SUCCEEDED
        walked += [record.seq for record in story.shown]
    assert walked == [*range(1, 500, 2), *range(501, 752)]
    beyond = await database.read(lambda unit: unit.audit.story("1", page=99, size=50))
    assert beyond is not None
    assert (beyond.page, [record.seq for record in beyond.shown]) == (11, [751])


async def test_there_may_be_no_such_story(database: Database) -> None:
    assert await database.read(lambda unit: story_rows(unit, "9" * 30)) == ()
    assert await database.read(lambda unit: story_rows(unit, "7")) == ()


TAMPERED = [
    pytest.param("UPDATE audit_events SET actor = 'U0EVE' WHERE seq = 3", 3, "columns do not fit", id="column"),
    pytest.param("UPDATE audit_events SET payload = '{}' WHERE seq = 3", 3, "does not fit its leaf", id="payload"),
    pytest.param("UPDATE audit_events SET salt = 'ff' WHERE seq = 3", 3, "does not fit its leaf", id="salt"),
    pytest.param(
        "UPDATE audit_events SET salt = salt || payload, payload = '' WHERE seq = 3",
        3,
        "does not fit its leaf",
        id="payload in the salt",
    ),
    pytest.param(
        "UPDATE audit_events SET payload = substr(salt, 32) || payload, salt = substr(salt, 1, 31) WHERE seq = 3",
        3,
        "does not fit its leaf",
        id="salt in the payload",
    ),
    pytest.param("UPDATE audit_events SET payload = NULL WHERE seq = 3", 3, "does not fit its leaf", id="only payload"),
    pytest.param("UPDATE audit_events SET mac = hash WHERE seq = 3", 3, "MAC does not fit", id="mac"),
    pytest.param("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = 3", 3, "tombstone", id="erased"),
    pytest.param("DELETE FROM audit_events WHERE seq = 3", 3, "missing", id="middle"),
    pytest.param("DELETE FROM audit_events WHERE seq = 1", 1, "missing", id="first"),
    pytest.param("DELETE FROM audit_events WHERE seq = 5", 5, "cut", id="last"),
    pytest.param("DELETE FROM audit_events", 1, "cut", id="all"),
    pytest.param("UPDATE audit_events SET seq = seq + 10 WHERE seq > 2", 3, "missing", id="moved"),
]


@pytest.mark.parametrize(("attack", "seq", "problem"), TAMPERED)
async def test_verification_names_the_first_bad_row(
    database: Database, intruder: Intruder, attack: str, seq: int, problem: str
) -> None:
    await write_rows(database, 5)
    intruder.take_triggers_away()
    intruder.run(attack)
    finding = await database.read(lambda unit: unit.audit.verify())
    assert finding.seq == seq
    assert problem in finding.problem


async def test_a_chain_that_was_computed_anew_lacks_the_key(
    database: Database, database_url: str, intruder: Intruder, clock: ManualClock
) -> None:
    await write_rows(database, 2)
    intruder.take_triggers_away()
    intruder.run(
        "DELETE FROM audit_events",
        "DELETE FROM audit_search" if intruder.dialect != "sqlite" else "DROP TABLE audit_search",
        f"UPDATE audit_head SET seq = 0, hash = '{GENESIS}'",  # noqa: S608
    )
    if intruder.dialect == "sqlite":
        intruder.run("CREATE VIRTUAL TABLE audit_search USING fts5(body, content='')")
    forger = Database.open(database_url, clock=clock, audit_keys=AuditKeys([b"forged"]))
    await write_rows(forger, 2)
    await forger.close()

    finding = await database.read(lambda unit: unit.audit.verify())
    assert (finding.seq, finding.fault) == (1, Fault.WRONG_KEY)


async def test_verification_can_begin_in_the_middle(database: Database, intruder: Intruder) -> None:
    await write_rows(database, 6)
    intruder.take_triggers_away()
    intruder.run("UPDATE audit_events SET actor = 'U0EVE' WHERE seq = 2")
    assert (await database.read(lambda unit: unit.audit.verify(4))).rows == 3
    assert (await database.read(lambda unit: unit.audit.verify(4))).seq is None


async def test_an_erasure_that_a_tombstone_names_verifies(database: Database, intruder: Intruder) -> None:
    await write_rows(database, 3)
    await append(database, kind=AuditKind.TOMBSTONE, target="seq:2")
    intruder.run("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = 2")
    finding = await database.read(lambda unit: unit.audit.verify())
    (erased, *_) = [one for one in await database.read(lambda unit: story_rows(unit, "2")) if one.seq == 2]
    assert (finding.rows, finding.seq) == (4, None)
    assert (erased.erased, erased.payload) == (True, {})


async def test_a_deletion_up_to_a_checkpoint_verifies(database: Database, intruder: Intruder) -> None:
    await write_rows(database, 4)
    await append(database, kind=AuditKind.CHECKPOINT, target="seq:2")
    intruder.run("DELETE FROM audit_events WHERE seq <= 2")
    finding = await database.read(lambda unit: unit.audit.verify())
    assert (finding.rows, finding.seq) == (3, None)


async def test_rows_signed_with_an_older_key_of_the_ring_verify(database_url: str, clock: ManualClock) -> None:
    old, new = b"o" * 32, b"n" * 32
    before = Database.open(database_url, clock=clock, audit_keys=AuditKeys([old]))
    await write_rows(before, 2)
    await before.close()
    after = Database.open(database_url, clock=clock, audit_keys=AuditKeys([new, old]))
    await write_rows(after, 2)
    finding = await after.read(lambda unit: unit.audit.verify())
    await after.close()
    assert (finding.rows, finding.seq) == (4, None)


@pytest.mark.parametrize("value", ["CAST(x'ff' AS TEXT)", "x'ff00'", "1.5"], ids=["no UTF-8", "a blob", "a float"])
@pytest.mark.parametrize("column", ["actor", "occurred_at", "payload", "salt", "hash", "mac", "key_id", "http_status"])
async def test_what_no_program_would_write_is_named_like_any_other_change(
    sqlite_url: str, open_database: OpenDatabase, column: str, value: str
) -> None:
    database = open_database(sqlite_url)
    await write_rows(database, 5)
    engine = create_engine(rewritten(sqlite_url))
    intruder = Intruder(engine)
    intruder.take_triggers_away()
    intruder.run(f"UPDATE audit_events SET {column} = {value} WHERE seq = 3")  # noqa: S608
    engine.dispose()
    finding = await database.read(lambda unit: unit.audit.verify())
    assert (finding.seq, finding.fault) == (3, Fault.ALTERED)


async def test_bytes_do_not_pass_for_the_text_that_they_are_written_as(
    sqlite_url: str, open_database: OpenDatabase
) -> None:
    database = open_database(sqlite_url)
    await append(database, target_label="b'x'")
    engine = create_engine(rewritten(sqlite_url))
    intruder = Intruder(engine)
    intruder.take_triggers_away()
    intruder.run("UPDATE audit_events SET target_label = x'78'")
    engine.dispose()
    finding = await database.read(lambda unit: unit.audit.verify())
    assert (finding.seq, finding.fault) == (1, Fault.ALTERED)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_head SET seq = 'many'",
        "UPDATE audit_head SET seq = x'00'",
        "UPDATE audit_head SET hash = CAST(x'ff' AS TEXT)",
        "UPDATE audit_head SET occurred_at = 'now'",
        "UPDATE audit_head SET occurred_at = x'00'",
        "INSERT INTO audit_anchors VALUES (5, x'00', 'C0AUDIT', '1.0', '1.1', 'now')",
    ],
)
async def test_a_head_or_an_anchor_that_no_program_would_write_is_found_too(
    sqlite_url: str, open_database: OpenDatabase, attack: str
) -> None:
    await tampered_with(sqlite_url, open_database, attack)


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_events SET occurred_at = CAST(to_char(occurred_at, 'YYYY-MM-DD HH24:MI:SS.USOF') || ' BC' AS"
        " timestamptz) WHERE seq = 5",
        "UPDATE audit_events SET occurred_at = 'infinity' WHERE seq = 5",
        "UPDATE audit_head SET occurred_at = '2026-01-01 BC'",
        "INSERT INTO audit_anchors VALUES (5, '', 'C0AUDIT', '1.0', '1.1', '-infinity')",
    ],
)
async def test_a_time_that_no_clock_shows_is_found_too(
    postgres_url: str, open_database: OpenDatabase, attack: str
) -> None:
    await tampered_with(postgres_url, open_database, attack)


async def tampered_with(url: str, open_database: OpenDatabase, *attack: str) -> None:
    """Five rows, the last of which, or what names it, is not as it was written."""
    database = open_database(url)
    await write_rows(database, 5)
    engine = create_engine(rewritten(url))
    intruder = Intruder(engine)
    intruder.take_triggers_away()
    intruder.run(*attack)
    engine.dispose()
    finding = await database.read(lambda unit: unit.audit.verify())
    assert (finding.seq, finding.fault) == (5, Fault.ALTERED)


@pytest.mark.parametrize(("value", "seq"), [("'five'", 5), ("x'00'", 5), ("9e999", 5), ("2.5", 3), ("NULL", 1)])
async def test_a_number_that_is_none_is_found_too(
    sqlite_url: str, open_database: OpenDatabase, value: str, seq: int
) -> None:
    database = open_database(sqlite_url)
    await write_rows(database, 5)
    engine = create_engine(rewritten(sqlite_url))
    Intruder(engine).run(*WITHOUT_CONSTRAINTS, f"UPDATE audit_events SET seq = {value} WHERE seq = 5")  # noqa: S608
    engine.dispose()
    finding = await database.read(lambda unit: unit.audit.verify())
    assert finding.seq == seq


@pytest.mark.parametrize("value", ["'five'", "x'00'", "2.5", "NULL", "CAST(x'ff' AS TEXT)"])
async def test_an_anchor_whose_number_is_none_is_found_too(
    sqlite_url: str, open_database: OpenDatabase, value: str
) -> None:
    await tampered_with(
        sqlite_url,
        open_database,
        "CREATE TABLE copied AS SELECT * FROM audit_anchors",
        "DROP TABLE audit_anchors",
        "ALTER TABLE copied RENAME TO audit_anchors",
        f"INSERT INTO audit_anchors VALUES ({value}, '', 'C0AUDIT', '1.0', '1.1', 'now')",  # noqa: S608
    )


@pytest.mark.parametrize("target", ["seq:all", "seq:" + "9" * 40, "\N{EM DASH}"])
async def test_a_checkpoint_that_names_no_row_lets_nothing_be_deleted(
    database: Database, intruder: Intruder, target: str
) -> None:
    await write_rows(database, 4)
    await append(database, kind=AuditKind.CHECKPOINT, target=target)
    intruder.take_triggers_away()
    intruder.run("DELETE FROM audit_events WHERE seq <= 2")
    finding = await database.read(lambda unit: unit.audit.verify())
    assert (finding.seq, finding.fault) == (1, Fault.MISSING)

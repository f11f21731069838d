"""Erasure and retention: exactly what was asked is gone, the trail says so, and what remains verifies."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.db import audit_retention
from bot.db.audit_file import verify_file
from bot.db.audit_walk import Fault, Finding
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditFilter, AuditKind, AuditRecord
from bot.domain.errors import ConfigurationError, Conflict, InvalidInput, TrailUnavailable, Unavailable
from bot.services.exports import Exports
from bot.services.retention import Keeper
from tests.clock import ManualClock
from tests.conftest import AUDIT_KEYS, OpenDatabase
from tests.integration.db.conftest import Intruder, append


async def fill(database: Database, number: int, **given: Any) -> None:
    for position in range(number):
        await append(database, payload={"said": f"word{position}", "zz": 1.0, "aa": [2.5, "pear"]}, **given)


async def verified(database: Database) -> Finding:
    return await database.read(lambda unit: unit.audit.verify())


async def last_row(database: Database) -> AuditRecord:
    page = await database.read(lambda unit: unit.audit.page(AuditFilter(quiet=True, limit=1)))
    return page.records[0]


async def found(database: Database, typed: str) -> list[int]:
    page = await database.read(lambda unit: unit.audit.page(AuditFilter(text=typed, quiet=True, limit=100)))
    return [record.seq for record in page.records]


def names_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


def rows_in(path: Path) -> list[dict[str, Any]]:
    """All but the line that closes the file."""
    *rows, closing = [json.loads(line) for line in path.read_text().splitlines()]
    assert closing["extract"]["whole"]
    return rows


def seqs_in(path: Path, *, erased: bool = False) -> list[int]:
    return [row["seq"] for row in rows_in(path) if row["payload"] is None or not erased]


def file_finding(path: Path) -> Finding:
    """What verification says of a file by itself."""
    return verify_file(path, AUDIT_KEYS).finding


@pytest.fixture
def keeper(database: Database) -> Keeper:
    return Keeper(database, "ada")


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_retention, "BATCH", 3)


async def test_an_erased_payload_is_gone_and_its_row_still_verifies(
    database: Database, intruder: Intruder, keeper: Keeper
) -> None:
    await fill(database, 4, target_label="orders")
    await keeper.erase([2, 3, 2], "it held\n a name")
    erased = intruder.ask("SELECT seq FROM audit_events WHERE payload IS NULL AND salt IS NULL ORDER BY seq")
    assert erased == [(2,), (3,)]
    row = await last_row(database)
    assert (row.seq, row.kind, row.action, row.target) == (6, AuditKind.TOMBSTONE, AuditAction.AUDIT_ERASE, "seq:3")
    assert row.payload == {"reason": "it held a name", "operator": "ada", "surface": "command_line"}
    assert (await verified(database)).rows == 6
    assert (await verified(database)).seq is None


async def test_nobody_finds_a_row_by_what_was_erased(database: Database, keeper: Keeper) -> None:
    await fill(database, 3, target_label="orders")
    await keeper.erase([2], "asked for")
    assert await found(database, "word1") == []
    assert await found(database, "pear") == [3, 1]
    assert await found(database, "orders") == [3, 2, 1]
    assert await found(database, "word0") == [1]


@pytest.mark.parametrize("database_source", ["sqlite"], indirect=True)
async def test_nothing_of_it_stays_in_the_file(database: Database, database_url: str, keeper: Keeper) -> None:
    await fill(database, 30)
    await append(database, payload={"said": "rhododendron", "to": "Rhabarber"})
    await fill(database, 30)
    await keeper.erase([31], "asked for")
    await database.close()
    path = Path(database_url.removeprefix("sqlite:///"))
    held = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*")).lower()
    assert b"word29" in held
    assert b"rhododendron" not in held
    assert b"rhabarber" not in held


@pytest.mark.parametrize(
    ("seqs", "problem"),
    [([99], "no row 99"), ([4], "is a tombstone"), ([5], "is a checkpoint"), ([1], "erased already"), ([2, 99], "99")],
)
async def test_what_cannot_be_erased_is_said_and_nothing_is(
    database: Database, intruder: Intruder, keeper: Keeper, seqs: list[int], problem: str
) -> None:
    await fill(database, 3)
    await keeper.erase([1], "asked for")
    await append(database, kind=AuditKind.CHECKPOINT, target="seq:0")
    before = intruder.ask("SELECT * FROM audit_events ORDER BY seq")
    with pytest.raises(InvalidInput, match=problem):
        await keeper.erase(seqs, "asked for")
    assert intruder.ask("SELECT * FROM audit_events ORDER BY seq") == before


async def test_an_erasure_needs_a_reason_which_holds_no_secret(database: Database, keeper: Keeper) -> None:
    await fill(database, 1)
    with pytest.raises(InvalidInput, match="reason"):
        await keeper.erase([1], "  ")
    await keeper.erase([1], "held postgres://app:hunter2@db.example/orders")
    assert "hunter2" not in str((await last_row(database)).payload)


async def test_a_prefix_moves_into_a_file_and_the_rest_verifies(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path, small_batches: None
) -> None:
    await fill(database, 10)
    last = await last_row(database)
    clock.advance(days=2)
    await fill(database, 2)
    done = await keeper.truncate(clock.now() - timedelta(days=1), tmp_path / "old.jsonl")

    assert done is not None
    assert (done.rows, done.last_seq) == (10, 10)
    content = (tmp_path / "old.jsonl").read_bytes()
    assert seqs_in(tmp_path / "old.jsonl") == list(range(1, 11))
    checkpoint = await last_row(database)
    assert (checkpoint.seq, checkpoint.kind, checkpoint.target) == (13, AuditKind.CHECKPOINT, "seq:10")
    assert checkpoint.payload == {
        "first_seq": 1,
        "last_seq": 10,
        "last_hash": last.hash,
        "rows": 10,
        "export_last_seq": 10,
        "export_sha256": hashlib.sha256(content).hexdigest(),
        "export_file": "old.jsonl",
        "operator": "ada",
        "surface": "command_line",
    }
    assert await verified(database) == Finding(rows=3)
    assert await found(database, "pear") == [12, 11]
    assert names_in(tmp_path) == ["old.jsonl"]


async def test_it_can_be_done_again_and_again_also_with_erased_rows(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path, small_batches: None
) -> None:
    for turn in range(1, 4):
        await fill(database, 5)
        await keeper.erase([(await last_row(database)).seq - 1], "asked for")
        clock.advance(days=2)
        await keeper.truncate((await last_row(database)).seq, tmp_path / f"{turn}.jsonl")
        assert (await verified(database)).seq is None
    files = [tmp_path / f"{turn}.jsonl" for turn in range(1, 4)]
    assert [file_finding(path) for path in files] == [Finding(rows=6), Finding(rows=8), Finding(rows=8)]
    assert [seqs_in(path) for path in files] == [[*range(1, 7)], [*range(6, 14)], [*range(13, 21)]]
    assert [seq for path in files for seq in seqs_in(path, erased=True)] == [4, 11, 18]
    await append(database, payload={"said": "afterwards"})
    assert len(await found(database, "afterwards")) == 1
    assert await found(database, "pear") == []


async def test_the_file_of_a_cut_between_a_row_and_its_tombstone_goes_on_to_the_tombstone(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    await fill(database, 6)
    clock.advance(days=2)
    await keeper.erase([2], "asked for")
    await append(database)
    done = await keeper.truncate(5, tmp_path / "old.jsonl")

    assert done is not None
    assert (done.rows, done.last_seq, done.file_seq) == (4, 4, 7)
    assert seqs_in(tmp_path / "old.jsonl") == [1, 2, 3, 4, 5, 6, 7]
    assert file_finding(tmp_path / "old.jsonl") == Finding(rows=7)
    assert (await last_row(database)).payload["export_last_seq"] == 7
    assert await verified(database) == Finding(rows=5)


async def test_it_goes_on_further_where_rows_on_its_way_are_erased_too_and_not_for_any_other(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    await fill(database, 6)
    clock.advance(days=2)
    for seq in (2, 6):  # tombstones 7 and 8: the second one is needed for the rows on the way to the first one
        await keeper.erase([seq], "asked for")
    await fill(database, 2)
    await keeper.erase([9], "asked for")
    await keeper.truncate(4, tmp_path / "old.jsonl")
    assert seqs_in(tmp_path / "old.jsonl") == list(range(1, 9))
    assert file_finding(tmp_path / "old.jsonl") == Finding(rows=8)

    clock.advance(days=2)
    await keeper.truncate(6, tmp_path / "next.jsonl")
    assert seqs_in(tmp_path / "next.jsonl") == [4, 5], "row 2 is in the file before"


async def test_a_file_without_the_tombstone_that_it_went_on_to_is_found_out(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    await fill(database, 4)
    clock.advance(days=2)
    await keeper.erase([2], "asked for")
    await keeper.truncate(4, tmp_path / "old.jsonl")
    lines = (tmp_path / "old.jsonl").read_text().splitlines(keepends=True)
    for left in (lines[:3], [*lines[:3], lines[-1]]):
        (tmp_path / "old.jsonl").write_text("".join(left))
        finding = file_finding(tmp_path / "old.jsonl")
        assert (finding.seq, finding.fault) == (2, Fault.ERASED)


async def test_rows_that_are_erased_while_the_file_is_written_have_their_tombstones_in_it_too(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, 6)
    clock.advance(days=2)
    to_erase, batch = [2, 5], Exports._add_batch

    async def erasing(self: Exports, *further: Any) -> bool:
        if to_erase:
            await keeper.erase([to_erase.pop(0)], "asked for")
        return await batch(self, *further)

    monkeypatch.setattr(Exports, "_add_batch", erasing)
    done = await keeper.truncate(4, tmp_path / "old.jsonl")
    assert done is not None
    assert (done.rows, done.file_seq) == (3, 8)
    assert file_finding(tmp_path / "old.jsonl") == Finding(rows=8)


async def test_the_index_is_sound_after_erasures_and_deletions(
    database: Database, intruder: Intruder, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    await append(
        database, payload={"b": "w " * 6_000, "a": "x " * 300, "n": -0.0, "big": 2.0**60, "k": {"z": 1, "c": 2}}
    )
    await fill(database, 4)
    await keeper.erase([1], "asked for")
    clock.advance(days=2)
    await keeper.truncate(5, tmp_path / "old.jsonl")
    if intruder.dialect == "sqlite":
        intruder.run("INSERT INTO audit_search(audit_search) VALUES ('integrity-check')")
        assert intruder.ask("SELECT rowid FROM audit_search ORDER BY rowid") == [(5,), (6,), (7,)]
        assert intruder.ask("SELECT count(*) FROM audit_search WHERE audit_search MATCH 'w OR x OR word1'") == [(0,)]
    else:
        assert intruder.ask("SELECT seq FROM audit_search ORDER BY seq") == [(5,), (6,), (7,)]


async def test_the_last_day_is_never_cut_off(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    await fill(database, 2)
    clock.advance(hours=25)
    await fill(database, 2)
    for before in (4, 99, clock.now()):
        with pytest.raises(InvalidInput, match="last 24 hours"):
            await keeper.truncate(before, tmp_path / "old.jsonl")
    assert await keeper.truncate(1, tmp_path / "old.jsonl") is None
    assert names_in(tmp_path) == []
    done = await keeper.truncate(3, tmp_path / "old.jsonl")
    assert done is not None
    assert done.rows == 2


async def test_a_trail_that_does_not_hold_is_not_cut(
    database: Database, intruder: Intruder, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    await fill(database, 6)
    clock.advance(days=2)
    intruder.take_triggers_away()
    intruder.run("UPDATE audit_events SET actor = 'U0EVE' WHERE seq = 5")
    with pytest.raises(TrailUnavailable, match="row 5 is altered"):
        await keeper.truncate(4, tmp_path / "old.jsonl")
    assert names_in(tmp_path) == []
    assert (await verified(database)).rows == 4


async def test_a_file_that_is_there_is_never_overwritten(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    await fill(database, 4)
    clock.advance(days=2)
    (tmp_path / "old.jsonl").write_text("last year's")
    with pytest.raises(InvalidInput, match=r"old\.jsonl is there already"):
        await keeper.truncate(3, tmp_path / "old.jsonl")
    assert (tmp_path / "old.jsonl").read_text() == "last year's"
    assert (await verified(database)).rows == 4


async def test_what_remains_is_verified_from_any_of_its_rows_on(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    await fill(database, 5)
    clock.advance(days=2)
    await keeper.truncate(3, tmp_path / "old.jsonl")
    for start, rows in ((1, 4), (2, 4), (3, 4), (4, 3), (6, 1)):
        assert await database.read(lambda unit, start=start: unit.audit.verify(start)) == Finding(rows=rows)  # type: ignore[misc]


async def test_a_file_that_cannot_be_written_keeps_the_rows(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    await fill(database, 4)
    clock.advance(days=2)
    with pytest.raises(Unavailable, match="cannot be written"):
        await keeper.truncate(3, tmp_path / "nowhere" / "old.jsonl")
    assert (await verified(database)).rows == 4


async def test_a_checkpoint_speaks_only_of_what_was_exported(database: Database, clock: ManualClock) -> None:
    await fill(database, 4)
    clock.advance(days=2)

    def twice(unit: Unit) -> None:
        prefix = unit.retention.prefix(3)
        assert prefix is not None
        unit.retention.checkpoint(prefix, {})
        unit.retention.remove(prefix.last_seq)
        unit.retention.checkpoint(prefix, {})

    with pytest.raises(Conflict, match="changed while"):
        await database.write(twice)
    assert await verified(database) == Finding(rows=4)


async def test_the_role_that_serves_may_do_neither(
    runtime_url: str, open_database: OpenDatabase, clock: ManualClock, tmp_path: Path
) -> None:
    database = open_database(runtime_url)
    await fill(database, 2)
    clock.advance(days=2)
    keeper = Keeper(database, "ada")
    with pytest.raises(ConfigurationError, match=r"may not erase from the trail.*as the owner"):
        await keeper.erase([1], "asked for")
    with pytest.raises(ConfigurationError, match=r"may not delete from the trail.*as the owner"):
        await keeper.truncate(2, tmp_path / "old.jsonl")
    assert await verified(database) == Finding(rows=2)

"""Random tampering by somebody who owns the database but not the keys: found, at the right row, by its name."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.db.audit_walk import Fault, Finding
from bot.db.chain import GENESIS, HASHED, AuditKeys, hash_of
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import Anchor, AuditFilter, AuditKind
from bot.domain.ports import SystemClock
from tests.clock import START
from tests.conftest import AUDIT_KEYS
from tests.databases import SqliteSource
from tests.factories import make_entry

ROWS = 60
ANCHORED = (20, 40)
ERASED, TOMBSTONE = 25, 30
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit_%'"
WITHOUT_CONSTRAINTS = (
    "CREATE TABLE copied AS SELECT * FROM audit_events",
    "DROP TABLE audit_events",
    "ALTER TABLE copied RENAME TO audit_events",
)
"""An owner may have a table in which two rows follow the same one."""
FORGER = AuditKeys([b"forged" * 6])


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What verification must say."""

    seq: int
    fault: Fault


Connection = sqlite3.Connection
Attack = Callable[[Connection, random.Random], Expected]


def anywhere(chance: random.Random) -> int:
    """A row in the middle."""
    return chance.randint(2, ROWS - 5)


def edit_a_column(database: Connection, chance: random.Random) -> Expected:
    seq, column = anywhere(chance), chance.choice(["actor", "outcome", "target", "occurred_at", "channel", "code"])
    value = "2026-01-01T00:00:00.000000Z" if column == "occurred_at" else "U0EVE"
    database.execute(f"UPDATE audit_events SET {column} = ? WHERE seq = ?", (value, seq))  # noqa: S608
    return Expected(seq=seq, fault=Fault.ALTERED)


def edit_a_payload(database: Connection, chance: random.Random) -> Expected:
    seq = anywhere(chance)
    database.execute("UPDATE audit_events SET payload = '{\"nothing\":true}' WHERE seq = ?", (seq,))
    return Expected(seq=seq, fault=Fault.ALTERED)


def edit_and_hash_anew(database: Connection, chance: random.Random) -> Expected:
    seq = anywhere(chance)
    row = stored(database, seq) | {"actor": "U0EVE"}
    database.execute("UPDATE audit_events SET actor = 'U0EVE', hash = ? WHERE seq = ?", (hash_of(row), seq))
    return Expected(seq=seq, fault=Fault.ALTERED)


def delete_a_row(database: Connection, chance: random.Random) -> Expected:
    seq = anywhere(chance)
    database.execute("DELETE FROM audit_events WHERE seq = ?", (seq,))
    return Expected(seq=seq, fault=Fault.MISSING)


def delete_and_renumber(database: Connection, chance: random.Random) -> Expected:
    seq, removed = anywhere(chance), chance.randint(1, 3)
    database.execute("DELETE FROM audit_events WHERE seq BETWEEN ? AND ?", (seq, seq + removed - 1))
    for number in range(seq + removed, ROWS + 1):
        database.execute("UPDATE audit_events SET seq = ? WHERE seq = ?", (number - removed, number))
    database.execute("UPDATE audit_head SET seq = seq - ?", (removed,))
    return Expected(seq=seq, fault=Fault.MISSING)


def swap_two_rows(database: Connection, chance: random.Random) -> Expected:
    one, two = sorted(chance.sample(range(2, ROWS - 1), 2))
    for number, other in ((one, -1), (two, one), (-1, two)):
        database.execute("UPDATE audit_events SET seq = ? WHERE seq = ?", (other, number))
    return Expected(seq=one, fault=Fault.REORDERED)


def insert_a_row(database: Connection, chance: random.Random) -> Expected:
    seq = anywhere(chance)
    for number in range(ROWS, seq - 1, -1):
        database.execute("UPDATE audit_events SET seq = ? WHERE seq = ?", (number + 1, number))
    forge(database, seq, copied=seq - 1, previous=seq - 1)
    database.execute("UPDATE audit_head SET seq = seq + 1")
    return Expected(seq=seq, fault=Fault.INSERTED)


def append_a_row(database: Connection, chance: random.Random) -> Expected:
    del chance
    forged = forge(database, ROWS + 1, copied=ROWS, previous=ROWS)
    database.execute("UPDATE audit_head SET seq = ?, hash = ?", (ROWS + 1, forged))
    return Expected(seq=ROWS + 1, fault=Fault.INSERTED)


def cut_the_tail(database: Connection, chance: random.Random) -> Expected:
    """Below an anchor, with the head moved so that the rest looks whole."""
    last = chance.randint(2, ANCHORED[-1] - 1)
    database.execute("DELETE FROM audit_events WHERE seq > ?", (last,))
    kept = stored(database, last)["hash"]
    database.execute("UPDATE audit_head SET seq = ?, hash = ?", (last, kept))
    return Expected(seq=last + 1, fault=Fault.CUT)


def cut_without_the_head(database: Connection, chance: random.Random) -> Expected:
    last = anywhere(chance)
    database.execute("DELETE FROM audit_events WHERE seq > ?", (last,))
    return Expected(seq=last + 1, fault=Fault.CUT)


def sign_anew(database: Connection, chance: random.Random) -> Expected:
    """Everything from some row on, with another key."""
    seq = anywhere(chance)
    previous = str(stored(database, seq - 1)["hash"])
    for number in range(seq, ROWS + 1):
        row = stored(database, number) | {"prev_hash": f"new {number}", "key_id": FORGER.current_id}
        row["prev_hash"] = previous
        previous = hash_of(row)
        database.execute(
            "UPDATE audit_events SET prev_hash = ?, hash = ?, mac = ?, key_id = ? WHERE seq = ?",
            (row["prev_hash"], previous, FORGER.mac(previous), FORGER.current_id, number),
        )
    database.execute("UPDATE audit_head SET hash = ?", (previous,))
    return Expected(seq=seq, fault=Fault.WRONG_KEY)


def erase_without_a_tombstone(database: Connection, chance: random.Random) -> Expected:
    seq = chance.choice([number for number in range(2, ROWS) if number != ERASED])
    database.execute("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = ?", (seq,))
    return Expected(seq=seq, fault=Fault.ERASED)


ATTACKS: tuple[Attack, ...] = (
    edit_a_column,
    edit_a_payload,
    edit_and_hash_anew,
    delete_a_row,
    delete_and_renumber,
    swap_two_rows,
    insert_a_row,
    append_a_row,
    cut_the_tail,
    cut_without_the_head,
    sign_anew,
    erase_without_a_tombstone,
)


def stored(database: Connection, seq: int) -> dict[str, str | int | None]:
    """A row as it stands."""
    names = [*HASHED, "hash", "mac", "payload", "salt"]
    found = database.execute(f"SELECT {', '.join(names)} FROM audit_events WHERE seq = ?", (seq,)).fetchone()  # noqa: S608
    return dict(zip(names, found, strict=True))


def forge(database: Connection, seq: int, *, copied: int, previous: int) -> str:
    """A row that links and hashes as it should; only its signature cannot be made without the key."""
    row = stored(database, copied) | {"seq": seq, "actor": "U0EVE", "prev_hash": stored(database, previous)["hash"]}
    row["hash"] = hash_of(row)
    for statement in WITHOUT_CONSTRAINTS:
        database.execute(statement)
    database.execute(
        f"INSERT INTO audit_events ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
        tuple(row.values()),
    )
    return str(row["hash"])


async def write_trail(database: Database) -> None:
    """Rows with two anchors, an erasure and its tombstone."""

    def work(unit: Unit) -> None:
        for number in range(1, ROWS + 1):
            is_tombstone = number == TOMBSTONE
            unit.audit.append(
                make_entry(
                    kind=AuditKind.TOMBSTONE if is_tombstone else AuditKind.READ,
                    target=f"seq:{ERASED}" if is_tombstone else f"db_{number}",
                    payload={"number": number},
                )
            )

    await database.write(work)
    for seq in ANCHORED:
        await database.note(lambda unit, seq=seq: unit.anchors.put(_anchor(unit, seq)))  # type: ignore[misc]


def _anchor(unit: Unit, seq: int) -> Anchor:
    (row,) = (record for record in unit.audit.page(_all()).records if record.seq == seq)
    return Anchor(seq=seq, hash=row.hash, channel_id="C0AUDIT", thread_ts="1.0", ts=f"1.{seq}", posted_at=START)


def _all() -> AuditFilter:
    return AuditFilter(quiet=True, limit=1_000)


@pytest.fixture
async def trail(sqlite_url: str) -> Path:
    """A sound trail in a file whose triggers its owner has taken away."""
    database = Database.open(sqlite_url, clock=SystemClock(), audit_keys=AUDIT_KEYS)
    await write_trail(database)
    await database.close()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as owner:
        for (name,) in owner.execute(TRIGGERS).fetchall():
            owner.execute(f"DROP TRIGGER {name}")
        owner.execute("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = ?", (ERASED,))
        owner.commit()
        owner.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


async def verified(path: Path, *, posted: tuple[tuple[int, str], ...] = ()) -> Finding:
    """What verification says of a file, with what stands in Slack."""
    database = Database.open(f"sqlite:///{path}", clock=SystemClock(), audit_keys=AUDIT_KEYS)
    try:
        finding = await database.read(lambda unit: unit.audit.verify())
        if finding.seq is not None or not posted:
            return finding
        return await database.read(lambda unit: unit.audit.against_posted(posted, rows=finding.rows)) or finding
    finally:
        await database.close()


async def test_every_tampering_is_found_at_its_row_and_named(trail: Path, pytestconfig: pytest.Config) -> None:
    times, chance = int(pytestconfig.getoption("--tamperings")), random.Random(7)
    wrong = []
    for number in range(times):
        attack = ATTACKS[number % len(ATTACKS)]
        victim = trail.with_name(f"victim-{number}.db")
        shutil.copyfile(trail, victim)
        with closing(sqlite3.connect(victim)) as owner:
            expected = attack(owner, chance)
            owner.commit()
        finding = await verified(victim)
        if (finding.seq, finding.fault) != (expected.seq, expected.fault):
            wrong.append((attack.__name__, expected, finding))
        for suffix in ("", "-wal", "-shm"):
            victim.with_name(victim.name + suffix).unlink(missing_ok=True)
    assert wrong == []


async def test_a_file_that_was_rolled_back_is_seen_in_slack_alone(trail: Path, sqlite_url: str) -> None:
    older = trail.with_name("older.db")
    shutil.copyfile(trail, older)
    with closing(sqlite3.connect(older)) as owner:
        last = stored(owner, ROWS)["hash"]
        anchors = owner.execute("SELECT seq, hash FROM audit_anchors").fetchall()
    database = Database.open(sqlite_url, clock=SystemClock(), audit_keys=AUDIT_KEYS)
    newer = await database.write(lambda unit: unit.audit.append(make_entry()))
    await database.close()
    posted = (*anchors, (ROWS, str(last)), (newer.seq, newer.hash))
    assert await verified(trail, posted=posted) == Finding(rows=ROWS + 1)
    assert (await verified(older)).seq is None, "by itself it looks whole"
    rolled_back = await verified(older, posted=posted)
    assert (rolled_back.seq, rolled_back.fault) == (ROWS + 1, Fault.ROLLED_BACK)


async def test_a_history_that_was_written_anew_with_the_key_differs_from_its_anchors(trail: Path) -> None:
    finding = await verified(trail, posted=((20, GENESIS),))
    assert (finding.seq, finding.fault) == (20, Fault.ALTERED)


async def test_sound_trails_raise_no_alarm(sqlite_source: SqliteSource, pytestconfig: pytest.Config) -> None:
    chance = random.Random(11)
    for _ in range(max(10, int(pytestconfig.getoption("--tamperings")) // 10)):
        url = sqlite_source.clone()
        database = Database.open(url, clock=SystemClock(), audit_keys=AUDIT_KEYS)
        rows = chance.randint(1, 40)
        await database.write(lambda unit, rows=rows: [unit.audit.append(make_entry()) for _ in range(rows)] and None)  # type: ignore[misc]
        assert await database.read(lambda unit: unit.audit.verify()) == Finding(rows=rows)
        await database.close()
        sqlite_source.drop(url)

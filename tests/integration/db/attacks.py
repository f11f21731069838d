"""What somebody who owns the database, but not the keys, may do to a trail, and what verification must say of it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import Connection, CursorResult, select, text

from bot.db.audit_walk import Fault
from bot.db.chain import GENESIS, AuditKeys, hash_of
from bot.db.engine import Database
from bot.db.stored import stored_columns, stored_row
from bot.db.tables import audit_events
from bot.db.unit import Unit
from bot.domain.audit import Anchor, AuditAction, AuditFilter, AuditKind
from bot.domain.ports import SystemClock
from tests.clock import START
from tests.conftest import AUDIT_KEYS
from tests.factories import make_entry

ROWS = 60
ANCHORED = (20, 40)
ERASED, TOMBSTONE = 25, 30
LET_GO, CHECKPOINT = 3, 33
"""A checkpoint lets rows up to one be deleted, which are still there."""
ROTATED = 35
"""The last row under the older key."""
RING = AuditKeys([b"newer" * 7, *AUDIT_KEYS.keys])
LOOKING_BACK = {
    TOMBSTONE: (AuditKind.TOMBSTONE, AuditAction.AUDIT_ERASE, ERASED),
    CHECKPOINT: (AuditKind.CHECKPOINT, AuditAction.AUDIT_TRUNCATE, LET_GO),
    **{seq + 1: (AuditKind.ANCHOR, AuditAction.AUDIT_ANCHOR, seq) for seq in ANCHORED},
}
"""Rows about another row: their kind, their action, and which one."""
TRIGGERS = {
    "sqlite": "SELECT name, '' FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit_%'",
    "postgresql": "SELECT tgname, ' ON ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal",
}
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


class Owner:
    """Somebody with the owner's rights, inside a transaction that the test takes back."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def execute(self, statement: str, values: Sequence[object] = ()) -> CursorResult[Any]:
        """A statement with a question mark for each value."""
        names = count()
        named = re.sub(r"\?", lambda _: f":v{next(names)}", statement)
        return self.connection.execute(text(named), {f"v{number}": value for number, value in enumerate(values)})


Attack = Callable[[Owner, random.Random], Expected]


def anywhere(chance: random.Random) -> int:
    """A row in the middle."""
    return chance.randint(2, ROWS - 5)


def edit_a_column(database: Owner, chance: random.Random) -> Expected:
    seq, column = anywhere(chance), chance.choice(["actor", "outcome", "target", "occurred_at", "channel", "code"])
    value = "2026-01-01T00:00:00.000000Z" if column == "occurred_at" else "U0EVE"
    database.execute(f"UPDATE audit_events SET {column} = ? WHERE seq = ?", (value, seq))  # noqa: S608
    return Expected(seq=seq, fault=Fault.ALTERED)


def edit_a_payload(database: Owner, chance: random.Random) -> Expected:
    seq = anywhere(chance)
    database.execute("UPDATE audit_events SET payload = ? WHERE seq = ?", ('{"nothing":true}', seq))
    return Expected(seq=seq, fault=Fault.ALTERED)


def edit_and_hash_anew(database: Owner, chance: random.Random) -> Expected:
    seq = anywhere(chance)
    row = stored(database, seq) | {"actor": "U0EVE"}
    database.execute("UPDATE audit_events SET actor = 'U0EVE', hash = ? WHERE seq = ?", (hash_of(row), seq))
    return Expected(seq=seq, fault=Fault.ALTERED)


def delete_a_row(database: Owner, chance: random.Random) -> Expected:
    seq = anywhere(chance)
    database.execute("DELETE FROM audit_events WHERE seq = ?", (seq,))
    return Expected(seq=seq, fault=Fault.MISSING)


def delete_and_renumber(database: Owner, chance: random.Random) -> Expected:
    seq, removed = anywhere(chance), chance.randint(1, 3)
    database.execute("DELETE FROM audit_events WHERE seq BETWEEN ? AND ?", (seq, seq + removed - 1))
    for number in range(seq + removed, ROWS + 1):
        database.execute("UPDATE audit_events SET seq = ? WHERE seq = ?", (number - removed, number))
    database.execute("UPDATE audit_head SET seq = seq - ?", (removed,))
    return Expected(seq=seq, fault=Fault.MISSING)


def swap_two_rows(database: Owner, chance: random.Random) -> Expected:
    one, two = sorted(chance.sample(range(2, ROWS - 1), 2))
    for number, other in ((one, -1), (two, one), (-1, two)):
        database.execute("UPDATE audit_events SET seq = ? WHERE seq = ?", (other, number))
    return Expected(seq=one, fault=Fault.REORDERED)


def insert_a_row(database: Owner, chance: random.Random) -> Expected:
    seq = anywhere(chance)
    for number in range(ROWS, seq - 1, -1):
        database.execute("UPDATE audit_events SET seq = ? WHERE seq = ?", (number + 1, number))
    forge(database, seq, copied=seq - 1, previous=seq - 1)
    database.execute("UPDATE audit_head SET seq = seq + 1")
    return Expected(seq=seq, fault=Fault.INSERTED)


def append_a_row(database: Owner, chance: random.Random) -> Expected:
    del chance
    forged = forge(database, ROWS + 1, copied=ROWS, previous=ROWS)
    database.execute("UPDATE audit_head SET seq = ?, hash = ?", (ROWS + 1, forged))
    return Expected(seq=ROWS + 1, fault=Fault.INSERTED)


def cut_the_tail(database: Owner, chance: random.Random) -> Expected:
    """Below an anchor, with the head moved so that the rest looks whole."""
    last = chance.randint(2, ANCHORED[-1] - 1)
    database.execute("DELETE FROM audit_events WHERE seq > ?", (last,))
    kept = stored(database, last)["hash"]
    database.execute("UPDATE audit_head SET seq = ?, hash = ?", (last, kept))
    return Expected(seq=last + 1, fault=Fault.CUT)


def cut_without_the_head(database: Owner, chance: random.Random) -> Expected:
    last = anywhere(chance)
    database.execute("DELETE FROM audit_events WHERE seq > ?", (last,))
    return Expected(seq=last + 1, fault=Fault.CUT)


def delete_the_beginning(database: Owner, chance: random.Random) -> Expected:
    """More than the checkpoint lets go of; up to a row, at times, of which a tombstone or an anchor's row speaks."""
    last = chance.choice([LET_GO + 1, chance.randint(LET_GO + 1, CHECKPOINT), ERASED, *ANCHORED])
    database.execute("DELETE FROM audit_events WHERE seq <= ?", (last,))
    return Expected(seq=1, fault=Fault.MISSING)


def move_the_head(database: Owner, chance: random.Random) -> Expected:
    """What is written next would follow another row than the last one."""
    seq, of = chance.choice([(ROWS, ROWS - 1), (ROWS - 1, ROWS - 1)])
    database.execute("UPDATE audit_head SET seq = ?, hash = ?", (seq, stored(database, of)["hash"]))
    return Expected(seq=ROWS, fault=Fault.ALTERED)


def put_the_heads_time_forward(database: Owner, chance: random.Random) -> Expected:
    """Every row from then on would be written, and signed, with that time."""
    del chance
    database.execute("UPDATE audit_head SET occurred_at = ?", ("2999-01-01T00:00:00.000000Z",))
    return Expected(seq=ROWS, fault=Fault.ALTERED)


def take_the_head_away(database: Owner, chance: random.Random) -> Expected:
    del chance
    database.execute("DELETE FROM audit_head")
    return Expected(seq=ROWS + 1, fault=Fault.CUT)


def put_a_row_before_the_first(database: Owner, chance: random.Random) -> Expected:
    """Outside the chain, and yet shown with it."""
    seq, changed = chance.choice([0, -7]), chance.choice([{"hash": GENESIS}, {"hash": "0"}])
    row = stored(database, anywhere(chance)) | {"seq": seq, "actor": "U0EVE", "prev_hash": "before"} | changed
    insert(database, row)
    return Expected(seq=seq, fault=Fault.ALTERED)


def sign_with_another_key(database: Owner, chance: random.Random) -> Expected:
    seq = anywhere(chance)
    sign_anew(database, seq, FORGER, key_id=FORGER.current_id)
    return Expected(seq=seq, fault=Fault.WRONG_KEY)


def sign_under_a_name_of_the_ring(database: Owner, chance: random.Random) -> Expected:
    seq, name = anywhere(chance), chance.choice([RING.current_id, AUDIT_KEYS.current_id])
    sign_anew(database, seq, FORGER, key_id=name)
    return Expected(seq=seq, fault=Fault.ALTERED)


def sign_with_the_older_key_under_the_name_of_the_newer(database: Owner, chance: random.Random) -> Expected:
    """A key that was replaced because it got about."""
    seq = anywhere(chance)
    sign_anew(database, seq, AUDIT_KEYS, key_id=RING.current_id)
    return Expected(seq=seq, fault=Fault.ALTERED)


def graft_another_branch(database: Owner, chance: random.Random) -> Expected:
    """Rows that this program signed, in a copy of the database that went on by itself."""
    seq = anywhere(chance)
    sign_anew(database, seq, RING, key_id=RING.current_id, follows=hash_of(stored(database, seq - 1) | {"actor": "U0"}))
    return Expected(seq=seq, fault=Fault.REORDERED)


def roll_the_file_back(database: Owner, chance: random.Random) -> Expected:
    """To how it was some rows ago, anchors included: whole by itself, and older than what stands in Slack."""
    last = chance.randint(TOMBSTONE, ROWS - 1)
    database.execute("DELETE FROM audit_events WHERE seq > ?", (last,))
    database.execute("DELETE FROM audit_anchors WHERE seq > ?", (last,))
    database.execute("UPDATE audit_head SET seq = ?, hash = ?", (last, stored(database, last)["hash"]))
    database.execute("UPDATE audit_head SET occurred_at = e.occurred_at FROM audit_events e WHERE e.seq = ?", (last,))
    return Expected(seq=last + 1, fault=Fault.ROLLED_BACK)


def erase_without_a_tombstone(database: Owner, chance: random.Random) -> Expected:
    seq = chance.choice([number for number in range(2, ROWS) if number != ERASED])
    database.execute("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = ?", (seq,))
    return Expected(seq=seq, fault=Fault.ERASED)


def erase_what_an_anchor_names(database: Owner, chance: random.Random) -> Expected:
    """Its row speaks of this one, and is no tombstone."""
    del chance
    database.execute("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = ?", (ANCHORED[-1],))
    return Expected(seq=ANCHORED[-1], fault=Fault.ERASED)


def take_a_stored_anchor_away(database: Owner, chance: random.Random) -> Expected:
    """The signed row that tells of it stays."""
    seq = chance.choice(ANCHORED)
    database.execute("DELETE FROM audit_anchors WHERE seq = ?", (seq,))
    return Expected(seq=seq + 1, fault=Fault.MISSING)


def take_all_stored_anchors_away(database: Owner, chance: random.Random) -> Expected:
    del chance
    database.execute("DELETE FROM audit_anchors")
    return Expected(seq=ANCHORED[0] + 1, fault=Fault.MISSING)


def plant_an_anchor(database: Owner, chance: random.Random) -> Expected:
    """The role that serves may do so."""
    seq = chance.choice([ROWS + 1, 2**62])
    values = (seq, GENESIS, "C0AUDIT", "1.0", "1.0")
    written = {"sqlite": "'garbage'", "postgresql": "'infinity'"}[database.connection.dialect.name]
    database.execute(f"INSERT INTO audit_anchors VALUES (?, ?, ?, ?, ?, {written})", values)  # noqa: S608
    return Expected(seq=ROWS + 1, fault=Fault.CUT)


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
    delete_the_beginning,
    move_the_head,
    put_the_heads_time_forward,
    take_the_head_away,
    put_a_row_before_the_first,
    sign_with_another_key,
    sign_under_a_name_of_the_ring,
    sign_with_the_older_key_under_the_name_of_the_newer,
    graft_another_branch,
    roll_the_file_back,
    erase_without_a_tombstone,
    erase_what_an_anchor_names,
    take_a_stored_anchor_away,
    take_all_stored_anchors_away,
    plant_an_anchor,
)


def first_bad(database: Owner, *expected: Expected) -> Expected:
    """Of what several attacks lead to. An attack on the only tombstone leaves a row that is erased without one."""
    unexplained = Expected(seq=ERASED, fault=Fault.ERASED)
    return min((*expected, *([] if has_tombstone(database) else [unexplained])), key=lambda one: one.seq)


def has_tombstone(database: Owner) -> bool:
    """Whether it is still as it was signed, wherever it stands; under a key that is unknown nobody can say."""
    columns = stored_columns(database.connection.dialect.name)
    named = select(*columns).where(audit_events.c.kind == "tombstone", audit_events.c.target == f"seq:{ERASED}")
    rows = [stored_row(row) for row in database.connection.execute(named)]
    return any(
        hash_of({**row, "seq": TOMBSTONE}) == row["hash"]
        and (row["key_id"] == FORGER.current_id or RING.verify(str(row["key_id"]), str(row["hash"]), str(row["mac"])))
        for row in rows
    )


def stored(database: Owner, seq: int) -> dict[str, str | int | None]:
    """A row as it stands."""
    columns = stored_columns(database.connection.dialect.name)
    return {**stored_row(database.connection.execute(select(*columns).where(audit_events.c.seq == seq)).one())}


def forge(database: Owner, seq: int, *, copied: int, previous: int) -> str:
    """A row that links and hashes as it should; only its signature cannot be made without the key."""
    row = stored(database, copied) | {"seq": seq, "actor": "U0EVE", "prev_hash": stored(database, previous)["hash"]}
    row["hash"] = hash_of(row)
    for statement in WITHOUT_CONSTRAINTS:
        database.execute(statement)
    insert(database, row)
    return str(row["hash"])


def insert(database: Owner, row: dict[str, str | int | None]) -> None:
    """A row of all columns."""
    database.execute(
        f"INSERT INTO audit_events ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
        tuple(row.values()),
    )


def sign_anew(database: Owner, first: int, keys: AuditKeys, *, key_id: str, follows: str = "") -> None:
    """Link, hash and sign all rows from one on, and name this key."""
    previous = follows or str(stored(database, first - 1)["hash"])
    for number in range(first, ROWS + 1):
        linked_to, row = previous, stored(database, number) | {"prev_hash": previous, "key_id": key_id}
        previous = hash_of(row)
        database.execute(
            "UPDATE audit_events SET prev_hash = ?, hash = ?, mac = ?, key_id = ? WHERE seq = ?",
            (linked_to, previous, keys.mac(previous), key_id, number),
        )
    database.execute("UPDATE audit_head SET hash = ?", (previous,))


async def write_trail(url: str) -> None:
    """Rows under two keys, with two anchors, an erasure and its tombstone, and a checkpoint."""
    for keys, numbers in ((AUDIT_KEYS, range(1, ROTATED + 1)), (RING, range(ROTATED + 1, ROWS + 1))):
        database = Database.open(url, clock=SystemClock(), audit_keys=keys)
        await database.write(lambda unit, numbers=numbers: _append(unit, numbers))  # type: ignore[misc]
        for seq in set(ANCHORED) & set(numbers):
            await database.note(lambda unit, seq=seq: unit.anchors.put(_anchor(unit, seq)))  # type: ignore[misc]
        await database.close()


def _append(unit: Unit, numbers: Iterable[int]) -> None:
    for number in numbers:
        kind, action, about = LOOKING_BACK.get(number, (AuditKind.READ, AuditAction.DATABASES_LIST, 0))
        target = f"seq:{about}" if about else f"db_{number}"
        unit.audit.append(make_entry(kind=kind, action=action, target=target, payload={"number": number}))


def _anchor(unit: Unit, seq: int) -> Anchor:
    (row,) = (record for record in unit.audit.page(_all()).records if record.seq == seq)
    return Anchor(seq=seq, hash=row.hash, channel_id="C0AUDIT", thread_ts="1.0", ts=f"1.{seq}", posted_at=START)


def _all() -> AuditFilter:
    return AuditFilter(quiet=True, limit=1_000)

"""Trails as they come about in years of use raise no alarm: erasures, anchors, new keys, prefixes moved away."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from bot.db.audit_walk import Beginning, Finding, Walk
from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.db.stored import StoredRow
from bot.db.unit import Unit
from bot.domain.audit import Anchor, AuditAction, AuditEntry, AuditFilter, AuditKind, AuditOutcome
from tests.clock import ManualClock
from tests.conftest import Figure
from tests.databases import DatabaseSource
from tests.factories import make_entry

LOOKING_BACK = (AuditKind.TOMBSTONE, AuditKind.CHECKPOINT)
KINDS = [kind for kind in AuditKind if kind not in LOOKING_BACK]
TEXTS = ("", "orders-eu", "Zürich \N{ROCKET}", "a\tb\r\n\\", "\N{LINE SEPARATOR}", "\0 and half a \ud800", "x" * 700)
File = tuple[StoredRow, ...]
Step = Callable[[random.Random, Unit], File | None]
"""What is done to a trail, and the file that it leaves behind."""


def entry(chance: random.Random) -> AuditEntry:
    """Anything that the program may write."""
    return make_entry(
        kind=chance.choice(KINDS),
        action=chance.choice([*AuditAction]),
        outcome=chance.choice([*AuditOutcome]),
        actor=chance.choice(TEXTS),
        target_label=chance.choice(TEXTS),
        http_status=chance.choice([None, 200, 503]),
        payload={"reason": chance.choice(TEXTS), "figures": [chance.random(), 2**60, None], chance.choice(TEXTS): {}},
    )


def append(chance: random.Random, unit: Unit) -> None:
    for _ in range(chance.randint(1, 20)):
        unit.audit.append(entry(chance))


def erase(chance: random.Random, unit: Unit) -> None:
    """A row of any age, so that there are others on the way to its tombstone."""
    append(chance, unit)
    there = [row for row in stored_in(unit) if row["payload"] is not None and row["kind"] not in LOOKING_BACK]
    unit.retention.erase([int(chance.choice(there)["seq"] or 0)], "st-erasure", {"reason": "asked for"})


def stored_in(unit: Unit, last: int | None = None) -> File:
    """The trail's rows, as a file holds them."""
    return unit.audit.batch(AuditFilter(quiet=True, before_seq=None if last is None else last + 1), after=0).rows


def anchor(chance: random.Random, unit: Unit) -> None:
    row = unit.audit.append(entry(chance))
    ts = f"1.{row.seq}"
    unit.anchors.put(Anchor(seq=row.seq, hash=row.hash, channel_id="C", thread_ts="1", ts=ts, posted_at=unit.now))


def move_a_prefix_away(chance: random.Random, unit: Unit) -> File | None:
    last, there = unit.audit.append(entry(chance)).seq - 1, stored_in(unit)
    prefix = unit.retention.prefix(chance.randint(int(there[0]["seq"] or 0), last)) if last > 1 else None
    if prefix is None:
        return None
    file = stored_in(unit, unit.retention.file_end(prefix.first_seq, prefix.last_seq))
    unit.retention.checkpoint(prefix, {"sha256": "0" * 64})
    unit.retention.remove(prefix.last_seq)
    return file


STEPS: tuple[Step, ...] = (append, append, erase, erase, anchor, move_a_prefix_away, move_a_prefix_away)


async def live_through(database: Database, clock: ManualClock, chance: random.Random) -> list[File]:
    """Some years of a trail, two days a step: what is younger than one is never moved away. The files that it left."""
    files = []
    for _ in range(chance.randint(1, 6)):
        step = chance.choice(STEPS)
        files.append(await database.write(lambda unit, step=step: step(chance, unit)))  # type: ignore[misc]
        clock.advance(timedelta(days=2).total_seconds())
    return [file for file in files if file]


def by_itself(file: File, keys: AuditKeys) -> tuple[Finding, int]:
    """What verification says of a file, and its rows."""
    walk = Walk(keys, Beginning(seq=int(file[0]["seq"] or 0), previous_hash=None))
    return walk.run(file) or walk.end(), len(file)


def as_it_stands(chance: random.Random, unit: Unit) -> list[tuple[Finding, int]]:
    """What verification says of the trail, as a whole and from some row on, and how many rows it must have seen."""
    first, last = int(stored_in(unit)[0]["seq"] or 0), unit.audit.head().seq
    start = chance.randint(1, last)
    return [(unit.audit.verify(), last - first + 1), (unit.audit.verify(start), last - max(first, start) + 1)]


async def test_sound_trails_raise_no_alarm(database_source: DatabaseSource, clock: ManualClock, figure: Figure) -> None:
    wrong: list[tuple[int, Finding]] = []
    files = 0
    for seed in range(figure("clean-trails")):
        chance, url = random.Random(seed), database_source.clone()
        ring: list[bytes] = []
        for _ in range(chance.randint(1, 3)):
            ring.insert(0, chance.randbytes(32))
            database = Database.open(url, clock=clock, audit_keys=AuditKeys([*ring]))
            left = await live_through(database, clock, chance)
            found = await database.read(lambda unit: as_it_stands(chance, unit))  # noqa: B023 - called at once
            await database.close()
            found += [by_itself(file, AuditKeys([*ring])) for file in left]
            wrong += [(seed, finding) for finding, rows in found if finding != Finding(rows=rows)]
            files += len(left)
        database_source.drop(url)
    assert wrong == []
    assert files

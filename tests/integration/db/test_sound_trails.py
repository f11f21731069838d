"""Trails as they come about in years of use raise no alarm: erasures, anchors, new keys, prefixes moved away."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from bot.db.audit_walk import Finding
from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import Anchor, AuditAction, AuditEntry, AuditKind, AuditOutcome
from tests.clock import ManualClock
from tests.conftest import Figure
from tests.databases import DatabaseSource
from tests.factories import make_entry

LOOKING_BACK = (AuditKind.TOMBSTONE, AuditKind.CHECKPOINT)
KINDS = [kind for kind in AuditKind if kind not in LOOKING_BACK]
TEXTS = ("", "orders-eu", "Zürich \N{ROCKET}", "a\tb\r\n\\", "\N{LINE SEPARATOR}", "\0 and half a \ud800", "x" * 700)
Step = Callable[[random.Random, Unit], object]


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
    unit.retention.erase([unit.audit.append(entry(chance)).seq], "st-erasure", {"reason": "asked for"})


def anchor(chance: random.Random, unit: Unit) -> None:
    row = unit.audit.append(entry(chance))
    ts = f"1.{row.seq}"
    unit.anchors.put(Anchor(seq=row.seq, hash=row.hash, channel_id="C", thread_ts="1", ts=ts, posted_at=unit.now))


def move_a_prefix_away(chance: random.Random, unit: Unit) -> None:
    last = unit.audit.append(entry(chance)).seq - 1
    prefix = unit.retention.prefix(last) if last > 1 else None
    if prefix is not None:
        unit.retention.checkpoint(prefix, {"sha256": "0" * 64})
        unit.retention.remove(prefix.last_seq)


STEPS: tuple[Step, ...] = (append, append, erase, anchor, move_a_prefix_away)


async def live_through(database: Database, clock: ManualClock, chance: random.Random) -> None:
    """Some years of a trail, two days a step: what is younger than one is never moved away."""
    for _ in range(chance.randint(1, 6)):
        step = chance.choice(STEPS)
        await database.write(lambda unit, step=step: step(chance, unit))  # type: ignore[misc]
        clock.advance(timedelta(days=2).total_seconds())


async def test_sound_trails_raise_no_alarm(database_source: DatabaseSource, clock: ManualClock, figure: Figure) -> None:
    wrong: list[tuple[int, Finding]] = []
    for seed in range(figure("clean-trails")):
        chance, url = random.Random(seed), database_source.clone()
        ring: list[bytes] = []
        for _ in range(chance.randint(1, 3)):
            ring.insert(0, chance.randbytes(32))
            database = Database.open(url, clock=clock, audit_keys=AuditKeys([*ring]))
            await live_through(database, clock, chance)
            finding = await database.read(lambda unit: unit.audit.verify())
            await database.close()
            if finding.seq is not None:
                wrong.append((seed, finding))
        database_source.drop(url)
    assert wrong == []

"""Messages that cannot be drawn: none is taken for sent, none is tried for ever, and none keeps back the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from bot.db.engine import Database
from bot.db.tables import outbox
from bot.db.unit import Unit
from bot.domain.records import OutboxItem
from bot.services.outbox import Drawer, OutboxWorker
from tests.clock import ManualClock
from tests.factories import make_item


def worker(database: Database, **drawers: Drawer) -> OutboxWorker:
    """One that draws nothing but these."""
    unused = cast(Any, None)
    return OutboxWorker(database, unused, unused, drawers)


async def owe(database: Database, clock: ManualClock, *kinds: str) -> None:
    """One message of each kind."""
    now = clock.now()

    def work(unit: Unit) -> None:
        for kind in kinds:
            unit.outbox.put(make_item(f"i-{kind}", kind, kind=kind, due_at=now, created_at=now))

    await database.note(work)


async def states(database: Database) -> dict[str, str]:
    """How each message stands, by its kind."""
    return await database.read(
        lambda unit: {row.kind: row.state for row in unit._connection.execute(outbox.select()).all()}
    )


async def broken(item: OutboxItem) -> None:
    raise KeyError("a defect")


async def drawn(item: OutboxItem) -> None:
    return None


async def test_what_a_defect_keeps_back_is_put_off_and_keeps_back_nobody_elses(
    database: Database, clock: ManualClock
) -> None:
    await owe(database, clock, "broken", "sound")
    ended = await worker(database, broken=broken, sound=drawn).pass_once()
    assert (ended.sent, ended.waiting) == (1, 1)
    assert await states(database) == {"broken": "waiting", "sound": "done"}


async def test_what_a_defect_keeps_back_is_given_up_after_a_day(database: Database, clock: ManualClock) -> None:
    await owe(database, clock, "broken")
    one = worker(database, broken=broken)
    await one.pass_once()
    clock.advance(timedelta(hours=25).total_seconds())
    await one.pass_once()
    assert await states(database) == {"broken": "dead"}


async def test_what_only_a_newer_version_can_draw_waits_for_it(database: Database, clock: ManualClock) -> None:
    await owe(database, clock, "newer")
    await worker(database).pass_once()
    assert await states(database) == {"newer": "waiting"}
    clock.advance(90)
    await worker(database, newer=drawn).pass_once()
    assert await states(database) == {"newer": "done"}

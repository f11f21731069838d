"""Anchors: kept once each, in order, and never changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from bot.db.engine import Database
from bot.domain.audit import Anchor, AuditKind
from tests.clock import START
from tests.integration.db.conftest import Intruder, append


def make_anchor(seq: int, *, ts: str = "1.1") -> Anchor:
    return Anchor(seq=seq, hash=f"{seq:064d}", channel_id="C0AUDIT", thread_ts="1.0", ts=ts, posted_at=START)


async def put(database: Database, *anchors: Anchor) -> None:
    for anchor in anchors:
        await database.write(lambda unit, anchor=anchor: unit.anchors.put(anchor))  # type: ignore[misc]


async def last(database: Database) -> Anchor | None:
    return await database.read(lambda unit: unit.anchors.last())


async def test_anchors_come_back_in_order_and_the_newest_is_known(database: Database) -> None:
    assert await last(database) is None
    first, second = [replace(make_anchor(row.seq), hash=row.hash) for row in [await append(database) for _ in range(2)]]
    await put(database, second, first)
    assert await database.read(lambda unit: [*unit.anchors.all()]) == [first, second]
    assert await last(database) == second


async def test_one_that_names_no_row_as_it_is_is_not_the_newest(database: Database) -> None:
    rows = [await append(database) for _ in range(3)]
    anchor = replace(make_anchor(1), hash=rows[0].hash)
    await put(database, anchor, make_anchor(3), make_anchor(2**62))
    assert await last(database) == anchor
    assert [problem for problem in await database.check() if "anchor" in problem] == [
        f"An anchor names row {2**62} of the audit trail, whose last row is 3."
    ]


NO_TIMES = {"sqlite": ("garbage", "2026-01-01", "2026-02-31T00:00:00Z"), "postgresql": ("infinity", "-infinity")}


async def test_a_time_that_is_none_is_read_as_none(database: Database, intruder: Intruder) -> None:
    for time in NO_TIMES[intruder.dialect]:
        row = await append(database)
        intruder.run(f"INSERT INTO audit_anchors VALUES ({row.seq}, '{row.hash}', 'C', '1', '1', '{time}')")  # noqa: S608
        found = await last(database)
        assert (found and found.seq, found and found.posted_at) == (row.seq, None)
    assert {one.posted_at for one in await database.read(lambda unit: [*unit.anchors.all()])} == {None}


async def test_a_row_is_anchored_once(database: Database) -> None:
    await put(database, make_anchor(7), make_anchor(7, ts="9.9"))
    assert await database.read(lambda unit: [*unit.anchors.all()]) == [make_anchor(7)]


@pytest.mark.parametrize("attack", ["UPDATE audit_anchors SET hash = 'x'", "DELETE FROM audit_anchors WHERE seq = 7"])
async def test_anchors_are_neither_changed_nor_removed(database: Database, intruder: Intruder, attack: str) -> None:
    await put(database, make_anchor(7))
    with pytest.raises(DBAPIError, match="append-only"):
        intruder.run(attack)


async def test_rows_about_anchors_are_no_news(database: Database) -> None:
    await append(database)
    await append(database, kind=AuditKind.ANCHOR)
    assert await database.read(lambda unit: (unit.audit.has_news_since(0), unit.audit.has_news_since(1))) == (
        True,
        False,
    )
    await append(database, kind=AuditKind.READ)
    assert await database.read(lambda unit: (unit.audit.has_news_since(2), unit.audit.has_news_since(3))) == (
        True,
        False,
    )

"""Anchors: kept once each, in order, and never changed."""

from __future__ import annotations

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


async def test_anchors_come_back_in_order_and_the_newest_is_known(database: Database) -> None:
    assert await database.read(lambda unit: unit.anchors.last()) is None
    await put(database, make_anchor(100), make_anchor(7))
    assert await database.read(lambda unit: [*unit.anchors.all()]) == [make_anchor(7), make_anchor(100)]
    assert await database.read(lambda unit: unit.anchors.last()) == make_anchor(100)


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

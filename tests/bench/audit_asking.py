"""Asking: each filter of `audit list`, alone and with a time range, against a seek by primary key of as many rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select

from bot.commands.areas.audit_filters import PAGE
from bot.db.audit import record_from
from bot.db.audit_queries import LOOK
from bot.db.engine import Database
from bot.db.tables import audit_events
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditFilter, AuditOutcome, AuditPage, AuditRecord
from tests.bench.long_trail import COMMON, WORD, with_range
from tests.bench.timing import Comparison, in_turn

ROUNDS = 41
FAR = 1_000
"""The page that has to be as quick as the first."""

NARROW = {
    "--text": AuditFilter(text=WORD),
    "--text, a beginning": AuditFilter(text="d"),
    "--text that quiet rows alone hold": AuditFilter(text="list"),
    "--text, two words that seldom meet": AuditFilter(text=f"{WORD} unknown"),
    "--user and --database": AuditFilter(actor="U007", target="orders-7"),
    "--user and --outcome": AuditFilter(actor="U007", outcome=AuditOutcome.DENIED),
    "--text and --user": AuditFilter(text=WORD, actor="U007"),
    "--text that nothing holds": AuditFilter(text="neverwritten"),
    "--text and --user that never meet": AuditFilter(text=WORD, actor="U001", action=AuditAction.DATABASES_DELETE),
}
"""Several filters at once, and full text: no goal in time, but a bounded look."""


async def compare(database: Database, rows: int) -> list[Comparison]:
    """Each question's first page, its thousandth page, and both against each other."""
    found: list[Comparison] = []
    for name, wanted in COMMON.items():
        for ranged in (False, True):
            label = f"{name} in a range" if ranged else name
            asked = replace(with_range(wanted, rows) if ranged else wanted, limit=PAGE)
            found += await _pages(database, label, asked, rows)
    return found


async def _pages(database: Database, name: str, asked: AuditFilter, rows: int) -> list[Comparison]:
    first, seek = await _against_seek(database, asked, rows)
    found = [Comparison(what=f"{name}: page 1", ours=first, theirs=seek, goal=3)]
    far = await far_cursor(database, asked)
    if far is None:
        return found
    later, seek = await _against_seek(database, replace(asked, before_seq=far), rows)
    found.append(Comparison(what=f"{name}: page {FAR}", ours=later, theirs=seek, goal=3))
    later, first = await in_turn(
        lambda: page(database, replace(asked, before_seq=far)), lambda: page(database, asked), rounds=ROUNDS
    )
    return [*found, Comparison(what=f"{name}: page {FAR} to page 1", ours=later, theirs=first, goal=1.5)]


async def _against_seek(database: Database, asked: AuditFilter, rows: int) -> tuple[float, float]:
    return await in_turn(lambda: page(database, asked), lambda: database.read(_seek(rows // 2)), rounds=ROUNDS)


async def page(database: Database, asked: AuditFilter) -> AuditPage:
    """As Slack's command asks for it."""
    return await database.read(lambda unit: unit.audit.page(asked))


def _seek(seq: int) -> Any:
    """As many rows, and as many records made of them, by primary key."""
    column = audit_events.c.seq
    wanted = select(audit_events).where(column <= seq).order_by(column.desc()).limit(PAGE + 1)

    def work(unit: Unit) -> list[AuditRecord]:
        found: Sequence[Row[Any]] = unit._connection.execute(wanted).all()
        return [record_from(row) for row in found[:PAGE]]

    return work


async def far_cursor(database: Database, asked: AuditFilter) -> int | None:
    """Where the thousandth page begins; None where there are not so many rows."""
    before, left = asked.before_seq, PAGE * (FAR - 1)
    while left > 0:
        found = await page(database, replace(asked, before_seq=before, limit=min(left, 1_000)))
        left -= len(found.records)
        if not found.has_older:
            return None
        before = found.scanned_to if found.scanned_to is not None else found.records[-1].seq
    return before


async def bounded(database: Database) -> list[str]:
    """What several filters at once cost: how long a page takes, how far it looked, how many rows it found."""
    return [await _bounded(database, name, asked) for name, asked in NARROW.items()]


async def _bounded(database: Database, name: str, asked: AuditFilter) -> str:
    found = await page(database, asked)
    ours, _ = await in_turn(lambda: page(database, asked), lambda: page(database, AuditFilter()), rounds=5)
    ended = f"stopped after {LOOK} rows, at row {found.scanned_to}" if found.scanned_to else "saw all it had to"
    return f"{name:<44} {ours * 1000:>10.3f} ms   {len(found.records)} rows; {ended}"

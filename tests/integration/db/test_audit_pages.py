"""Asking the trail: what each filter finds, how pages follow each other, and that no look is unbounded."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.db import audit_queries, audit_words
from bot.db.audit_search import words_of, words_of_entry
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import QUIET_KINDS, AuditAction, AuditFilter, AuditKind, AuditOutcome, AuditPage, AuditRecord
from tests.clock import START, ManualClock
from tests.factories import make_entry
from tests.integration.db.conftest import append

REASONS = ("moved to Zürich", "orders-eu is retired", "cost", "asked by finance", "")


@pytest.fixture
async def estate(database: Database, clock: ManualClock) -> tuple[Database, list[AuditRecord]]:
    """A hundred rows of all sorts, one a minute, oldest first."""
    dice = random.Random(7)
    records = []
    for _ in range(100):
        entry = make_entry(
            kind=dice.choice([*AuditKind]),
            action=dice.choice([*AuditAction]),
            outcome=dice.choice([*AuditOutcome]),
            actor=dice.choice(["U0ADA", "U0GRACE"]),
            channel=dice.choice(["C0OPS", "C0DEV"]),
            target=dice.choice(["db_1", "db_2", ""]),
            target_label=dice.choice(["orders-eu", "db_1", "field"]),
            payload={"reason": dice.choice(REASONS)},
        )
        records.append(await database.write(lambda unit, entry=entry: unit.audit.append(entry)))  # type: ignore[misc]
        clock.advance(minutes=1)
    return database, records


async def page_of(database: Database, **wanted: Any) -> AuditPage:
    return await database.read(lambda unit: unit.audit.page(AuditFilter(**wanted)))


def seqs(page: AuditPage) -> list[int]:
    return [record.seq for record in page.records]


def matches(record: AuditRecord, wanted: AuditFilter) -> bool:
    """The filter again, in the plainest words."""
    found = " ".join(words_of_entry(record))
    phrases = [" ".join(words_of(word)) for word in (wanted.text or "").split()]
    return all(
        (
            wanted.actor in (None, record.actor),
            wanted.channel in (None, record.channel),
            wanted.action in (None, record.action),
            wanted.outcome in (None, record.outcome),
            wanted.target in (None, record.target, record.target_label),
            wanted.area is None or record.action.startswith(f"{wanted.area}."),
            wanted.since is None or record.occurred_at >= wanted.since,
            wanted.until is None or record.occurred_at < wanted.until,
            wanted.quiet or record.kind not in QUIET_KINDS,
            all(f" {phrase}" in f" {found}" for phrase in phrases),
        )
    )


def some_filters() -> list[AuditFilter]:
    dice = random.Random(11)
    choices: dict[str, list[Any]] = {
        "actor": ["U0ADA", "U0NOBODY"],
        "channel": ["C0OPS"],
        "action": [AuditAction.DATABASES_DELETE, AuditAction.HELP],
        "area": ["databases", "nowhere"],
        "outcome": [AuditOutcome.DENIED],
        "target": ["db_1", "orders-eu", "field"],
        "text": ["zurich", "ORDERS-e", "orders eu is", "re fin", "delete cost", "nothing", "…"],
        "since": [START + timedelta(minutes=30), START + timedelta(days=9)],
        "until": [START + timedelta(minutes=70), START],
        "quiet": [True],
    }
    filters = [AuditFilter(), AuditFilter(quiet=True)]
    for _ in range(60):
        names = dice.sample(sorted(choices), dice.randint(1, 3))
        if {"action", "area"} <= set(names):
            names.remove("area")
        filters.append(AuditFilter(**{name: dice.choice(choices[name]) for name in names}))
    return filters


async def test_every_filter_finds_what_the_plainest_reading_finds(
    estate: tuple[Database, list[AuditRecord]],
) -> None:
    database, records = estate
    for wanted in some_filters():
        expected = [record.seq for record in reversed(records) if matches(record, wanted)][:7]
        page = await page_of(database, **vars(replace(wanted, limit=7)))
        assert seqs(page) == expected, wanted


async def test_pages_follow_each_other_without_gap_or_repeat(estate: tuple[Database, list[AuditRecord]]) -> None:
    database, records = estate
    expected = [record.seq for record in reversed(records) if record.actor == "U0ADA"]
    page = await page_of(database, actor="U0ADA", quiet=True, limit=9)
    walked = seqs(page)
    while page.has_older:
        page = await page_of(database, actor="U0ADA", quiet=True, limit=9, before_seq=walked[-1])
        walked += seqs(page)
    assert walked == expected


async def test_newer_leads_back_to_where_one_came_from(estate: tuple[Database, list[AuditRecord]]) -> None:
    database, _ = estate
    first = await page_of(database, quiet=True, limit=10)
    second = await page_of(database, quiet=True, limit=10, before_seq=seqs(first)[-1])
    back = await page_of(database, quiet=True, limit=10, after_seq=seqs(second)[0])
    assert seqs(back) == seqs(first)
    assert (first.has_newer, first.has_older) == (False, True)
    assert (second.has_newer, second.has_older) == (True, True)
    assert (back.has_newer, back.has_older) == (False, True)


async def test_a_cursor_and_a_time_range_hold_together(estate: tuple[Database, list[AuditRecord]]) -> None:
    database, _ = estate
    since, until = START + timedelta(minutes=10), START + timedelta(minutes=20)
    page = await page_of(database, quiet=True, since=since, until=until, before_seq=15, limit=20)
    assert seqs(page) == [14, 13, 12, 11]
    assert (await page_of(database, quiet=True, since=since, until=until, before_seq=5)).records == ()


async def test_a_bounded_look_says_how_far_it_came_and_goes_on_from_there(
    estate: tuple[Database, list[AuditRecord]], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, records = estate
    monkeypatch.setattr(audit_queries, "LOOK", 8)
    wanted = AuditFilter(actor="U0ADA", text="finance", quiet=True, limit=3)
    expected = [record.seq for record in reversed(records) if matches(record, wanted)]

    found, cursor, looks = [], None, 0
    while True:
        page = await page_of(database, **vars(replace(wanted, before_seq=cursor)))
        found += seqs(page)
        looks += 1
        if not page.has_older:
            break
        cursor = page.scanned_to if page.scanned_to is not None else found[-1]

    assert found == expected
    assert looks > 2


async def test_a_bounded_look_goes_forwards_too(
    estate: tuple[Database, list[AuditRecord]], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, records = estate
    monkeypatch.setattr(audit_queries, "LOOK", 8)
    page = await page_of(database, actor="U0ADA", channel="C0NONE", quiet=True, after_seq=10)
    eighth = [record.seq for record in records if record.actor == "U0ADA" and record.seq > 10][7]
    assert (page.records, page.scanned_to, page.has_newer) == ((), eighth, True)


async def test_what_people_type_is_no_query_language(database: Database) -> None:
    row = await append(database, payload={"said": "a OR b"})
    for typed in ('"', "a AND", "NEAR(", "a:*", "' | !b", "a\0b", "\ud800", "(" * 50):
        await page_of(database, text=typed, quiet=True)
    assert seqs(await page_of(database, text='a "or" b', quiet=True)) == [row.seq]


async def test_an_empty_trail_has_an_empty_page(database: Database) -> None:
    page = await page_of(database)
    assert (page.records, page.has_newer, page.has_older, page.scanned_to) == ((), False, False, None)


async def test_a_page_is_filled_from_beyond_the_first_few_rows_of_its_filter(database: Database) -> None:
    def work(unit: Unit) -> None:
        for number in range(audit_queries.FEW * 2 + 4):
            unit.audit.append(make_entry(kind=AuditKind.DECISION if number < 4 else AuditKind.READ))

    await database.write(work)
    assert seqs(await page_of(database, actor="U0ADA", limit=2)) == [4, 3]


async def test_words_are_found_however_many_rows_lie_over_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "FEW", 2)
    for number in range(20):
        await append(database, payload={"reason": "moved" if number in (0, 7, 18) else "cost"})
    assert seqs(await page_of(database, text="moved", quiet=True)) == [19, 8, 1]
    assert seqs(await page_of(database, text="moved", quiet=True, after_seq=1)) == [19, 8]


async def test_a_common_word_that_no_shown_row_holds_is_looked_for_in_bounds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "LOOK", 8)
    monkeypatch.setattr(audit_words, "PLACES", (4, 9))

    def work(unit: Unit) -> None:
        for number in range(60):
            unit.audit.append(make_entry(kind=AuditKind.READ, payload={"reason": "moved"}))
            unit.audit.append(make_entry(kind=AuditKind.OUTCOME, payload={"reason": "old" if number == 1 else "cost"}))

    await database.write(work)
    page = await page_of(database, text="moved", limit=2)
    assert (page.records, page.scanned_to, page.has_older) == ((), 106, True)
    assert seqs(await page_of(database, text="old", limit=2)) == [4]


async def test_a_word_is_found_however_its_number_or_letters_are_written(database: Database) -> None:
    row = await append(database, payload={"share": 1.5e-7, "name": "a\u19b0b \u1e9e", "of": [1e20]})
    for typed in ("07", "1.5e-07", "a\u19b0b", "a\u19b0", "SS", "100000000000000000000"):
        assert seqs(await page_of(database, text=typed, quiet=True)) == [row.seq], typed
    for typed in ("share", "b\u19b0", "5e-08"):
        assert seqs(await page_of(database, text=typed, quiet=True)) == [], typed


async def test_a_count_of_rows_with_words_says_where_it_stopped(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "LOOK", 5)
    for _ in range(6):
        await append(database, payload={"reason": "moved"})
    wanted = AuditFilter(text="moved", quiet=True)
    counted = await database.read(lambda unit: unit.audit.count(wanted, limit=10))
    assert (counted.rows, counted.complete) == (5, False)


async def test_words_that_stand_together_are_found_however_often_each_occurs(database: Database) -> None:
    await append(database, payload={"tables": [f"orders_{number}" for number in range(1, 801)]})
    for typed, found in (("orders_255", [1]), ("orders_256", [1]), ("799-orders-800", [1]), ("orders_801", [])):
        assert seqs(await page_of(database, text=typed, quiet=True)) == found, typed


async def test_no_row_has_more_words_than_the_index_takes(database: Database) -> None:
    row = await append(database, payload={"text": " ".join(chr(0x20000 + number) * 100 for number in range(5_000))})
    assert seqs(await page_of(database, text=chr(0x20000), quiet=True)) == [row.seq]

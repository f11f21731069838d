"""Deliveries: taken once, answered once, found again after a crash."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.db.engine import Database
from bot.domain.records import InboxState
from tests.clock import START
from tests.factories import make_delivery


async def test_a_new_delivery_is_taken(database: Database) -> None:
    delivery = make_delivery()
    assert await database.note(lambda unit: unit.inbox.record(delivery)) is None
    assert await database.read(lambda unit: unit.inbox.get(delivery.key)) == delivery


async def test_a_repeat_finds_the_first_one_and_its_answer(database: Database) -> None:
    first = make_delivery("Ev1", story="st-1")
    await database.note(lambda unit: unit.inbox.record(first))
    await database.note(lambda unit: unit.inbox.finish("Ev1", InboxState.ANSWERED, "12 databases"))
    repeat = make_delivery("Ev1", story="st-2")
    found = await database.note(lambda unit: unit.inbox.record(repeat))
    assert found == replace(first, state=InboxState.ANSWERED, answer="12 databases")


async def test_of_ten_repeats_at_once_one_is_new(database: Database) -> None:
    deliveries = [make_delivery("Ev1", story=f"st-{number}") for number in range(10)]
    found = await asyncio.gather(
        *(database.note(lambda unit, one=one: unit.inbox.record(one)) for one in deliveries)  # type: ignore[misc]
    )
    assert found.count(None) == 1


async def test_what_was_never_answered_is_found_oldest_first(database: Database) -> None:
    for minutes, key in ((2, "Ev3"), (0, "Ev1"), (1, "Ev2"), (5, "Ev5")):
        delivery = make_delivery(key, received_at=START + timedelta(minutes=minutes))
        await database.note(lambda unit, delivery=delivery: unit.inbox.record(delivery))  # type: ignore[misc]
    await database.note(lambda unit: unit.inbox.finish("Ev2", InboxState.ANSWERED, ""))
    left = await database.note(lambda unit: unit.inbox.unfinished(START + timedelta(minutes=5)))
    assert [delivery.key for delivery in left] == ["Ev1", "Ev3"]


async def test_old_deliveries_are_forgotten(database: Database) -> None:
    for hours, key in ((0, "Ev1"), (1, "Ev2")):
        delivery = make_delivery(key, received_at=START + timedelta(hours=hours))
        await database.note(lambda unit, delivery=delivery: unit.inbox.record(delivery))  # type: ignore[misc]
    assert await database.note(lambda unit: unit.inbox.purge(START + timedelta(hours=1))) == 1
    assert await database.read(lambda unit: unit.inbox.get("Ev1")) is None
    assert await database.read(lambda unit: unit.inbox.get("Ev2")) is not None

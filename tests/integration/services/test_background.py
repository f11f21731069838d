"""The loops beside the deliveries work when there is something to do, and leave the database to others when not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.errors import Unavailable
from bot.services import background
from tests.bots import World, running_bot
from tests.factories import make_item

T = TypeVar("T")


async def until_sent(world: World, item_id: str) -> None:
    """Until nobody owes this message any more."""
    async with asyncio.timeout(8):
        while await world.program.database.read(lambda unit: unit.outbox.is_waiting(item_id)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def owed_by_another(world: World, item_id: str) -> None:
    """A message that another replica put there: nobody here is woken."""
    person = world.workspace.member("ada").id
    item = make_item(item_id, item_id, kind="setup", person_id=person)
    await world.program.database.note(lambda unit: unit.outbox.put(item))


async def test_what_another_replica_left_is_found(database_url: str) -> None:
    async with running_bot(database_url) as world:
        await owed_by_another(world, "left")
        await until_sent(world, "left")


async def test_an_idle_bot_writes_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_bot(database_url) as world:
        await world.settle()
        await asyncio.sleep(background.POLL_SECONDS)  # who was woken meanwhile has looked
        written: list[Callable[[Unit], object]] = []

        async def write(database: Database, work: Callable[[Unit], T]) -> T:
            written.append(work)
            raise Unavailable("nothing was to be written")

        monkeypatch.setattr(Database, "write", write)
        monkeypatch.setattr(Database, "note", write)
        await asyncio.sleep(2.5 * background.POLL_SECONDS)
        monkeypatch.undo()
        assert written == []


async def test_where_the_look_for_all_fails_each_sees_for_itself(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(unit: Unit) -> None:
        raise ValueError("something nobody thought of")

    monkeypatch.setattr(Unit, "due", broken)
    async with running_bot(database_url) as world:
        await owed_by_another(world, "left")
        await until_sent(world, "left")

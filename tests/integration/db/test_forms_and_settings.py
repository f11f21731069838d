"""Open forms, and what is kept by name."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.db.engine import Database
from bot.domain.records import FormState
from tests.clock import START
from tests.factories import make_form


async def test_a_form_comes_back_as_it_was_put(database: Database) -> None:
    form = make_form()
    await database.note(lambda unit: unit.forms.put(form))
    assert await database.read(lambda unit: unit.forms.get(form.id)) == form
    assert await database.read(lambda unit: unit.forms.get("fm-none")) is None


async def test_a_second_submission_does_not_get_through(database: Database) -> None:
    await database.note(lambda unit: unit.forms.put(make_form()))
    moved = await asyncio.gather(
        *(database.note(lambda unit: unit.forms.move("fm-1", FormState.OPEN, FormState.WORKING)) for _ in range(4))
    )
    assert sorted(moved) == [False, False, False, True]


async def test_old_forms_are_forgotten(database: Database) -> None:
    await database.note(lambda unit: unit.forms.put(make_form("fm-1")))
    await database.note(lambda unit: unit.forms.put(make_form("fm-2", created_at=START + timedelta(days=1))))
    assert await database.note(lambda unit: unit.forms.purge(START + timedelta(days=1))) == 1
    assert await database.read(lambda unit: unit.forms.get("fm-2")) is not None


async def test_a_setting_holds_what_was_set_last(database: Database) -> None:
    assert await database.read(lambda unit: unit.settings.get("stage")) is None
    await database.note(lambda unit: unit.settings.set("stage", "one"))
    await database.note(lambda unit: unit.settings.set("stage", "two"))
    assert await database.read(lambda unit: unit.settings.get("stage")) == "two"


async def test_a_pin_holds_what_was_set_first(database: Database) -> None:
    first = await database.note(lambda unit: unit.settings.set_if_absent("team", "T1"))
    second = await database.note(lambda unit: unit.settings.set_if_absent("team", "T2"))
    assert (first, second) == ("T1", "T1")


async def test_an_empty_pin_is_a_pin(database: Database) -> None:
    await database.note(lambda unit: unit.settings.set_if_absent("organisation:prod", ""))
    assert await database.note(lambda unit: unit.settings.set_if_absent("organisation:prod", "acme")) == ""

"""Slack's bad days: an answer that finds no way to the person is owed to them, and told once there is one."""

from __future__ import annotations

import pytest

from bot.domain.audit import AuditKind
from bot.sandbox.slack.outages import RESPONSE_URL, Outage
from tests.bots import World

EVERY_WAY = (RESPONSE_URL, "chat.*", "conversations.open")


def silence(world: World, outage: Outage = Outage.RESET_BEFORE) -> None:
    """No way leads to anybody."""
    for way in EVERY_WAY:
        world.workspace.outages.arm(way, outage, times=None)


@pytest.mark.parametrize("outage", [Outage.RESET_BEFORE, Outage.UNAVAILABLE])
async def test_an_answer_whose_own_address_breaks_comes_by_another_way(world: World, outage: Outage) -> None:
    world.workspace.outages.arm(RESPONSE_URL, outage, times=None)
    assert "12 databases" in await world.says("cleo", "#prod", "databases list")
    row = (await world.trail())[-1]
    assert row.kind is AuditKind.READ
    assert await world.program.deliveries.recover() == 0, "the delivery is answered, and nobody is told otherwise"


async def test_the_end_of_a_confirmed_request_that_no_answer_could_tell_is_told_later(world: World) -> None:
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    silence(world)
    await world.presses("alan", "#prod", "Confirm")
    assert world.api.estate.labelled("orders-eu").tables["invoices"]
    world.workspace.outages.clear()
    await world.person("alan").wait_for(lambda: "Enabled CloudSync" in world.told("alan") or None)


async def test_the_end_that_a_form_could_not_tell_is_told_later_and_written_down_once(world: World) -> None:
    await world.says("alan", "#prod", "databases update orders-eu")
    silence(world, Outage.UNAVAILABLE)
    world.workspace.outages.arm("views.update", Outage.UNAVAILABLE, times=None)
    await world.fills("alan", {"Label": "orders-europe"})
    world.workspace.outages.clear()
    await world.person("alan").wait_for(lambda: "orders-europe" in world.told("alan") or None)
    assert {row.kind for row in await world.trail()} & {AuditKind.ABANDONED} == set()


async def test_what_was_told_on_the_screen_is_not_told_again(world: World) -> None:
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    await world.presses("alan", "#prod", "Confirm")
    assert await world.program.database.read(lambda unit: unit.outbox.pending()) == 0
    assert world.told("alan") == ""


async def test_a_question_that_could_not_be_put_on_the_screen_comes_by_message_and_is_answered_there(
    world: World,
) -> None:
    silence(world)
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    world.workspace.outages.clear()
    await world.person("alan").wait_for(lambda: "Please confirm" in world.told("alan") or None)
    await world.presses("alan", "dm", "Confirm")
    assert world.api.estate.labelled("orders-eu").tables["invoices"]
    assert "Enabled CloudSync" in world.told("alan")


async def test_a_question_that_stands_on_the_screen_is_not_put_again(world: World) -> None:
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    assert await world.program.database.read(lambda unit: unit.outbox.pending()) == 0

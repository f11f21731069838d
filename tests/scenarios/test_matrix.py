"""Every command of the registry: its success, its refusal by role and, where it calls the API, the API's failure."""

from __future__ import annotations

import pytest

from bot.commands.command import Command
from bot.domain.access import OperationClass, Role
from bot.domain.audit import AuditKind, AuditOutcome
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.switches import Switches
from tests.bots import World
from tests.scenarios.matrix import CALLING, COMMANDS, WAYS, as_far_as_told, carried_through, close_form

K = AuditKind
READING = [name for name in CALLING if COMMANDS[name].operation_class is OperationClass.READ]
CHANGING = [name for name in CALLING if name not in READING]
ENDPOINTS = 16


def test_no_command_is_without_its_row() -> None:
    assert set(WAYS) == set(COMMANDS)
    assert len({COMMANDS[name].endpoint for name in CALLING}) == ENDPOINTS


async def test_each_command_comes_to_its_success(world: World, under: Switches) -> None:
    wrong = {}
    await world.says("alan", "#prod", 'devices remove orders-eu site_00002 --reason "lost"')
    request = next(row.request_id for row in await world.trail() if row.request_id)
    for name, way in WAYS.items():
        answer = await carried_through(world, name, request or "")
        last = [row for row in await world.trail() if row.action is COMMANDS[name].action and row.kind is not K.FORM]
        if as_far_as_told(way.said, under) not in answer or not last or last[-1].outcome is not AuditOutcome.SUCCEEDED:
            wrong[name] = (answer, last[-1:])
    assert wrong == {}


def refused_to(command: Command) -> tuple[str, str]:
    """Somebody who may not, and where: a role less than needed, or a channel that is not bound."""
    return {Role.OPERATOR: ("cleo", "#prod"), Role.ADMIN: ("alan", "#prod")}.get(command.asks, ("cleo", "#random"))


async def test_each_command_is_refused_by_role_and_the_free_ones_answer(world: World) -> None:
    wrong = {}
    for name, command in COMMANDS.items():
        who, where = refused_to(command)
        answer = await world.says(who, where, command.example)
        await close_form(world, who)
        last = (await world.trail())[-1]
        is_free = command.operation_class is OperationClass.FREE
        wanted = AuditOutcome.SUCCEEDED if is_free else AuditOutcome.DENIED
        is_told = "⛔ Not permitted" in answer and last.kind is K.REFUSAL
        if is_told is is_free or (last.action, last.outcome) != (command.action, wanted):
            wrong[name] = (answer, last)
    assert wrong == {}
    assert world.api.journal.changing == []


@pytest.mark.parametrize("fault", [FaultKind.UNAUTHORIZED, FaultKind.HTML, FaultKind.CONFLICT])
async def test_a_reading_that_the_api_fails_is_a_sentence_with_a_reference(world: World, fault: FaultKind) -> None:
    wrong = {}
    world.api.faults.arm(fault, times=-1)
    for name in READING:
        answer = await carried_through(world, name)
        last = (await world.trail())[-1]
        is_told = answer.startswith("❌") and "Next:" in answer and "Reference ref-" in answer
        if not is_told or (last.kind, last.outcome) != (K.READ, AuditOutcome.FAILED):
            wrong[name] = (answer, last)
    assert wrong == {}


async def test_a_change_that_the_api_refuses_is_told_with_all_codes(world: World) -> None:
    wrong = {}
    for name in CHANGING:
        command = COMMANDS[name]
        world.api.faults.arm(FaultKind.SEVERAL_ERRORS, method=command.endpoint.split()[0])
        answer = await carried_through(world, name)
        last = [row for row in await world.trail() if row.action is command.action and row.kind is not K.FORM][-1]
        is_told = "first_problem" in answer and "second_problem" in answer
        if not is_told or (last.kind, last.outcome, last.code) != (K.OUTCOME, AuditOutcome.REJECTED, "first_problem"):
            wrong[name] = (answer, last)
    assert wrong == {}
    assert len(world.api.journal.changing) == len(CHANGING)

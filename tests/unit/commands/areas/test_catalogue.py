"""The commands are those of the documented table: path, class, who asks, gate."""

from __future__ import annotations

import pytest

from bot.commands.catalogue import all_commands
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.replies import CommandButton, Reply
from tests.unit.commands.areas.channel import REGISTRY, Channel
from tests.unit.commands.plain import line_text, part_lines, reply_text

READ, CHANGE, DESTRUCTIVE = OperationClass.READ, OperationClass.CHANGE, OperationClass.DESTRUCTIVE
TABLE = {
    "org": (READ, Role.VIEWER, Gate.NONE, "GET /v1/orgs"),
    "databases list": (READ, Role.VIEWER, Gate.NONE, "GET /v1/databases"),
    "databases show": (READ, Role.VIEWER, Gate.NONE, "GET /v1/databases/:databaseID"),
    "databases check": (READ, Role.VIEWER, Gate.NONE, "GET /v1/databases/:databaseID/connection"),
    "databases register": (CHANGE, Role.OPERATOR, Gate.NONE, "POST /v1/databases"),
    "databases update": (CHANGE, Role.OPERATOR, Gate.NONE, "PATCH /v1/databases/:databaseID"),
    "databases delete": (DESTRUCTIVE, Role.OPERATOR, Gate.APPROVE, "DELETE /v1/databases/:databaseID"),
    "tables list": (READ, Role.VIEWER, Gate.NONE, "GET /v1/databases/:databaseID/cloudsync/tables"),
    "tables enable": (CHANGE, Role.OPERATOR, Gate.CONFIRM, "POST /v1/databases/:databaseID/cloudsync/enable"),
    "tables disable": (DESTRUCTIVE, Role.ADMIN, Gate.CONFIRM, "POST /v1/databases/:databaseID/cloudsync/disable"),
    "notifications status": (READ, Role.VIEWER, Gate.NONE, "GET /v1/databases/:databaseID/notifications/status"),
    "notifications token show": (READ, Role.VIEWER, Gate.NONE, "GET {token}"),
    "notifications token set": (CHANGE, Role.OPERATOR, Gate.NONE, "PUT {token}"),
    "notifications token delete": (DESTRUCTIVE, Role.OPERATOR, Gate.APPROVE, "DELETE {token}"),
    "devices list": (READ, Role.VIEWER, Gate.NONE, "GET /v1/databases/:databaseID/devices"),
    "devices remove": (DESTRUCTIVE, Role.OPERATOR, Gate.APPROVE, "DELETE /v1/databases/:databaseID/devices/:siteId"),
}
TOKEN = "/v1/databases/:databaseID/notifications/expo-access-token"


@pytest.mark.parametrize("name", TABLE)
def test_a_command_is_as_the_table_says(name: str) -> None:
    command = REGISTRY.get(*name.split())
    operation_class, asks, gate, endpoint = TABLE[name]
    assert (command.operation_class, command.asks, command.gate) == (operation_class, asks, gate)
    assert command.endpoint == endpoint.format(token=TOKEN)


def test_all_sixteen_endpoints_are_behind_a_command_and_none_twice() -> None:
    endpoints = [command.endpoint for command in all_commands() if command.endpoint]
    assert len(endpoints) == len(set(endpoints)) == 16


def test_roles_and_the_trail_are_for_those_who_should_see_them() -> None:
    asks = {command.name: command.asks for command in all_commands()}
    assert asks["audit list"] is asks["audit show"] is Role.OPERATOR
    assert asks["roles list"] is asks["approvals list"] is asks["approvals show"] is Role.VIEWER
    assert {asks[f"roles {verb}"] for verb in ("bind", "unbind", "grant", "revoke")} == {Role.ADMIN}


READS = [
    "org",
    "databases list",
    "databases list orders",
    "databases list nothing-like-this",
    "databases show orders-eu",
    "databases check orders-eu",
    "databases check billing",
    "databases check warehouse",
    "tables list orders-eu",
    "tables list kiosk",
    "notifications status orders-eu",
    "notifications status field-app",
    "notifications status kiosk",
    "notifications token show orders-eu",
    "notifications token show kiosk",
    "devices list orders-eu",
    "devices list kiosk",
    "devices list orders-eu --page 9",
    "approvals list",
    "audit list",
    "roles list",
]


@pytest.mark.parametrize("text", READS)
async def test_an_answer_opens_with_its_verdict_ends_with_the_next_action_and_fits_a_phone(
    channel: Channel, text: str
) -> None:
    reply = await channel.reply(text)
    verdict, next_step = line_text(reply.verdict), line_text(reply.next_step)
    assert 5 < len(verdict) <= 120
    assert verdict[-1] not in ".!"
    turning = any(isinstance(one, CommandButton) and one.label == "Next" for one in reply.actions)
    assert next_step.startswith("Turn the page, or " if turning else "Next: ")
    assert len(part_lines(reply)) <= 20
    assert "!" not in reply_text(reply).replace("<!channel>", "")


@pytest.mark.parametrize("text", READS)
async def test_every_button_of_an_answer_is_a_command_that_can_be_typed(channel: Channel, text: str) -> None:
    reply: Reply = await channel.reply(text)
    for button in reply.actions:
        if isinstance(button, CommandButton):
            assert REGISTRY.find(button.command.split())[0] is not None, button.command

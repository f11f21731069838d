"""What is shown after a success: the state read again, and the way back where there is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.commands.catalogue import all_commands
from bot.commands.parsing import parse
from bot.commands.registry import Registry
from bot.domain.audit import JsonValue
from bot.domain.requests import OperationKind as Kind
from bot.domain.requests import Result
from bot.sandbox.api.switches import Fields, Switches
from bot.services.operations.operation import Receipt
from tests.factories import make_request
from tests.unit.services.operations.asking import Asked, Desk


async def receipt_of(asked: Asked) -> Receipt:
    request = await asked.requested()
    await asked.send()
    return await asked.receipt(request)


async def test_a_deletion_leaves_what_is_needed_to_register_again_and_no_secret(desk: Desk) -> None:
    receipt = await receipt_of(desk.ask(Kind.DELETE_DATABASE))
    assert dict(receipt.lines) == {
        "Was": "postgres / supabase / orders_eu",
        "Tables that were enabled": "order_lines, orders, users",
        "Schema": "public",
        "JWT issuers": "https://project.supabase.co/auth/v1",
        "JWT audiences": "authenticated",
        "JWKS URI": "https://project.supabase.co/auth/v1/.well-known/jwks.json",
    }
    assert "hunter2" not in repr(receipt)


async def test_a_deletion_says_once_what_provider_and_flavor_have_in_common(desk: Desk) -> None:
    receipt = await receipt_of(desk.ask(Kind.DELETE_DATABASE, "kiosk"))
    assert dict(receipt.lines)["Was"] == "sqlitecloud / kiosk"


async def test_tables_are_read_again_and_the_inverse_is_offered(desk: Desk) -> None:
    receipt = await receipt_of(desk.ask(Kind.DISABLE_TABLES, "orders-eu", "users", "orders"))
    assert receipt.lines == (("Read afterwards", "users disabled, orders disabled"),)
    assert receipt.undo_label == "Enable again"
    assert receipt.undo_command == f"tables enable {desk.database().id} users orders"


async def test_what_was_so_before_is_not_turned_back(desk: Desk) -> None:
    receipt = await receipt_of(desk.ask(Kind.ENABLE_TABLES, "orders-eu", "users", "invoices"))
    assert receipt.undo_command == f"tables disable {desk.database().id} invoices"
    assert dict(receipt.lines)["Enabled already"] == "users"


async def test_what_changed_nothing_says_so_and_has_no_way_back(desk: Desk) -> None:
    enabled = await receipt_of(desk.ask(Kind.ENABLE_TABLES, "orders-eu", "users"))
    assert dict(enabled.lines) == {"Enabled already": "users", "Read afterwards": "users enabled"}
    disabled = await receipt_of(desk.ask(Kind.DISABLE_TABLES, "orders-eu", "invoices"))
    assert dict(disabled.lines) == {"Disabled already": "invoices", "Read afterwards": "invoices disabled"}
    assert (enabled.undo_command, disabled.undo_command) == ("", "")


async def test_a_table_that_is_not_as_wanted_afterwards_is_told_and_not_turned_back(desk: Desk) -> None:
    asked = desk.ask(Kind.ENABLE_TABLES, "orders-eu", "invoices", "audit_log")
    request = await asked.requested()
    await asked.send()
    del desk.database().tables["invoices"]
    receipt = await asked.receipt(request)
    assert receipt.astray == ("invoices",)
    assert receipt.lines == (("Read afterwards", "invoices gone, audit_log enabled"),)
    assert receipt.undo_command == f"tables disable {desk.database().id} audit_log"


async def test_a_table_that_is_gone_is_as_disabled_as_was_wanted(desk: Desk) -> None:
    asked = desk.ask(Kind.DISABLE_TABLES, "orders-eu", "users", "orders")
    request = await asked.requested()
    await asked.send()
    del desk.database().tables["users"]
    desk.database().tables["orders"] = True
    assert (await asked.receipt(request)).astray == ("orders",)


async def test_the_way_back_survives_a_table_with_a_space(desk: Desk) -> None:
    desk.database().tables["order lines"] = True
    receipt = await receipt_of(desk.ask(Kind.DISABLE_TABLES, "orders-eu", "order lines"))
    parsed = parse(receipt.undo_command, Registry(all_commands()), now=datetime.now(UTC), timezone="UTC")
    assert parsed.arguments.names("tables") == ("order lines",)


async def test_a_new_label_reads_back_and_can_be_turned_back(desk: Desk) -> None:
    receipt = await receipt_of(desk.ask(Kind.UPDATE_DATABASE, arguments={"label": "orders-europe"}))
    assert receipt.lines == (("Label now", "orders-europe"),)
    assert receipt.undo_label == "Rename it back"


async def test_other_settings_have_no_inverse(desk: Desk) -> None:
    receipt = await receipt_of(desk.ask(Kind.UPDATE_DATABASE, arguments={"jwksUri": "https://k.example"}))
    assert receipt.lines == (("JWKS URI now", "https://k.example"),)
    assert receipt.undo_command == ""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"jwksUri": ""}, ("JWKS URI now", "none")),
        ({"jwtAllowedIssuers": []}, ("JWT allowed issuers now", "none")),
    ],
)
async def test_a_field_that_was_cleared_is_told(
    desk: Desk, arguments: dict[str, JsonValue], line: tuple[str, str]
) -> None:
    assert (await receipt_of(desk.ask(Kind.UPDATE_DATABASE, arguments=arguments))).lines == (line,)


async def test_a_field_that_the_api_does_not_return_is_not_shown_as_none(desk: Desk) -> None:
    desk.api.switches = Switches(fields=Fields.FEW)
    receipt = await receipt_of(desk.ask(Kind.UPDATE_DATABASE, arguments={"jwksUri": "https://k.example"}))
    assert receipt.lines == (("Label", "orders-eu"),)


async def test_a_registration_tells_the_id_whether_or_not_the_api_did(desk: Desk) -> None:
    asked = desk.register()
    request = await asked.requested()
    sent = await asked.send()
    created = desk.database("billing-eu").id
    told = make_request(operation=asked.operation, observation=request.observation, result=sent.result)
    silent = make_request(operation=asked.operation, observation=request.observation, result=Result())
    assert (await asked.receipt(told)).lines == (("Database ID", created),)
    assert (await asked.receipt(silent)).lines == (("Database ID", created),)


async def test_a_token_leads_to_the_push_status(desk: Desk) -> None:
    assert (await receipt_of(desk.ask(Kind.DELETE_TOKEN))).lines == (("Push now", "disabled"),)
    asked = desk.ask(Kind.SET_TOKEN, "kiosk", secrets={"expoAccessToken": "t"})
    assert (await receipt_of(asked)).lines == (("Push now", "enabled"),)

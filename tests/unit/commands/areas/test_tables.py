"""Tables: listed page by page, enabled and disabled by name or by menu."""

from __future__ import annotations

import pytest

from bot.domain.access import Gate, OperationClass, Role
from bot.domain.errors import InvalidInput
from bot.domain.replies import CommandButton
from tests.unit.commands.areas.channel import ADA, HERE, Channel, Values
from tests.unit.commands.plain import line_text, part_lines


async def test_the_verdict_counts_those_that_sync(channel: Channel) -> None:
    reply = await channel.reply("tables list orders-eu")
    assert line_text(reply.verdict).startswith("3 of 5 tables sync in orders-eu")
    assert "users: syncs" in part_lines(reply)
    assert "invoices: does not sync" in part_lines(reply)


async def test_many_tables_are_paged(channel: Channel) -> None:
    channel.api.estate.labelled("orders-eu").tables = {f"t{number:03}": False for number in range(45)}
    reply = await channel.reply("tables list orders-eu --page 2")
    assert part_lines(reply)[0].startswith("t020")
    assert line_text(reply.verdict).endswith(", page 2 of 3")
    assert line_text(reply.next_step) == "Turn the page, or enable or disable tables."
    assert [one.label for one in reply.actions if isinstance(one, CommandButton)][:2] == ["Previous", "Next"]
    past = part_lines(await channel.reply("tables list orders-eu --page 99"))
    assert past[0].endswith("pages; this is the last.")


@pytest.mark.parametrize(
    ("text", "operation_class"),
    [
        ("tables enable orders-eu invoices audit_log", OperationClass.CHANGE),
        ('tables disable orders-eu users orders --reason "schema change"', OperationClass.DESTRUCTIVE),
    ],
)
async def test_named_tables_are_one_request_that_is_confirmed(
    channel: Channel, text: str, operation_class: OperationClass
) -> None:
    assert not channel.opens_form(text)
    proposal = await channel.proposal(text)
    assert proposal.operation.items == tuple(text.split(" --")[0].split()[3:])
    assert (proposal.operation_class, proposal.gate) == (operation_class, Gate.CONFIRM)


async def test_tables_left_out_open_a_menu_of_those_that_fit(channel: Channel) -> None:
    assert channel.opens_form("tables enable orders-eu")
    (tables,) = (await channel.form("tables enable orders-eu")).fields
    assert [value for value, _ in tables.options] == ["invoices", "audit_log"]


async def test_disabling_without_a_reason_asks_for_it_and_keeps_what_was_named(channel: Channel) -> None:
    assert channel.opens_form("tables disable orders-eu users")
    tables, reason = (await channel.form("tables disable orders-eu users")).fields
    assert tables.value == ("users",)
    assert (reason.label, reason.required) == ("Reason", True)


def test_the_menu_wants_a_choice_and_disabling_a_reason(channel: Channel) -> None:
    assert set(channel.check("tables enable orders-eu", {"tables": ()})) == {"tables"}
    assert channel.check("tables enable orders-eu", {"tables": ("users",)}) == {}
    assert set(channel.check("tables disable orders-eu", {"tables": ("users",), "reason": ""})) == {"reason"}


async def test_the_menus_choice_is_proposed(channel: Channel) -> None:
    values: Values = {"tables": ("users", "orders"), "reason": "schema change"}
    proposal = await channel.proposal("tables disable orders-eu", values)
    assert (proposal.operation.items, proposal.reason) == (("users", "orders"), "schema change")


async def test_an_unknown_table_gets_the_nearest_and_nothing_is_asked(channel: Channel) -> None:
    with pytest.raises(InvalidInput) as raised:
        await channel.ask("tables enable orders-eu users invoice")
    assert raised.value.problem == "There is no table “invoice” in this database."
    assert raised.value.nearest[0] == "invoices"


async def test_all_unknown_tables_are_told_and_only_what_is_near_is_suggested(channel: Channel) -> None:
    with pytest.raises(InvalidInput) as raised:
        await channel.ask("tables enable orders-eu zebra xylophone")
    assert raised.value.problem == "There are no tables “zebra”, “xylophone” in this database."
    assert raised.value.nearest == ()
    assert "tables list db_" in raised.value.advice


async def test_nothing_to_choose_is_told_for_what_it_is(channel: Channel) -> None:
    with pytest.raises(InvalidInput, match="has no tables yet"):
        await channel.ask("tables enable kiosk")
    channel.api.estate.labelled("kiosk").tables = {"a": True}
    with pytest.raises(InvalidInput, match="is enabled already"):
        await channel.ask("tables enable kiosk")


@pytest.mark.parametrize(
    ("role", "person", "whom"),
    [
        (Role.ADMIN, "U0VIEWER", "ask an operator to enable tables, or an admin to disable them."),
        (Role.OPERATOR, "U0VIEWER", "ask an operator to enable tables."),
        (Role.VIEWER, "U0VIEWER", "ask an operator, in a channel with the role operator, to enable tables."),
        (Role.VIEWER, ADA, "go to a channel with the role operator to enable tables."),
    ],
)
async def test_whoever_may_only_look_is_told_who_may_change_something_and_where(
    channel: Channel, role: Role, person: str, whom: str
) -> None:
    await channel.bind(HERE, role)
    assert line_text((await channel.reply("tables list orders-eu", person=person)).next_step) == f"Next: {whom}"
    setting = (await channel.reply("notifications status kiosk", person=person)).next_step
    told = whom.partition("enable tables")[0]
    assert line_text(setting) == f"Next: {told}set an Expo access token to switch them on."


async def test_the_form_for_tables_that_were_named_is_opened_again_with_them(channel: Channel) -> None:
    form = await channel.form("tables disable orders-eu orders")
    assert form.command.endswith(" orders")


async def test_a_form_for_more_tables_than_a_button_holds_is_opened_again_without_them(channel: Channel) -> None:
    database = channel.api.estate.labelled("orders-eu")
    database.tables = {f"table_{number:03}": True for number in range(200)}
    form = await channel.form(f"tables disable orders-eu {' '.join(database.tables)}")
    assert form.command == f"tables disable {database.id}"


async def test_the_reason_for_enabling_outlives_the_choice_of_tables(channel: Channel) -> None:
    form = await channel.form('tables enable orders-eu --reason "new app"')
    assert (await channel.proposal(form.command, {"tables": ("invoices",)})).reason == "new app"


@pytest.mark.parametrize(
    "command",
    [
        "tables disable orders-eu orders",
        "tables enable orders-eu invoices",
        "tables enable orders-eu",
        "devices remove orders-eu site_00001",
        "notifications token delete orders-eu",
        "approvals rehearse",
    ],
)
async def test_a_reason_that_no_form_would_show_cut_is_refused_with_its_limit(channel: Channel, command: str) -> None:
    with pytest.raises(InvalidInput, match="at most 500 characters, and these are 501"):
        await channel.ask(f"{command} --reason {'x' * 501}")
    await channel.ask(f"{command} --reason {'x' * 500}")

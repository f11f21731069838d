"""What goes on while a call is under way: the API answers it in one way or another, and it is told as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.domain.audit import AuditKind
from bot.sandbox.api.estate import Database
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.switches import AbsentDeletion, AsItIs, SameLabel, SomeUnknown, Switches, UnknownTable
from tests.bots import World
from tests.scenarios.conftest import accounted_bot

ENABLE = "tables enable orders-eu invoices audit_log"


async def under_way(world: World, method: str, doing: Awaitable[str], meanwhile: Callable[[Database], object]) -> str:
    """What is answered where something happens to orders-eu after the call was sent and before it is worked on."""
    orders, sent = world.api.estate.labelled("orders-eu"), len(world.api.journal.changing)
    world.api.faults.arm(FaultKind.SLOW, method=method, seconds=2)
    task = asyncio.ensure_future(doing)
    async with asyncio.timeout(40):
        while len(world.api.journal.changing) == sent:  # noqa: ASYNC110 - the journal has no event
            await asyncio.sleep(0.01)
    meanwhile(orders)
    return await task


async def enabled(world: World, meanwhile: Callable[[Database], object], by: str = "alan") -> str:
    await world.says(by, "#prod", ENABLE)
    return await under_way(world, "POST", world.presses(by, "#prod", "Confirm"), meanwhile)


@pytest.mark.parametrize("choice", UnknownTable)
async def test_where_a_table_went_away_and_all_are_refused_none_is_called_enabled(
    sqlite_url: str, choice: UnknownTable
) -> None:
    async with accounted_bot(sqlite_url, switches=Switches(unknown_table=choice)) as world:
        answer = await enabled(world, lambda orders: orders.tables.pop("invoices"))
        assert answer.startswith("❌ Failed")
        assert f"Code: unknown_table (HTTP {choice.value})" in answer
        assert "audit_log: refused" in answer
        assert not world.api.estate.labelled("orders-eu").tables["audit_log"]


async def test_a_table_that_went_away_is_not_called_enabled_because_the_api_answered_so(sqlite_url: str) -> None:
    warning = "Not enabled when read afterwards: invoices."
    async with accounted_bot(sqlite_url, switches=Switches(some_unknown=SomeUnknown.PART_DONE)) as world:
        answer = await enabled(world, lambda orders: orders.tables.pop("invoices"), by="grace")
        assert answer.startswith("⚠️ Enabled CloudSync for the tables invoices, audit_log")
        assert answer.splitlines()[0].endswith("(so the API answered; reading shows otherwise)")
        assert f"Warning: {warning}" in answer
        assert "invoices: unknown (the API answered that it is done)" in answer
        assert "audit_log: done" in answer
        assert "Read afterwards: invoices gone, audit_log enabled" in answer
        read = (await world.trail())[-1]
        assert (read.kind, read.payload["warnings"]) == (AuditKind.RECONCILE, [warning])
        back = await world.presses("grace", "#prod", "Disable them")
        assert "There is no table" not in back, "the way back is for what was changed"


@pytest.mark.parametrize("choice", AsItIs)
async def test_a_table_that_somebody_enabled_first_is_refused_or_done_as_the_api_says(
    sqlite_url: str, choice: AsItIs
) -> None:
    async with accounted_bot(sqlite_url, switches=Switches(as_it_is=choice)) as world:
        answer = await enabled(world, lambda orders: orders.tables.update(invoices=True))
        is_refused = choice is AsItIs.CONFLICT
        assert answer.startswith("❌ Failed" if is_refused else "✅ Enabled")
        assert ("Code: conflict (HTTP 409)" in answer) is is_refused
        assert world.api.estate.labelled("orders-eu").tables["audit_log"] is not is_refused


@pytest.mark.parametrize("choice", AbsentDeletion)
async def test_what_somebody_else_took_away_first_is_gone_however_the_api_says_it(
    sqlite_url: str, choice: AbsentDeletion
) -> None:
    async with accounted_bot(sqlite_url, switches=Switches(absent_deletion=choice)) as world:
        is_told = choice is AbsentDeletion.NOT_FOUND
        await world.says("alan", "#prod", 'devices remove orders-eu site_00001 --reason "lost"')
        await under_way(world, "DELETE", world.presses("grace", "#prod", "Approve"), lambda one: one.devices.clear())
        assert world.card().startswith("✅ Already gone: remove the device" if is_told else "✅ Removed the device")
        await world.says("alan", "#prod", "notifications token delete orders-eu")
        await world.fills("alan", {"Reason": "leaked"})
        await under_way(world, "DELETE", world.presses("grace", "#prod", "Approve"), without_token)
        assert world.card().startswith("✅ Already gone: delete the Expo" if is_told else "✅ Deleted the Expo")


def without_token(database: Database) -> None:
    database.expo_token = None


@pytest.mark.parametrize("choice", SameLabel)
async def test_a_label_that_another_database_got_first_is_taken_or_refused_as_the_api_says(
    sqlite_url: str, choice: SameLabel
) -> None:
    async with accounted_bot(sqlite_url, switches=Switches(same_label=choice)) as world:
        await world.says("alan", "#prod", "databases update orders-us")
        filling = world.fills("alan", {"Label": "orders-world"})
        answer = await under_way(world, "PATCH", filling, lambda orders: setattr(orders, "label", "orders-world"))
        is_refused = choice is SameLabel.CONFLICT
        assert ("conflict" if is_refused else "Renamed the database") in answer
        labels = [one.label for one in world.api.estate.databases.values()]
        assert labels.count("orders-world") == (1 if is_refused else 2)

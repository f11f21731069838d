"""After a success: what changed is shown, and where the API has a way back, a button leads there."""

from __future__ import annotations

import asyncio

from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.domain.failpoints import arm
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.switches import AsItIs, Fields, Switches
from bot.sandbox.slack.reading import buttons_of
from tests.bots import World
from tests.scenarios.conftest import accounted_bot

DELETE = {"Reason": "moved", "Type the label to confirm": "orders-eu"}
SECRETS = {"Connection string": "postgresql://owner:hunter2@orders-eu.db.example:5432/orders"}
UNREAD = {"Provider": "postgres", "Flavor": "supabase", "Database name": "orders_eu"}
"""What is typed anew where the API returned only few fields of what was deleted."""


def buttons(world: World, name: str, channel: str = "#prod") -> list[str]:
    """The buttons of the newest message that this person sees."""
    return buttons_of(world.person(name).see(channel)[-1])


def again(under: Switches) -> dict[str, str]:
    """What the form that registers again is filled with."""
    return {**SECRETS, **(UNREAD if under.fields is Fields.FEW else {})}


async def deleted(world: World) -> None:
    await world.says("alan", "#prod", "databases delete orders-eu")
    await world.fills("alan", DELETE)
    await world.presses("grace", "#prod", "Approve")
    assert "Deleted the database" in world.card()


async def enabling(world: World) -> None:
    """What follows a registration comes by itself."""
    await world.person("alan").wait_for(lambda: [c for c in world.api.journal.changing if "enable" in c.path])
    await world.settle()


async def test_disabled_tables_are_enabled_again_by_a_button_that_is_confirmed_like_a_command(world: World) -> None:
    await world.says("grace", "#prod", 'tables disable orders-eu users orders --reason "schema change"')
    done = await world.presses("grace", "#prod", "Confirm")
    assert "users disabled, orders disabled" in done
    assert not world.api.estate.labelled("orders-eu").tables["users"]
    asked = await world.presses("grace", "#prod", "Enable again")
    assert "Please confirm" in asked
    assert len(world.api.journal.changing) == 1, "the button asks, it does not send"
    await world.presses("grace", "#prod", "Confirm")
    assert world.api.estate.labelled("orders-eu").tables["users"]
    assert world.api.journal.changing[-1].body == {"tables": ["users", "orders"]}


async def test_an_operator_is_told_who_disables_what_they_enabled_and_offered_nothing_futile(world: World) -> None:
    for channel in ("#prod", "#staging"):
        world.api.estate.labelled("orders-eu").tables["invoices"] = False
        await world.says("alan", channel, "tables enable orders-eu invoices")
        done = await world.presses("alan", channel, "Confirm")
        assert "if this was a mistake, ask an admin for" in done
        assert "Disable them" not in buttons(world, "alan", channel)
        assert ("in a channel with the role admin" in done) is (channel == "#staging")


async def test_enabled_tables_are_disabled_again_with_a_reason(world: World, under: Switches) -> None:
    so_already = "" if under.as_it_is is AsItIs.CONFLICT else " users"
    await world.says("grace", "#prod", f"tables enable orders-eu invoices{so_already}")
    await world.presses("grace", "#prod", "Confirm")
    await world.presses("grace", "#prod", "Disable them")
    await world.fills("grace", {"Reason": "enabled by mistake"})
    await world.presses("grace", "#prod", "Confirm")
    tables = world.api.estate.labelled("orders-eu").tables
    assert (tables["invoices"], tables["users"]) == (False, True), "what was so before stays as it was"


async def test_a_label_is_changed_back_through_the_form_with_the_old_one_filled_in(world: World) -> None:
    await world.says("alan", "#prod", "databases update orders-eu")
    await world.fills("alan", {"Label": "orders-europe"})
    assert "orders-europe" in world.reads("alan", "#prod")
    answer = world.person("alan").modal
    assert answer is not None
    await world.person("alan").click(answer, "Rename it back")
    await world.settle()
    form = world.person("alan").modal
    assert form is not None
    await world.person("alan").submit(form)
    await world.settle()
    assert world.api.estate.labelled("orders-eu").label == "orders-eu"


async def test_a_viewer_who_presses_the_way_back_is_refused(world: World) -> None:
    await deleted(world)
    assert "Register again" in buttons(world, "cleo")
    refused = await world.presses("cleo", "#prod", "Register again")
    assert "Not permitted" in refused
    last = (await world.trail())[-1]
    assert (last.kind, last.action) == (AuditKind.REFUSAL, AuditAction.DATABASES_REGISTER)


async def test_a_deleted_database_is_registered_again_with_its_tables(world: World, under: Switches) -> None:
    before = dict(world.api.estate.labelled("orders-eu").tables)
    old = world.api.estate.labelled("orders-eu")
    await deleted(world)
    form = await world.presses("alan", "#prod", "Register again")
    assert "Afterwards these tables are enabled again: order_lines, orders, users." in form
    assert "hunter2" not in form
    answer = await world.fills("alan", again(under))
    if not under.registered.tells_id:
        assert "Tables to enable by hand" in answer, "the API did not say what it registered"
        return
    await enabling(world)
    new = world.api.estate.labelled("orders-eu")
    assert new.id != old.id
    typed = ("provider", "flavor", "database_name")
    kept = () if under.fields is Fields.FEW else ("schema_name", "jwt_allowed_issuers", "jwks_uri")
    for name in (*typed, *kept):
        assert getattr(new, name) == getattr(old, name), name
    posted = next(call for call in world.api.journal.changing if call.path == "/v1/databases")
    assert "thenEnable" not in posted.body
    enabled = world.api.journal.changing[-1]
    assert enabled.path.endswith(f"{new.id}/cloudsync/enable")
    assert sorted(enabled.body["tables"]) == sorted(name for name, is_on in before.items() if is_on)
    rows = [row for row in await world.trail() if row.action is AuditAction.TABLES_ENABLE]
    assert [row.kind for row in rows] == [
        AuditKind.REQUEST,
        AuditKind.INTENT,
        AuditKind.OUTCOME,
        AuditKind.RECONCILE,
    ], "the last is what was read afterwards"
    assert rows[-1].outcome is AuditOutcome.SUCCEEDED
    registered = [row for row in await world.trail() if row.action is AuditAction.DATABASES_REGISTER]
    assert {row.story for row in rows} == {registered[-1].story}, "it belongs to the registration's story"


async def test_a_registration_whose_answer_was_lost_enables_its_tables_once_it_is_found(
    database_url: str, under: Switches
) -> None:
    async with accounted_bot(database_url, RECONCILE_SECONDS="1,2,3") as world:
        await deleted(world)
        await world.presses("alan", "#prod", "Register again")
        world.api.faults.arm(FaultKind.CLOSE_AFTER_EFFECT, method="POST", path="/v1/databases")
        await world.fills("alan", again(under))
        await enabling(world)
        assert world.api.estate.labelled("orders-eu").tables["users"]


async def test_only_a_deletion_of_this_environment_is_registered_again(world: World) -> None:
    refused = await world.says("alan", "#prod", "databases register --again rq-222222222222")
    assert "No deletion of a database here goes by that id" in refused
    await world.says("grace", "#prod", "tables enable orders-eu invoices")
    await world.presses("grace", "#prod", "Confirm")
    other = next(row.request_id for row in await world.trail() if row.request_id)
    assert "No deletion" in await world.says("alan", "#prod", f"databases register --again {other}")


async def test_what_could_not_be_read_at_once_is_read_later_and_told(world: World) -> None:
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    world.api.faults.arm(FaultKind.SLOW, method="POST", seconds=3)
    pressed = asyncio.create_task(world.presses("alan", "#prod", "Confirm"))
    async with asyncio.timeout(60):
        while not world.api.journal.changing:  # noqa: ASYNC110 - the journal has no event
            await asyncio.sleep(0.01)
    world.api.faults.arm(FaultKind.BAD_GATEWAY, method="GET", times=-1)
    assert "invoices enabled" not in await pressed
    world.api.faults.clear()
    await world.person("alan").wait_for(lambda: "invoices enabled" in world.told("alan") or None)


async def test_a_bot_that_dies_right_after_a_deletion_has_the_way_back_on_the_card(world: World) -> None:
    await world.says("alan", "#prod", "databases delete orders-eu")
    await world.fills("alan", DELETE)
    arm("after_outcome=exception")
    await world.presses("grace", "#prod", "Approve")
    assert "Deleted the database" in world.card()
    assert "Register again" in buttons(world, "alan")
    assert "Tables that were enabled" in world.card()


async def test_a_bot_that_breaks_right_after_a_change_still_shows_what_it_made(world: World) -> None:
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    arm("after_outcome=exception")
    await world.presses("alan", "#prod", "Confirm")
    await world.person("alan").wait_for(lambda: "invoices enabled" in world.told("alan") or None)

"""Changes that no other admin must approve: registration, label, tables, token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.switches import SameLabel, Switches, Times
from tests.bots import World

REGISTER: dict[str, Any] = {
    "Label": "billing-eu",
    "Provider": "postgres",
    "Flavor": "supabase",
    "Database name": "billing",
    "Connection string": "postgresql://owner:hunter2@billing.db.example:5432/billing",
    "JWT secret": "very-secret-jwt",
}
FORMS = [
    ("databases register", REGISTER, AuditAction.DATABASES_REGISTER, "POST", "Registered the database “billing-eu”"),
    ("databases update orders-eu", {"Label": "orders-europe"}, AuditAction.DATABASES_UPDATE, "PATCH", "Renamed"),
    (
        "notifications token set kiosk",
        {"Expo access token": "s3cr3t-token"},
        AuditAction.TOKEN_SET,
        "PUT",
        "Set the Expo access token of “kiosk”",
    ),
]
IDS = [text for text, *_ in FORMS]
Row = tuple[str, dict[str, Any], AuditAction, str, str]


@pytest.mark.parametrize("row", FORMS, ids=IDS)
async def test_the_form_is_the_confirmation_and_one_call_is_sent(world: World, row: Row) -> None:
    text, form, action, method, done = row
    await world.says("alan", "#prod", text)
    answer = await world.fills("alan", form)
    assert done in answer.splitlines()[0] or done in answer
    assert [call.method for call in world.api.journal.changing] == [method]
    kinds = [row.kind for row in await world.trail() if row.action is action and row.kind is not AuditKind.FORM]
    assert kinds == [AuditKind.REQUEST, AuditKind.INTENT, AuditKind.OUTCOME, AuditKind.RECONCILE], "read afterwards"


@pytest.mark.parametrize("row", FORMS, ids=IDS)
async def test_a_viewer_sees_a_refusal_instead_of_the_form(world: World, row: Row) -> None:
    answer = await world.says("cleo", "#prod", row[0])
    assert "Not permitted" in answer
    assert (await world.trail())[-1].outcome is AuditOutcome.DENIED


@pytest.mark.parametrize("row", FORMS, ids=IDS)
async def test_the_apis_refusal_stands_above_the_fields_and_nothing_typed_is_lost(world: World, row: Row) -> None:
    text, form, action, method, _ = row
    world.api.faults.arm(FaultKind.DATABASE_ERROR, method=method, code="database_auth_failed")
    await world.says("alan", "#prod", text)
    answer = await world.fills("alan", form)
    assert "database_auth_failed" in answer
    alan = world.person("alan")
    assert alan.modal is not None
    assert "input" in {block["type"] for block in alan.modal.blocks}
    last = [row for row in await world.trail() if row.action is action][-1]
    assert (last.outcome, last.code) == (AuditOutcome.REJECTED, "database_auth_failed")
    await alan.submit(alan.modal)
    await world.settle()
    assert len(world.api.journal.changing) == 2, "sending the form again sends a new request"


async def test_exactly_what_was_filled_in_is_registered(world: World) -> None:
    await world.says("alan", "#prod", "databases register")
    await world.fills(
        "alan", {**REGISTER, "JWT allowed issuers": "https://a.example\nhttps://b.example", "Flavor": "own"}
    )
    assert world.api.journal.changing[0].body == {
        "label": "billing-eu",
        "provider": "postgres",
        "flavor": "own",
        "databaseName": "billing",
        "connectionString": REGISTER["Connection string"],
        "jwtSecret": "very-secret-jwt",
        "jwtAllowedIssuers": ["https://a.example", "https://b.example"],
    }


async def test_a_new_database_leads_to_the_tables_that_shall_sync(world: World) -> None:
    await world.says("alan", "#prod", "databases register")
    answer = await world.fills("alan", REGISTER)
    assert "no table syncs yet" in answer
    modal = world.person("alan").modal
    assert modal is not None
    world.api.estate.labelled("billing-eu").tables.update(invoices=False)
    await world.person("alan").click(modal, "Enable tables")
    await world.settle()
    assert "Please confirm" in await world.fills("alan", {"Tables": ["invoices"]})


TAKEN = [
    ("databases register", {**REGISTER, "Label": "orders-us"}, "POST", "Registered the database “orders-us”"),
    ("databases update orders-eu", {"Label": "orders-us"}, "PATCH", "Renamed the database"),
]


@pytest.mark.parametrize("taken", TAKEN, ids=[text for text, *_ in TAKEN])
async def test_a_label_in_use_is_told_at_its_field_and_taken_only_when_ticked(
    world: World, taken: tuple[str, dict[str, Any], str, str], under: Switches
) -> None:
    text, form, method, done = taken
    box = "Take this label all the same"
    assert box not in await world.says("alan", "#prod", text)
    answer = await world.fills("alan", form)
    assert world.api.journal.changing == []
    assert "Another database has this label already: orders-us (db_" in answer
    assert answer.index("already: orders-us") < answer.index(box), "what is wrong stands at the label, above the box"
    assert (await world.trail())[-1].outcome is AuditOutcome.INVALID
    told = "conflict" if under.same_label is SameLabel.CONFLICT else done
    assert told in await world.fills("alan", {box: True})
    assert [call.method for call in world.api.journal.changing] == [method]


async def test_a_ticked_label_is_not_asked_about_again_when_the_api_refuses(world: World, under: Switches) -> None:
    await world.says("alan", "#prod", "databases register")
    await world.fills("alan", {**REGISTER, "Label": "orders-us"})
    world.api.faults.arm(FaultKind.DATABASE_ERROR, method="POST", code="database_auth_failed")
    answer = await world.fills("alan", {"Take this label all the same": True})
    assert "database_auth_failed" in answer
    assert "Another database has this label" not in answer
    told = "conflict" if under.same_label is SameLabel.CONFLICT else "Registered the database"
    assert told in await world.fills("alan", {})


async def test_the_box_for_a_label_in_use_goes_with_that_label(world: World) -> None:
    await world.says("alan", "#prod", "databases register")
    assert "Take this label" in await world.fills("alan", {**REGISTER, "Label": "orders-us"})
    world.api.faults.arm(FaultKind.DATABASE_ERROR, method="POST", code="database_auth_failed")
    answer = await world.fills("alan", {"Label": "orders-asia"})
    assert "database_auth_failed" in answer
    assert "Take this label" not in answer


async def test_a_ticked_box_goes_with_its_label_and_comes_empty_for_another(world: World) -> None:
    box = "Take this label all the same"
    await world.says("alan", "#prod", "databases register")
    await world.fills("alan", {**REGISTER, "Label": "orders-us"})
    answer = await world.fills("alan", {box: True, "Label": "customers"})
    assert "Another database has this label already: customers" in answer
    assert "Another database has this label already: customers" in await world.fills("alan", {}), "it came empty"
    world.api.faults.arm(FaultKind.DATABASE_ERROR, method="POST", code="database_auth_failed")
    assert box not in await world.fills("alan", {box: True, "Label": "orders-asia"})
    assert len(world.api.journal.changing) == 1


async def test_two_who_rename_learn_of_each_other_before_one_overwrites_the_other(world: World) -> None:
    for who in ("ada", "alan"):
        await world.says(who, "#prod", "databases update orders-eu")
    await world.fills("ada", {"Label": "renamed-by-ada"})
    answer = await world.fills("alan", {"Label": "renamed-by-alan"})
    assert "This was changed to “renamed-by-ada” since you opened this form." in answer
    assert len(world.api.journal.changing) == 1
    await world.fills("alan", {})
    assert world.api.journal.changing[1].body == {"label": "renamed-by-alan"}


async def test_only_what_differs_is_sent(world: World) -> None:
    await world.says("alan", "#prod", "databases update orders-eu")
    await world.fills("alan", {"Label": "orders-europe"})
    assert world.api.journal.changing[0].body == {"label": "orders-europe"}


async def test_a_form_with_nothing_changed_sends_nothing(world: World) -> None:
    await world.says("alan", "#prod", "databases update orders-eu")
    answer = await world.fills("alan", {})
    assert "Nothing differs" in answer
    assert world.api.journal.changing == []


async def test_tables_are_enabled_after_a_confirmation(world: World) -> None:
    answer = await world.says("alan", "#prod", "tables enable orders-eu invoices audit_log")
    assert "Please confirm" in answer
    assert world.api.journal.changing == []
    answer = await world.presses("alan", "#prod", "Confirm")
    assert "Enabled CloudSync for the tables invoices, audit_log" in answer
    assert world.api.journal.changing[0].body == {"tables": ["invoices", "audit_log"]}
    assert "Confirm" not in str([message.blocks for message in world.person("alan").see("#prod")])


async def test_a_cancelled_confirmation_sends_nothing(world: World) -> None:
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    assert "Cancelled" in await world.presses("alan", "#prod", "Cancel")
    assert world.api.journal.changing == []


async def test_tables_left_out_open_a_menu_of_those_that_fit(world: World) -> None:
    await world.says("alan", "#prod", "tables enable orders-eu")
    await world.fills("alan", {"Tables": ["invoices"]})
    await world.presses("alan", "#prod", "Confirm")
    assert world.api.journal.changing[0].body == {"tables": ["invoices"]}


async def test_disabling_needs_an_admin_and_a_reason(world: World) -> None:
    assert "Not permitted" in await world.says("alan", "#prod", 'tables disable orders-eu users --reason "x"')
    await world.says("ada", "#prod", 'tables disable orders-eu users --reason "schema change"')
    assert "Disabled CloudSync" in await world.presses("ada", "#prod", "Confirm")


async def test_an_unknown_table_gets_the_nearest_names(world: World) -> None:
    answer = await world.says("alan", "#prod", "tables enable orders-eu invoice")
    assert "invoices" in answer
    assert world.api.journal.changing == []


async def test_a_second_submission_while_one_runs_sends_nothing(world: World) -> None:
    world.api.estate.verification_seconds = 2
    await world.says("alan", "#prod", "databases register")
    alan = world.person("alan")
    modal = alan.modal
    assert modal is not None
    await alan.fill(modal, REGISTER)
    await alan.submit(modal)
    assert "Working on it" in alan.read(modal)
    await alan.submit(modal)
    await world.settle()
    assert len(world.api.journal.changing) == 1


async def test_a_closed_form_is_audited_as_the_one_it_was(world: World) -> None:
    await world.says("alan", "#prod", "databases delete orders-eu")
    alan = world.person("alan")
    assert alan.modal is not None
    await alan.close(alan.modal)
    await world.settle()
    newest = (await world.trail())[-1]
    assert (newest.kind, newest.action) == (AuditKind.FORM, AuditAction.DATABASES_DELETE)
    assert newest.outcome is AuditOutcome.CANCELLED


async def test_whoever_closes_the_form_gets_the_result_by_message(world: World) -> None:
    world.api.estate.verification_seconds = 2
    await world.says("alan", "#prod", "databases register")
    alan = world.person("alan")
    modal = alan.modal
    assert modal is not None
    await alan.fill(modal, REGISTER)
    await alan.submit(modal)
    await alan.close(modal)
    await world.settle()
    seen = [alan.read(one) for place in ("#prod", "dm") for one in alan.see(place)]
    assert any("Registered the database" in text for text in seen)
    later = timedelta(minutes=5)
    assert not await world.program.database.read(lambda unit: unit.outbox.due_now(unit.now + later)), "told once"


async def test_whoever_closes_the_form_gets_a_failure_by_message_too_once_and_without_a_row_of_its_own(
    world: World,
) -> None:
    world.api.estate.verification_seconds = 2
    world.api.faults.arm(FaultKind.DATABASE_ERROR, method="POST", code="database_paused")
    await world.says("alan", "#prod", "databases register")
    alan = world.person("alan")
    modal = alan.modal
    assert modal is not None
    await alan.fill(modal, REGISTER)
    await alan.submit(modal)
    await alan.close(modal)
    await world.settle()
    (told,) = [alan.read(one) for place in ("#prod", "dm") for one in alan.see(place)]
    assert "database_paused" in told
    assert "/invite" not in told
    rows = [row for row in await world.trail() if row.action is AuditAction.DATABASES_REGISTER]
    kinds = [row.kind for row in rows if row.kind is not AuditKind.FORM]
    assert kinds == [AuditKind.REQUEST, AuditKind.INTENT, AuditKind.OUTCOME]
    later = timedelta(minutes=5)
    assert not await world.program.database.read(lambda unit: unit.outbox.due_now(unit.now + later)), "told once"


async def test_whoever_closes_the_form_reads_by_message_what_was_wrong_in_it(world: World) -> None:
    world.api.faults.arm(FaultKind.SLOW, method="GET", seconds=2)
    await world.says("alan", "#prod", "databases register")
    alan = world.person("alan")
    modal = alan.modal
    assert modal is not None
    await alan.fill(modal, {**REGISTER, "Label": "orders-us"})
    await alan.submit(modal)
    await alan.close(modal)
    await world.settle()
    (told,) = [alan.read(one) for place in ("#prod", "dm") for one in alan.see(place)]
    assert "Another database has this label already" in told
    assert [row.outcome for row in await world.trail() if row.outcome is AuditOutcome.INVALID] == [AuditOutcome.INVALID]


async def test_a_field_that_somebody_else_changed_meanwhile_is_left_as_they_made_it(world: World) -> None:
    await world.says("alan", "#prod", "databases update orders-us")
    await world.says("ada", "#prod", "databases update orders-us")
    await world.fills("ada", {"Label": "orders-us-2"})
    await world.fills("alan", {"JWT expected audiences": "kiosks", "Reason": "a new client"})
    card = world.card()
    assert "JWT expected audiences" in card
    assert "Label" not in card
    await world.presses("grace", "#prod", "Approve")
    await world.settle()
    assert list(world.api.journal.changing[-1].body) == ["jwtExpectedAudiences"]
    assert world.api.estate.labelled("orders-us-2").jwt_expected_audiences == ["kiosks"]


async def test_a_missing_reason_is_told_at_its_field(world: World) -> None:
    await world.says("alan", "#prod", "databases update orders-us")
    await world.fills("alan", {"JWT expected audiences": "kiosks"})
    alan = world.person("alan")
    assert alan.modal is not None
    blocks = [str(block) for block in alan.modal.blocks]
    reason = next(place for place, block in enumerate(blocks) if "'text': 'Reason'" in block)
    assert "Say why" in blocks[reason + 1]


async def test_the_form_says_since_when_a_token_is_set_and_still_does_after_a_refusal(
    world: World, under: Switches
) -> None:
    world.api.faults.arm(FaultKind.DATABASE_ERROR, method="PUT", code="database_error")
    said = "A token is set already" if under.times is Times.MISSING else "A token is set already (since"
    assert said in await world.says("alan", "#prod", "notifications token set orders-eu")
    answer = await world.fills("alan", {"Expo access token": "s3cr3t-token"})
    assert "database_error" in answer
    assert said in answer
    assert "(since )" not in answer


async def test_no_view_ever_carries_a_secret_back(world: World) -> None:
    await world.says("alan", "#prod", "databases register")
    await world.fills("alan", REGISTER)
    sent = str([call.arguments for call in world.workspace.calls])
    assert "hunter2" not in sent
    assert "very-secret-jwt" not in sent

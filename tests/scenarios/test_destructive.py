"""Everything that destroys: asked for by an operator, approved by another admin, sent once, told truthfully."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

import pytest

from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.slack.reading import buttons_of
from tests.bots import World

Form = Mapping[str, Any]

DELETE_FORM = {"Reason": "moved", "Type the label to confirm": "orders-eu"}
ASKED = [
    ("databases delete orders-eu", DELETE_FORM, AuditAction.DATABASES_DELETE, "DELETE", "Deleted the database"),
    (
        "notifications token delete orders-eu",
        {"Reason": "leaked"},
        AuditAction.TOKEN_DELETE,
        "DELETE",
        "Deleted the Expo access token",
    ),
    (
        "devices remove orders-eu site_00001",
        {"Reason": "lost"},
        AuditAction.DEVICES_REMOVE,
        "DELETE",
        "Removed the device",
    ),
    (
        "databases update orders-eu",
        {"JWKS URI": "https://keys.example/jwks.json", "Reason": "rotation"},
        AuditAction.DATABASES_UPDATE,
        "PATCH",
        "Updated the settings",
    ),
]
NOTHING_LEFT_TO_READ = (AuditAction.DEVICES_REMOVE, AuditAction.DATABASES_DELETE)
IDS = [text for text, *_ in ASKED]
Row = tuple[str, Form, AuditAction, str, str]


async def asked(world: World, text: str, form: Form, who: str = "alan") -> str:
    await world.says(who, "#prod", text)
    return await world.fills(who, form)


@pytest.mark.parametrize("row", ASKED, ids=IDS)
async def test_an_operator_asks_another_admin_approves_and_it_is_sent_once(world: World, row: Row) -> None:
    text, form, action, method, done = row
    await asked(world, text, form)
    assert world.api.journal.changing == [], "nothing is sent before the approval"
    card = world.card()
    assert "asks to" in card.splitlines()[0]
    assert str(form["Reason"]) in card
    answer = await world.presses("grace", "#prod", "Approve")
    assert "Approved, and on its way" in answer
    assert [call.method for call in world.api.journal.changing] == [method]
    assert done in world.card().splitlines()[0]
    rows = [row for row in await world.trail() if row.action is action and row.kind is not AuditKind.FORM]
    steps = [AuditKind.REQUEST, AuditKind.DECISION, AuditKind.INTENT, AuditKind.OUTCOME]
    read_afterwards = [] if action in NOTHING_LEFT_TO_READ else [AuditKind.RECONCILE]
    assert [row.kind for row in rows] == [*steps, *read_afterwards]
    assert len({row.story for row in rows}) == 1
    assert rows[-1].outcome is AuditOutcome.SUCCEEDED


@pytest.mark.parametrize("row", ASKED, ids=IDS)
async def test_a_viewer_may_not_even_ask(world: World, row: Row) -> None:
    text, _, action, _, _ = row
    answer = await world.says("cleo", "#prod", text)
    assert "Not permitted" in answer
    last = (await world.trail())[-1]
    assert (last.kind, last.action, last.outcome) == (AuditKind.REFUSAL, action, AuditOutcome.DENIED)
    assert last.target_label == "orders-eu", "a refusal names what it was about"


@pytest.mark.parametrize(
    "row", [row for row in ASKED if "update" not in row[0]], ids=[i for i in IDS if "update" not in i]
)
async def test_a_channel_below_admin_refuses_it_whoever_asks(world: World, row: Row) -> None:
    answer = await world.says("ada", "#staging", row[0])
    assert "this needs a channel" in answer or "up to operator" in answer or "Not permitted" in answer
    assert world.api.journal.changing == []


@pytest.mark.parametrize("row", ASKED, ids=IDS)
async def test_a_refusal_of_the_api_is_told_to_both_with_its_code(world: World, row: Row) -> None:
    text, form, action, method, _ = row
    world.api.faults.arm(FaultKind.SEVERAL_ERRORS, method=method)
    await asked(world, text, form)
    await world.presses("grace", "#prod", "Approve")
    card = world.card()
    assert card.startswith("❌ Failed")
    assert "first_problem, second_problem" in card
    assert "Failed" in world.told("alan")
    assert "Failed" in world.told("grace")
    last = [row for row in await world.trail() if row.action is action][-1]
    assert (last.outcome, last.code, last.http_status) == (AuditOutcome.REJECTED, "first_problem", 422)


async def test_a_denial_ends_it_with_its_reason(world: World) -> None:
    await asked(world, "databases delete orders-eu", DELETE_FORM)
    await world.presses("grace", "#prod", "Deny")
    await world.fills("grace", {"Reason": "still in use"})
    assert "Denied" in world.card()
    assert "still in use" in world.card()
    assert "still in use" in world.told("alan")
    assert world.api.journal.changing == []


async def test_the_requester_may_cancel_and_nothing_is_sent(world: World) -> None:
    await asked(world, "databases delete orders-eu", DELETE_FORM)
    await world.presses("alan", "#prod", "Cancel")
    assert "Cancelled" in world.card()
    assert world.api.journal.changing == []


async def test_whoever_asked_cancels_with_the_command_that_the_private_answer_names(world: World) -> None:
    await asked(world, "databases delete orders-eu", DELETE_FORM)
    (private,) = [one for one in world.person("alan").see("#prod") if one.is_ephemeral]
    assert buttons_of(private) == []
    (command,) = re.findall(r"/cloudsync (approvals cancel rq-\w+)", world.person("alan").read(private))
    assert "Cancelled" in await world.says("alan", "#prod", command)
    assert "Cancelled" in world.card()


async def test_nobody_approves_their_own_request(world: World) -> None:
    await asked(world, "databases delete orders-eu", DELETE_FORM, who="ada")
    answer = await world.presses("ada", "#prod", "Approve")
    assert "Nobody decides their own request" in answer or "nobody decides their own request" in answer
    assert world.api.journal.changing == []


async def test_an_operator_may_not_approve(world: World) -> None:
    await asked(world, "databases delete orders-eu", DELETE_FORM, who="ada")
    answer = await world.presses("alan", "#prod", "Approve")
    assert "Not permitted" in answer
    assert (await world.trail())[-1].outcome is AuditOutcome.DENIED


async def test_a_second_approval_changes_nothing_and_is_answered(world: World) -> None:
    await asked(world, "databases delete orders-eu", DELETE_FORM)
    grace, ada = world.person("grace"), world.person("ada")
    stale = copy.deepcopy(grace.see("#prod")[-1])
    await grace.click(grace.see("#prod")[-1], "Approve")
    await world.settle()
    await ada.click(stale, "Approve")
    await world.settle()
    told = world.reads("ada", "#prod")
    assert "It is done; your click changed nothing" in told.splitlines()[0]
    assert "@grace approved this" in told
    assert "Nothing was sent" not in told
    assert len(world.api.journal.changing) == 1


async def test_cancelling_what_is_denied_says_who_denied_it(world: World) -> None:
    await asked(world, "databases delete orders-eu", DELETE_FORM)
    request_id = next(row.request_id for row in await world.trail() if row.request_id)
    await world.presses("grace", "#prod", "Deny")
    await world.fills("grace", {"Reason": "still in use"})
    told = await world.says("alan", "#prod", f"approvals cancel {request_id}")
    assert "It was denied; your command changed nothing" in told
    assert "@grace denied this" in told


async def test_a_label_typed_wrong_is_told_at_the_field(world: World) -> None:
    await world.says("alan", "#prod", "databases delete orders-eu")
    alan = world.person("alan")
    assert alan.modal is not None
    await alan.fill(alan.modal, {"Reason": "moved", "Type the label to confirm": "orders-us"})
    await alan.submit(alan.modal)
    assert alan.modal is not None
    assert "orders-eu" in str(alan.modal.errors)
    assert world.card() == ""


async def test_curly_quotes_and_dashes_in_the_label_are_forgiven(world: World) -> None:
    await asked(world, "databases delete orders-eu", {"Reason": "moved", "Type the label to confirm": " “orders–eu” "})
    assert "asks to" in world.card()


async def test_a_target_that_changed_meanwhile_is_not_deleted(world: World) -> None:
    await asked(world, "databases delete orders-eu", DELETE_FORM)
    world.api.estate.labelled("orders-eu").tables["invoices"] = True
    await world.presses("grace", "#prod", "Approve")
    assert "Stopped before sending" in world.card()
    assert "invoices" in world.card()
    assert world.api.journal.changing == []


async def test_a_lost_answer_is_never_sent_again(world: World) -> None:
    world.api.faults.arm(FaultKind.CLOSE_AFTER_EFFECT, method="DELETE")
    await asked(world, "databases delete orders-eu", DELETE_FORM)
    await world.presses("grace", "#prod", "Approve")
    assert "Unknown whether it happened" in world.card()
    assert len(world.api.journal.changing) == 1


async def test_a_deletions_warnings_are_shown(world: World) -> None:
    await asked(
        world, "databases delete orders-archive", {"Reason": "old", "Type the label to confirm": "orders-archive"}
    )
    await world.presses("grace", "#prod", "Approve")
    assert world.card().startswith("⚠️ Deleted")
    assert "could not disable table invoices" in world.card()


async def test_an_unreachable_database_can_be_deleted_and_the_card_says_what_is_unread(world: World) -> None:
    await asked(world, "databases delete billing", {"Reason": "dead", "Type the label to confirm": "billing"})
    assert "Could not be read" in world.card()
    await world.presses("grace", "#prod", "Approve")
    assert "Deleted" in world.card()


async def test_several_devices_are_one_request_and_end_each(world: World) -> None:
    await world.says("alan", "#prod", 'devices remove orders-eu site_00001 site_00002 site_00003 --reason "lost"')
    world.api.faults.arm(FaultKind.CONFLICT, method="DELETE", path=".*site_00002")
    await world.presses("grace", "#prod", "Approve")
    assert len(world.api.journal.changing) == 3
    assert "site_00002: refused (conflict)" in world.card()
    assert "Not removed: site_00002" in world.card()
    await world.presses("alan", "#prod", "Ask again")
    await world.presses("grace", "#prod", "Approve")
    assert [call.path.rpartition("/")[2] for call in world.api.journal.changing[3:]] == ["site_00002"]


async def test_a_failure_after_approval_tells_both_and_its_button_asks_again(world: World) -> None:
    world.api.faults.arm(FaultKind.CONFLICT, method="DELETE")
    await asked(world, "databases delete orders-eu", DELETE_FORM)
    await world.presses("grace", "#prod", "Approve")
    assert "whether trying again as it is helps is not known" in world.card()
    for told in (world.told("alan"), world.told("grace")):
        assert "Failed: could not delete" in told
        assert "It was asked in" in told
        assert "Ask again" in told
    form = await world.presses("alan", "#prod", "Ask again")
    assert "Type the label to confirm" in form
    modal = world.person("alan").modal
    assert modal is not None
    assert DELETE_FORM["Reason"] in str(modal.blocks)
    await world.fills("alan", {"Type the label to confirm": "orders-eu"})
    await world.presses("grace", "#prod", "Approve")
    assert "Deleted" in world.card()

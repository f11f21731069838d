"""What happens because time passes: expiry, reminders, and unknown ends that are found out."""

from __future__ import annotations

from copy import copy

from bot.domain.audit import AuditKind, AuditOutcome
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.outages import Outage
from bot.sandbox.slack.reading import buttons_of
from tests.bots import World
from tests.scenarios.conftest import accounted_bot

QUICK = "3,4,5,6"
"""The first look comes late enough for what a slow machine does before it."""


async def ask(world: World) -> None:
    await world.says("alan", "#prod", "databases delete orders-eu")
    await world.fills("alan", {"Reason": "moved", "Type the label to confirm": "orders-eu"})


def reminders_of(world: World) -> list[Message]:
    """By what the bot finds them by, whatever they say."""
    return [one for one in world.workspace.messages if "-reminder" in str(one.metadata)]


async def until(world: World, words: str) -> None:
    await world.person("grace").wait_for(lambda: words in world.card() or None)


async def hand_over(world: World, fault: FaultKind) -> None:
    """A deletion whose answer is lost, and whose end cannot be read either."""
    world.api.faults.arm(fault, method="DELETE")
    await ask(world)
    await world.presses("grace", "#prod", "Approve")
    assert "Unknown whether it happened" in world.card()
    world.api.faults.arm(FaultKind.BAD_GATEWAY, method="GET", times=-1)
    await until(world, "Somebody must say whether it happened")
    world.api.faults.clear()


async def test_an_undecided_request_reminds_once_then_expires_and_loses_its_buttons(database_url: str) -> None:
    async with accounted_bot(database_url, DECISION_SECONDS="10") as world:
        await ask(world)
        grace = world.person("grace")
        card = grace.see("#prod")[0]
        as_it_was = copy(card)
        await grace.wait_for(lambda: "Still waiting" in grace.read(grace.see("#prod")[-1]) or None)
        await grace.wait_for(lambda: "Expired" in grace.read(card) or None)
        assert "Approve" not in str(card.blocks)
        await world.settle()
        (reminder,) = reminders_of(world)
        assert "Expired" in grace.read(reminder), "it says what became of the request"
        assert "Still waiting" not in grace.read(reminder)
        assert card.ts.replace(".", "") in str(reminder.blocks), "it leads to the card"
        live = [label for one in grace.see("#prod") for label in buttons_of(one)]
        assert not {"Approve", "Deny", "Cancel"} & {*live}, "nothing is left that could be pressed"
        await grace.click(as_it_was, "Approve")
        await world.settle()
        assert "It has expired" in world.reads("grace", "#prod")
        rows = await world.trail()
        assert [row.outcome for row in rows if row.kind is AuditKind.EXPIRY] == [AuditOutcome.EXPIRED]
        assert world.api.journal.changing == []


async def test_a_reminder_that_slack_took_before_the_connection_died_is_posted_once(database_url: str) -> None:
    async with accounted_bot(database_url, DECISION_SECONDS="12") as world:
        await ask(world)
        grace = world.person("grace")
        world.workspace.outages.arm("chat.postMessage", Outage.RESET_AFTER, times=1)
        await grace.wait_for(lambda: "Expired" in grace.read(grace.see("#prod")[0]) or None)
        await world.settle()
        assert len(reminders_of(world)) == 1


async def test_a_reminder_says_how_what_was_decided_after_it_ended(database_url: str) -> None:
    async with accounted_bot(database_url) as world:
        await ask(world)
        card, grace = world.person("grace").see("#prod")[-1], world.person("grace")
        (asked,) = {row.request_id for row in await world.trail() if row.request_id}
        assert asked is not None
        await world.program.database.note(lambda unit: unit.requests.set_columns(asked, remind_at=unit.now))
        await grace.wait_for(lambda: reminders_of(world), timeout=30)
        await grace.click(card, "Approve")
        await world.settle()
        (reminder,) = reminders_of(world)
        assert grace.read(card).splitlines()[0] in grace.read(reminder)
        assert "Deleted" in grace.read(reminder)
        assert not {"Approve", "Deny", "Cancel"} & {*buttons_of(reminder)}


async def test_a_lost_answer_is_found_out_by_reading(database_url: str) -> None:
    async with accounted_bot(database_url, RECONCILE_SECONDS=QUICK) as world:
        world.api.faults.arm(FaultKind.CLOSE_AFTER_EFFECT, method="DELETE")
        await ask(world)
        await world.presses("grace", "#prod", "Approve")
        assert "Unknown whether it happened" in world.card()
        await until(world, "reading shows that it happened")
        assert len(world.api.journal.changing) == 1
        found = [row for row in await world.trail() if row.kind is AuditKind.RECONCILE][-1]
        assert found.outcome is AuditOutcome.SUCCEEDED
        assert found.payload["readings"]


async def test_a_call_that_had_no_effect_is_told_so_and_not_sent_again(database_url: str) -> None:
    async with accounted_bot(database_url, RECONCILE_SECONDS=QUICK) as world:
        world.api.faults.arm(FaultKind.CLOSE_BEFORE_EFFECT, method="DELETE")
        await ask(world)
        await world.presses("grace", "#prod", "Approve")
        await until(world, "It did not happen")
        assert len(world.api.journal.changing) == 1
        looks = [row for row in await world.trail() if row.kind is AuditKind.RECONCILE]
        unknown, failed = AuditOutcome.UNKNOWN, AuditOutcome.FAILED
        assert [row.outcome for row in looks] == [*[unknown] * (len(looks) - 1), failed]
        assert [row.payload["round"] for row in looks] == [*range(1, QUICK.count(",") + 2)]
        assert all(row.payload["readings"] for row in looks)


async def test_what_reading_cannot_tell_is_handed_to_a_person(database_url: str) -> None:
    async with accounted_bot(database_url, RECONCILE_SECONDS=QUICK) as world:
        world.api.faults.arm(FaultKind.CLOSE_BEFORE_EFFECT, method="DELETE")
        await world.says("alan", "#prod", 'devices remove orders-eu site_00001 --reason "lost"')
        await world.presses("grace", "#prod", "Approve")
        await until(world, "Somebody must say whether it happened")
        assert "Not permitted" in await world.presses("alan", "#prod", "It happened")
        await world.presses("grace", "#prod", "It did not")
        assert "It did not happen" in world.card()
        assert "Settled by a person" in world.card()


async def test_a_deletion_that_a_person_says_happened_leads_back_like_any_other(database_url: str) -> None:
    async with accounted_bot(database_url, RECONCILE_SECONDS=QUICK) as world:
        await hand_over(world, FaultKind.CLOSE_AFTER_EFFECT)
        await world.presses("grace", "#prod", "It happened")
        await until(world, "Tables that were enabled")
        assert "if this was a mistake, Register again leads back" in world.card().replace("*", "")
        await world.presses("alan", "#prod", "Register again")
        assert "orders-eu" in str(world.person("alan").modal)


async def test_what_a_person_says_did_not_happen_leads_nowhere_back(database_url: str) -> None:
    async with accounted_bot(database_url, RECONCILE_SECONDS=QUICK) as world:
        await hand_over(world, FaultKind.CLOSE_BEFORE_EFFECT)
        await world.presses("grace", "#prod", "It did not")
        await until(world, "Settled by a person")
        assert "Register again" not in world.card()


async def test_what_was_already_gone_can_be_registered_again_too(database_url: str) -> None:
    async with accounted_bot(database_url) as world:
        world.api.faults.arm(FaultKind.SERVER_ERROR_BEFORE_EFFECT, method="DELETE", status=404)
        await ask(world)
        await world.presses("grace", "#prod", "Approve")
        await until(world, "Tables that were enabled")
        assert "Already gone" in world.card()
        await world.presses("alan", "#prod", "Register again")
        assert "orders-eu" in str(world.person("alan").modal)


async def test_what_needed_no_approval_is_handed_over_in_the_channel_and_told_once_to_whoever_asked(
    database_url: str,
) -> None:
    async with accounted_bot(database_url, RECONCILE_SECONDS=QUICK) as world:
        await world.says("alan", "#prod", "tables enable orders-eu invoices")
        world.api.faults.arm(FaultKind.CLOSE_BEFORE_EFFECT, method="POST")
        await world.presses("alan", "#prod", "Confirm")
        world.api.faults.arm(FaultKind.BAD_GATEWAY, method="GET", times=-1)
        await until(world, "Somebody must say whether it happened")
        world.api.faults.clear()
        assert "Who may decide: @alan, " in world.card().replace("*", "")
        assert "Not permitted" in await world.presses("cleo", "#prod", "It did not")
        alan = world.person("alan")
        await alan.wait_for(lambda: "Somebody must say" in world.told("alan") or None)
        assert [alan.read(one)[:60] for one in alan.see("dm") if "Somebody must say" in alan.read(one)][1:] == []
        await world.presses("grace", "#prod", "It did not")
        assert "Settled by a person" in world.card()
        row = [row for row in await world.trail() if row.kind is AuditKind.DECISION][-1]
        assert (row.outcome, row.payload["said"]) == (AuditOutcome.FAILED, "It did not happen.")

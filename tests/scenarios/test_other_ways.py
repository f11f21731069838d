"""Where Slack refuses one way, another is found; and where two must agree, one is not enough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text

from bot.db.connections import database_url as address_of
from bot.domain.audit import AuditKind
from bot.sandbox.slack.deliver import Manner
from bot.sandbox.slack.outages import RESPONSE_URL, Outage
from bot.sandbox.slack.reading import controls_of
from tests.bots import World
from tests.scenarios.conftest import accounted_bot

ASK = 'devices remove orders-eu site_00001 --reason "lost"'


async def test_blocks_that_slack_takes_for_invalid_are_sent_in_plain_form(world: World) -> None:
    world.workspace.outages.arm("chat.postMessage", Outage.REFUSED, times=2, code="invalid_blocks")
    await world.says("alan", "#prod", ASK)
    assert "asks to remove the device site_00001" in world.card()


async def test_an_answer_that_its_address_does_not_take_comes_as_a_private_message(world: World) -> None:
    world.workspace.outages.arm(RESPONSE_URL, Outage.SERVER_ERROR, times=5)
    assert "Acme Corp is active" in await world.says("cleo", "#prod", "org")


async def test_an_answer_in_a_channel_without_the_bot_comes_by_direct_message(world: World) -> None:
    world.workspace.outages.arm(RESPONSE_URL, Outage.SERVER_ERROR, times=5)
    world.workspace.channel("prod").members.discard(world.workspace.app.bot_user_id)
    await world.says("cleo", "#prod", "org")
    assert "Acme Corp is active" in world.told("cleo")


@pytest.mark.parametrize(
    "text", ["databases delete orders-eu", "tables disable orders-eu", "databases update orders-eu"]
)
async def test_a_reason_in_a_mention_is_in_the_form_that_its_button_opens(world: World, text: str) -> None:
    ada = world.person("ada")
    await ada.mention("#prod", f'{text} --reason "moved to orders-us"')
    await world.settle()
    await world.presses("ada", "#prod", "Open the form")
    form = ada.modal
    assert form is not None
    assert (
        next(one.element for one in controls_of(form) if one.label == "Reason")["initial_value"] == "moved to orders-us"
    )


async def test_with_two_approvals_wanted_one_is_not_enough(database_url: str) -> None:
    async with accounted_bot(database_url, APPROVALS_REQUIRED="2") as world:
        await world.says("alan", "#prod", ASK)
        assert "1 more must approve" in await world.presses("grace", "#prod", "Approve")
        assert world.api.journal.changing == []
        assert "You have decided this already" in await world.presses("grace", "#prod", "Approve")
        await world.presses("ada", "#prod", "Approve")
        assert "Removed the device" in world.card()
        votes = [row for row in await world.trail() if row.kind is AuditKind.DECISION]
        assert len(votes) == 2
        assert len(world.api.journal.changing) == 1


async def test_a_click_with_a_forged_id_gets_an_answer_and_has_no_effect(world: World) -> None:
    await world.says("alan", "#prod", ASK)
    grace = world.person("grace")
    card = grace.see("#prod")[-1]
    approve = next(one for block in card.blocks if block["type"] == "actions" for one in block["elements"])
    approve["value"] = "rq-222222222222"
    await grace.click(card, "Approve")
    await world.settle()
    assert "pressed approve on a request that is not there" in await world.says("ada", "#prod", "audit list")
    assert "There is no such request" in world.reads("grace", "#prod") or "no such request" in world.reads(
        "grace", "#prod"
    )
    assert world.api.journal.changing == []


async def test_a_choice_offered_in_a_forms_place_is_taken_for_the_channel_it_was_asked_in(world: World) -> None:
    await world.says("alan", "#prod", "databases update orders")
    alan = world.person("alan")
    modal = alan.modal
    assert modal is not None
    menu = next(control for control in controls_of(modal) if control.kind == "static_select")
    chosen = next(o["text"]["text"] for o in menu.element["options"] if "orders-us" in o["text"]["text"])
    await alan.choose(menu.label, chosen, surface=modal)
    await world.settle()
    form = world.reads("alan", "#prod")
    assert "Update a database" in form
    assert "Not permitted" not in form


async def test_nobody_elses_click_in_a_view_counts(world: World) -> None:
    await world.says("alan", "#prod", "databases update orders-eu")
    await world.fills("alan", {"Label": "orders-europe"})
    alan = world.person("alan")
    modal = alan.modal
    assert modal is not None
    await alan.click(modal, "Rename it back", manner=Manner(user_id=world.person("cleo").id))
    await world.settle()
    last = (await world.trail())[-1]
    assert (last.kind, last.actor) == (AuditKind.REFUSAL, world.person("cleo").id)
    assert len(world.api.journal.changing) == 1


async def test_a_delivery_whose_row_cannot_be_written_is_written_down_later(database_url: str) -> None:
    async with accounted_bot(database_url) as world:
        world.workspace.ack_deadline = 3  # Slack's own: whoever holds the head holds up no acknowledgement
        with no_row_of_a_read(database_url):
            delivery = await world.person("cleo").command("#prod", "/cloudsync org")
            assert delivery.status == 200
            cleo = world.person("cleo")
            await cleo.wait_for(lambda: [one for one in cleo.see("#prod") if "Acme Corp" in cleo.read(one)], 90)
            answer = next(cleo.read(one) for one in cleo.see("#prod") if "Acme Corp" in cleo.read(one))
            assert "could not be written to the audit trail" in answer
        assert await world.program.deliveries.recover() == 1
        assert (await world.trail())[-1].kind is AuditKind.ABANDONED


async def test_a_form_that_slack_waits_for_no_longer_is_told_as_such(world: World) -> None:
    world.workspace.outages.arm("views.open", Outage.REFUSED, code="expired_trigger_id")
    answer = await world.says("alan", "#prod", "databases register")
    assert "the answer took longer than it waits" in answer
    assert "/invite" not in answer
    assert "ask again" in answer


async def test_a_request_that_is_not_there_leads_to_the_open_ones(world: World) -> None:
    assert "no such request" in await world.says("alan", "#prod", "approvals show rq-nope")
    assert "Nothing is open" in await world.presses("alan", "#prod", "Open requests")


@contextmanager
def no_row_of_a_read(url: str) -> Iterator[None]:
    """On PostgreSQL another holds the head. On SQLite they would hold the inbox too, so there the row itself fails."""
    engine = create_engine(address_of(url))
    try:
        if engine.dialect.name == "postgresql":
            with engine.begin() as holder:
                holder.execute(text("SELECT * FROM audit_head FOR UPDATE"))
                yield
            return
        with engine.begin() as intruder:
            intruder.execute(text(FAILS))
        yield
        with engine.begin() as intruder:
            intruder.execute(text("DROP TRIGGER planted"))
    finally:
        engine.dispose()


FAILS = """CREATE TRIGGER planted BEFORE INSERT ON audit_events WHEN NEW.kind = 'read'
BEGIN SELECT RAISE(ABORT, 'planted'); END"""


async def test_a_message_that_needs_a_form_leads_to_a_button_that_opens_it(world: World) -> None:
    ada, wanted = world.person("ada"), world.api.estate.labelled("orders-eu")
    await ada.mention("#prod", "databases delete orders-eu")
    await world.settle()
    answer = ada.see("#prod")[-1]
    assert f"Next: type /cloudsync databases delete {wanted.id} here, or press the button." in ada.read(answer)
    assert ada.modal is None
    await ada.click(answer, "Open the form")
    await world.settle()
    assert ada.modal is not None

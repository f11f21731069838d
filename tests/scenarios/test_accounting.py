"""The accounting itself: what it is there to find, planted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.db.unit import Unit
from bot.domain.audit import AuditEntry, AuditKind
from bot.sandbox.slack.deliver import Delivery
from bot.slack.blocks import Rendered
from tests.bots import World, running_bot
from tests.factories import make_entry
from tests.scenarios.accounting import account_for, judge_fallback
from tests.second_opinion import objections_to_message, objections_to_view


async def said(world: World) -> Delivery:
    await world.says("cleo", "#prod", "org")
    return world.workspace.deliveries[-1]


def append(unit: Unit, row: AuditEntry) -> None:
    unit.audit.append(row)


async def found_wrong(world: World) -> str:
    with pytest.raises(AssertionError) as found:
        await account_for(world)
    return str(found.value)


async def test_each_kind_of_loss_is_found(sqlite_url: str) -> None:
    async with running_bot(sqlite_url) as world:
        delivery = await said(world)
        deliveries = world.workspace.deliveries
        other = {**delivery.payload, "trigger_id": "another"}
        deliveries[:] = [delivery, replace(delivery, payload=other)]
        assert "acknowledged and is not in the inbox" in await found_wrong(world)
        deliveries[:] = []
        assert "the inbox has what Slack did not deliver" in await found_wrong(world)
        deliveries[:] = [delivery, replace(delivery, headers={}, status=200)]
        assert "what nobody vouches for was taken" in await found_wrong(world)
        deliveries[:] = [delivery]
        for row, words in (
            (make_entry(kind=AuditKind.READ, delivery="command:none"), "a delivery that never came"),
            (make_entry(kind=AuditKind.READ, story="st-alone"), "a story has no delivery"),
        ):
            await world.program.database.write(partial(append, row=row))
            assert words in await found_wrong(world)
            world.planted.add(row.story)


def test_no_scenario_goes_without_the_accounting() -> None:
    modules = [path for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    assert [path.name for path in modules if "running_bot" in path.read_text()] == []


async def test_an_acknowledgement_that_slack_does_not_take_is_found(sqlite_url: str) -> None:
    async with running_bot(sqlite_url) as world:
        await said(world)
        world.workspace.troubles.append("invalid_arguments")
        assert "Slack did not take an acknowledgement" in await found_wrong(world)


TEXT = {"type": "mrkdwn", "text": "x"}
PLAIN = {"type": "plain_text", "text": "x"}
OPTION = {"text": PLAIN, "value": "1"}
WRONG: dict[str, dict[str, Any]] = {
    "a long section": {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
    "a long option": {
        "type": "section",
        "text": TEXT,
        "accessory": {
            "type": "static_select",
            "action_id": "a",
            "placeholder": PLAIN,
            "options": [{"text": {"type": "plain_text", "text": "x" * 76}, "value": "1"}],
        },
    },
    "many buttons": {"type": "actions", "elements": [{"type": "button", "action_id": "a", "text": PLAIN}] * 26},
    "a field nobody knows": {"type": "divider", "colour": "red"},
    "a number as text": {"type": "section", "text": {"type": "mrkdwn", "text": 7}},
}


@pytest.mark.parametrize("block", WRONG.values(), ids=list(WRONG))
def test_the_second_opinion_finds(block: dict[str, Any]) -> None:
    assert objections_to_message("x", [block])
    assert objections_to_view({"type": "modal", "title": PLAIN, "close": PLAIN, "blocks": [block]})
    with pytest.raises(AssertionError):
        judge_fallback(Rendered(text="x", blocks=[], plain_blocks=[block]))


def test_the_second_opinion_finds_what_does_not_belong_on_a_surface() -> None:
    table = {"type": "data_table", "caption": "x", "rows": [[{"type": "raw_text", "text": "x"}]] * 2}
    assert objections_to_message("x", [table]) == []
    assert objections_to_view({"type": "modal", "title": PLAIN, "blocks": [table]})
    assert objections_to_message("x", [{"type": "section", "text": TEXT}] * 51)

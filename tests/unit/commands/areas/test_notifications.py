"""Push notifications: status in words, and the token that is never shown."""

from __future__ import annotations

import pytest

from bot.domain.access import Gate, OperationClass
from bot.domain.errors import Conflict
from bot.domain.replies import CommandButton, FieldKind, Mood
from bot.sandbox.api.switches import AbsentToken, Switches
from tests.unit.commands.areas.channel import Channel
from tests.unit.commands.plain import line_text, reply_text

SET = "notifications token set"


async def test_a_refused_token_is_said_and_leads_to_a_new_one(channel: Channel) -> None:
    reply = await channel.reply("notifications status field-app")
    assert line_text(reply.verdict).startswith("Expo refused the token")
    (button,) = reply.actions
    assert isinstance(button, CommandButton)
    assert button.command == f"{SET} {channel.api.estate.labelled('field-app').id}"


async def test_an_unknown_reason_is_shown_as_it_is(channel: Channel) -> None:
    channel.api.estate.labelled("field-app").pause_reason = "solar_flare"
    reply = await channel.reply("notifications status field-app")
    assert "Reason: solar_flare" in reply_text(reply)
    assert reply.mood is Mood.WARNING


@pytest.mark.parametrize("absent", AbsentToken)
async def test_no_token_is_an_answer_however_the_api_tells_it(channel: Channel, absent: AbsentToken) -> None:
    channel.api.switches = Switches(absent_token=absent)
    reply = await channel.reply("notifications token show kiosk")
    assert line_text(reply.verdict) == "No Expo access token is set for kiosk"


async def test_a_token_is_told_by_its_update_time_alone(channel: Channel) -> None:
    text = reply_text(await channel.reply("notifications token show orders-eu"))
    assert "Value: never readable" in text
    assert "expo-acme-token" not in text


@pytest.mark.parametrize(
    ("label", "said"),
    [("orders-eu", "A token is set already (since @). Submitting replaces it."), ("kiosk", "No token is set now.")],
)
async def test_the_form_says_whether_one_is_replaced(channel: Channel, label: str, said: str) -> None:
    form = await channel.form(f"{SET} {label}")
    assert said in "".join(line_text(one) for one in form.intro)
    (field,) = form.fields
    assert (field.label, field.kind, field.value) == ("Expo access token", FieldKind.SECRET, None)


async def test_a_token_of_unknown_age_is_replaced_with_a_word_too(channel: Channel) -> None:
    channel.api.estate.labelled("orders-eu").expo_token_updated_at = None
    form = await channel.form(f"{SET} orders-eu")
    assert line_text(form.intro[1]) == "A token is set already. Submitting replaces it."


@pytest.mark.parametrize(("typed", "problem"), [("", True), ("two words", True), ("a\nb", True), (" abc ", False)])
def test_a_token_is_one_word(channel: Channel, typed: str, problem: bool) -> None:
    assert bool(channel.check(f"{SET} kiosk", {"expo_access_token": typed})) is problem


async def test_a_new_token_travels_as_a_secret_alone(channel: Channel) -> None:
    proposal = await channel.proposal(f"{SET} kiosk", {"expo_access_token": " s3cret-token "})
    assert proposal.secrets == {"expoAccessToken": "s3cret-token"}
    assert "s3cret" not in repr(proposal)
    assert (proposal.operation_class, proposal.gate) == (OperationClass.CHANGE, Gate.NONE)


async def test_a_deletion_asks_for_its_reason_and_for_an_approval(channel: Channel) -> None:
    assert channel.opens_form("notifications token delete orders-eu")
    assert not channel.opens_form('notifications token delete orders-eu --reason "leaked"')
    assert set(channel.check("notifications token delete orders-eu", {"reason": " "})) == {"reason"}
    for proposal in (
        await channel.proposal('notifications token delete orders-eu --reason "leaked"'),
        await channel.proposal("notifications token delete orders-eu", {"reason": "leaked"}),
    ):
        assert (proposal.reason, proposal.gate) == ("leaked", Gate.APPROVE)
        assert proposal.operation_class is OperationClass.DESTRUCTIVE


async def test_a_token_that_is_not_there_cannot_be_deleted(channel: Channel) -> None:
    with pytest.raises(Conflict, match="No Expo access token is set"):
        await channel.ask("notifications token delete kiosk")

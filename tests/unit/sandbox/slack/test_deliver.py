"""Deliveries reach a real Bolt app as Slack's do."""

from __future__ import annotations

import pytest
from slack_sdk.signature import SignatureVerifier

from bot.sandbox.slack.deliver import Manner
from bot.sandbox.slack.errors import CannotDoError
from tests.unit.sandbox.slack.conftest import Stage


async def test_a_command_is_answered_to_the_one_who_typed_it(stage: Stage) -> None:
    ada, grace = stage.workspace.person("ada"), stage.workspace.person("grace")

    delivery = await ada.command("#prod", "/cloudsync hello")

    assert delivery.is_acknowledged
    assert ada.read(ada.see("#prod")[-1]) == "you said hello"
    assert grace.see("#prod") == []


async def test_the_signature_is_the_one_that_slack_sdk_verifies(stage: Stage) -> None:
    delivery = await stage.workspace.person("ada").command("#prod", "/cloudsync hello")

    verifier = SignatureVerifier(stage.workspace.app.signing_secret)
    assert verifier.is_valid_request(delivery.body, delivery.headers)
    assert not verifier.is_valid_request(delivery.body + b"x", delivery.headers)


@pytest.mark.parametrize(
    ("manner", "status"),
    [
        (Manner(bad_signature=True), 401),
        (Manner(unsigned=True), 401),
        (Manner(aged=301), 401),
        (Manner(copies=2), 200),
    ],
)
async def test_a_forged_delivery_meets_the_apps_own_defence(stage: Stage, manner: Manner, status: int) -> None:
    delivery = await stage.workspace.person("ada").command("#prod", "/cloudsync hello", manner=manner)

    assert delivery.status == status


async def test_a_replayed_delivery_is_the_same_to_the_byte(stage: Stage) -> None:
    first = await stage.workspace.person("ada").command("#prod", "/cloudsync hello")

    again = await stage.workspace.must_have_courier().replay(first)

    assert (again.body, again.headers, again.status) == (first.body, first.headers, 200)


async def test_a_forged_person_and_team_stand_in_the_payload(stage: Stage) -> None:
    manner = Manner(user_id="UEVIL", team_id="TEVIL", app_id="AEVIL")
    ada = stage.workspace.person("ada")

    payload = (await ada.command("#prod", "/cloudsync hello", manner=manner)).payload

    assert (payload["user_id"], payload["team_id"], payload["api_app_id"]) == ("UEVIL", "TEVIL", "AEVIL")


async def test_a_missed_deadline_is_told_to_the_person(stage: Stage) -> None:
    stage.workspace.ack_deadline = 0.2
    ada = stage.workspace.person("ada")

    delivery = await ada.command("#prod", "/cloudsync silent")

    assert delivery.failure == "operation_timeout"
    assert 'failed with the error "operation_timeout"' in ada.read(ada.see("#prod")[-1])


async def test_an_app_that_is_not_there_is_told_to_the_person(stage: Stage) -> None:
    stage.slack.connect("http://127.0.0.1:9")
    ada = stage.workspace.person("ada")

    assert (await ada.command("#prod", "/cloudsync hello")).failure == "dispatch_failed"


async def test_mentions_are_escaped_as_slack_escapes_them(stage: Stage) -> None:
    ada, prod = stage.workspace.person("ada"), stage.workspace.channel("prod")
    group = next(iter(stage.workspace.groups.values()))

    delivery = await ada.command("#prod", "/cloudsync roles grant @grace @dba #prod a&b <c>")

    grace = stage.workspace.member("grace")
    assert delivery.payload["text"] == (
        f"roles grant <@{grace.id}|grace> <!subteam^{group.id}|@dba> <#{prod.id}|prod> a&amp;b &lt;c&gt;"
    )


async def test_plain_characters_arrive_unescaped_by_switch(stage: Stage) -> None:
    stage.workspace.escapes_slash_text = False

    delivery = await stage.workspace.person("ada").command("#prod", "/cloudsync a&b")

    assert delivery.payload["text"] == "a&b"


async def test_a_press_carries_the_message_and_the_one_who_pressed(stage: Stage) -> None:
    ada, grace = stage.workspace.person("ada"), stage.workspace.person("grace")
    await ada.command("#prod", "/cloudsync card")
    card = grace.see("#prod")[-1]

    delivery = await grace.click(card, "Approve")

    payload = delivery.payload
    assert payload["user"]["id"] == grace.id
    assert payload["actions"][0]["value"] == "opaque"
    assert payload["message"]["ts"] == payload["container"]["message_ts"] == card.ts
    assert grace.read(card) == "approved by @grace"
    assert card.edited_ts


async def test_a_button_that_is_not_there_cannot_be_pressed(stage: Stage) -> None:
    ada = stage.workspace.person("ada")
    await ada.command("#prod", "/cloudsync card")

    with pytest.raises(CannotDoError, match="there is 'Approve', 'Deny'"):
        await ada.click(ada.see("#prod")[-1], "Explode")


async def test_an_ephemeral_press_carries_no_message(stage: Stage) -> None:
    ada, prod = stage.workspace.person("ada"), stage.workspace.channel("prod")
    await stage.client.chat_postEphemeral(
        channel=prod.id,
        user=ada.id,
        text="?",
        blocks=[
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "Go"},
                        "action_id": "go",
                    }
                ],
            },
        ],
    )

    payload = (await ada.click(ada.see("#prod")[-1], "Go")).payload

    assert "message" not in payload
    assert payload["container"]["is_ephemeral"] is True


async def test_a_mention_and_a_direct_message_reach_the_app(stage: Stage) -> None:
    ada = stage.workspace.person("ada")

    await ada.mention("#prod", "hello")
    await ada.wait_for(lambda: len(ada.see("#prod")) == 2)
    await ada.direct_message("hello")
    await ada.wait_for(lambda: len(ada.see("dm")) == 2)

    assert [ada.read(message) for message in ada.see("#prod")] == ["@cloudsync hello", "at your service"]
    assert ada.read(ada.see("dm")[-1]) == "you wrote hello"


async def test_opening_the_home_lets_the_app_publish_it(stage: Stage) -> None:
    ada = stage.workspace.person("ada")

    await ada.open_home()

    home = await ada.wait_for(lambda: ada.home)
    assert home is not None
    assert ada.read(home) == "Welcome home"


async def test_what_is_held_back_arrives_once_released(stage: Stage) -> None:
    import asyncio

    ada, courier = stage.workspace.person("ada"), stage.workspace.must_have_courier()
    courier.hold()
    waiting = asyncio.create_task(ada.command("#prod", "/cloudsync hello"))
    await asyncio.sleep(0)
    assert stage.workspace.deliveries == []

    courier.release()

    assert (await waiting).is_acknowledged

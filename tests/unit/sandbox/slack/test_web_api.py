"""The Web API answers slack_sdk's client as Slack does, refusals above all."""

from __future__ import annotations

import time
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.outages import Outage
from bot.sandbox.slack.server import StandInSlack
from bot.sandbox.slack.workspace import Workspace
from tests.unit.sandbox.slack.conftest import Clock
from tests.unit.sandbox.slack.echo import FORM, modal, section, text_field

TRIES = 20
AT_ONCE_SECONDS = 0.03


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_auth_test_says_who_the_token_is_and_what_it_may(client: AsyncWebClient, workspace: Workspace) -> None:
    answer = await client.auth_test()

    assert (answer["team_id"], answer["user_id"]) == (workspace.team.id, workspace.app.bot_user_id)
    assert "chat:write" in answer.headers["X-OAuth-Scopes"].split(",")


async def test_an_answer_comes_at_once_on_a_connection_that_stays(slack: StandInSlack) -> None:
    """Its second piece does not wait for the other side's word about the first, which takes 40 milliseconds."""
    taken = []
    async with aiohttp.ClientSession() as session:
        for _ in range(TRIES):
            started = time.perf_counter()
            async with session.post(f"{slack.api_url}api.test", data={}) as answer:
                await answer.read()
            taken.append(time.perf_counter() - started)

    assert min(taken[TRIES // 2 :]) < AT_ONCE_SECONDS


async def test_a_wrong_token_is_refused(slack: StandInSlack) -> None:
    assert await refusal(AsyncWebClient(token="xoxb-wrong", base_url=slack.api_url).auth_test()) == "invalid_auth"


async def test_a_missing_scope_is_named(client: AsyncWebClient, workspace: Workspace) -> None:
    workspace.app.scopes.discard("users:read")

    with pytest.raises(SlackApiError) as caught:
        await client.users_info(user="U1")

    assert (caught.value.response["error"], caught.value.response["needed"]) == ("missing_scope", "users:read")


async def test_the_bot_writes_only_where_it_is_a_member(client: AsyncWebClient, workspace: Workspace) -> None:
    private = workspace.add_channel("secret", with_bot=False, is_private=True)
    archived = workspace.add_channel("old", is_archived=True)
    random = workspace.channel("random")

    assert await refusal(client.chat_postMessage(channel=random.id, text="x")) == "not_in_channel"
    assert await refusal(client.chat_postMessage(channel=private.id, text="x")) == "channel_not_found"
    assert await refusal(client.chat_postMessage(channel=archived.id, text="x")) == "is_archived"
    assert await refusal(client.chat_postMessage(channel="C404", text="x")) == "channel_not_found"
    await client.conversations_join(channel=random.id)
    assert (await client.chat_postMessage(channel=random.id, text="x"))["ok"]


async def test_a_message_says_something_and_not_too_much(client: AsyncWebClient, workspace: Workspace) -> None:
    prod = workspace.channel("prod").id

    assert await refusal(client.chat_postMessage(channel=prod)) == "no_text"
    assert await refusal(client.chat_postMessage(channel=prod, text="x" * 40_001)) == "msg_too_long"
    many = [section("x" * 2_700) for _ in range(5)]
    assert await refusal(client.chat_postMessage(channel=prod, text="x", blocks=many)) == "msg_blocks_too_long"
    assert await refusal(client.chat_postMessage(channel=prod, text="x", blocks=[section("")])) == "invalid_blocks"
    assert workspace.messages == []


async def test_updating_with_text_alone_removes_the_blocks(client: AsyncWebClient, workspace: Workspace) -> None:
    prod = workspace.channel("prod").id
    posted = await client.chat_postMessage(channel=prod, text="x", blocks=[section("before")])

    await client.chat_update(channel=prod, ts=posted["ts"], text="after")

    assert (workspace.messages[-1].text, workspace.messages[-1].blocks) == ("after", [])
    assert await refusal(client.chat_update(channel=prod, ts="1.000001", text="x")) == "message_not_found"


async def test_an_ephemeral_message_needs_its_reader_there_and_cannot_be_edited(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    prod, ada, outsider = workspace.channel("prod").id, workspace.member("ada").id, workspace.add_person("zoe").id

    shown = await client.chat_postEphemeral(channel=prod, user=ada, text="x")

    assert await refusal(client.chat_postEphemeral(channel=prod, user=outsider, text="x")) == "user_not_in_channel"
    assert await refusal(client.chat_update(channel=prod, ts=shown["message_ts"], text="y")) == "message_not_found"


async def test_a_thread_is_read_page_by_page_with_its_first_message_whatever_the_time(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    prod = workspace.channel("prod").id
    first = (await client.chat_postMessage(channel=prod, text="first"))["ts"]
    replies = [(await client.chat_postMessage(channel=prod, text="x", thread_ts=first))["ts"] for _ in range(3)]

    page = await client.conversations_replies(channel=prod, ts=first, limit=3)
    rest = await client.conversations_replies(
        channel=prod, ts=first, limit=3, cursor=page["response_metadata"]["next_cursor"]
    )
    late = await client.conversations_replies(channel=prod, ts=first, oldest=replies[1])

    assert [one["ts"] for one in (*page["messages"], *rest["messages"])] == [first, *replies]
    assert [one["ts"] for one in late["messages"]] == [first, replies[2]]
    assert [one["ts"] for one in (await client.conversations_history(channel=prod))["messages"]] == [first]
    assert await refusal(client.conversations_replies(channel=prod, ts="1.000001")) == "thread_not_found"


async def test_a_reply_to_what_is_gone_stands_in_the_channel(client: AsyncWebClient, workspace: Workspace) -> None:
    prod = workspace.channel("prod").id
    first = (await client.chat_postMessage(channel=prod, text="first"))["ts"]
    assert (await client.chat_postMessage(channel=prod, text="x", thread_ts=first))["message"]["thread_ts"] == first

    await client.chat_delete(channel=prod, ts=first)

    assert "thread_ts" not in (await client.chat_postMessage(channel=prod, text="x", thread_ts=first))["message"]


async def test_lists_are_paged(client: AsyncWebClient, workspace: Workspace) -> None:
    seen, cursor = [], ""
    while True:
        page = await client.conversations_list(limit=2, cursor=cursor)
        seen += [channel["name"] for channel in page["channels"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break

    assert seen == ["prod", "staging", "support", "random", "audit"]


async def test_people_are_told_apart(client: AsyncWebClient, workspace: Workspace) -> None:
    gone = workspace.add_person("gone", deleted=True)
    stranger = workspace.add_person("eve", is_stranger=True, team_id="T0OTHER")

    assert (await client.users_info(user=gone.id))["user"]["deleted"] is True
    assert (await client.users_info(user=stranger.id))["user"]["team_id"] == "T0OTHER"
    assert (await client.users_info(user=workspace.member("guy").id))["user"]["is_restricted"] is True
    assert await refusal(client.users_info(user="U404")) == "user_not_found"


async def test_a_file_is_sent_in_three_steps(client: AsyncWebClient, workspace: Workspace) -> None:
    await client.files_upload_v2(channel=workspace.channel("prod").id, filename="trail.txt", content="all of it")

    assert workspace.messages[-1].files[0].content == b"all of it"
    assert (
        await refusal(client.files_upload_v2(channel=workspace.channel("random").id, filename="trail.txt", content="x"))
        == "not_in_channel"
    )


async def test_a_trigger_opens_one_view_within_three_seconds(
    client: AsyncWebClient, workspace: Workspace, clock: Clock
) -> None:
    ada = workspace.member("ada")
    fresh, late = (workspace.triggers.issue(ada.id, workspace.team.id) for _ in range(2))

    await client.views_open(trigger_id=fresh, view=FORM)
    assert await refusal(client.views_open(trigger_id=fresh, view=FORM)) == "trigger_exchanged"
    clock.pass_time(seconds=3.1)
    assert await refusal(client.views_open(trigger_id=late, view=FORM)) == "expired_trigger_id"
    assert await refusal(client.views_open(trigger_id="1.2.3", view=FORM)) == "invalid_trigger_id"


async def test_typed_values_survive_where_the_ids_stay(client: AsyncWebClient, workspace: Workspace) -> None:
    ada = workspace.person("ada")
    trigger = workspace.triggers.issue(ada.id, workspace.team.id)
    view = modal("Form", text_field("Label", "label"), text_field("Host", "host"))
    view_id = (await client.views_open(trigger_id=trigger, view=view))["view"]["id"]
    assert ada.modal is not None
    await ada.fill(ada.modal, {"Label": "Orders", "Host": "eu-1"})

    changed = modal("Form", text_field("Label now", "label"), text_field("Host", "host-2"))
    await client.views_update(view_id=view_id, view=changed)

    values = ada.modal.values
    assert values["label"]["typed"]["value"] == "Orders"
    assert values["host-2"]["typed"]["value"] is None
    assert "host" not in values


async def test_a_stale_hash_a_closed_view_and_a_fourth_modal_are_refused(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    ada = workspace.person("ada")

    def trigger() -> str:
        return workspace.triggers.issue(ada.id, workspace.team.id)

    view = (await client.views_open(trigger_id=trigger(), view=FORM))["view"]
    await client.views_update(view_id=view["id"], view=FORM)
    assert await refusal(client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)) == "hash_conflict"
    for _ in range(2):
        await client.views_push(trigger_id=trigger(), view=FORM)
    assert await refusal(client.views_push(trigger_id=trigger(), view=FORM)) == "push_limit_reached"
    workspace.views.clear(ada.id)
    assert await refusal(client.views_update(view_id=view["id"], view=FORM)) == "not_found"


@pytest.mark.parametrize(
    ("outage", "status"),
    [
        (Outage.RATE_LIMITED, 429),
        (Outage.SERVER_ERROR, 500),
        (Outage.UNAVAILABLE, 503),
    ],
)
async def test_an_armed_outage_is_met_once_and_has_no_effect(
    slack: StandInSlack, workspace: Workspace, outage: Outage, status: int
) -> None:
    workspace.outages.arm("chat.*", outage, retry_after=7)
    headers = {"Authorization": f"Bearer {workspace.app.bot_token}"}
    body = {"channel": workspace.channel("prod").id, "text": "x"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{slack.api_url}chat.postMessage", json=body) as first:
            assert first.status == status
            assert first.headers.get("Retry-After") == ("7" if status == 429 else None)
        assert workspace.calls[-1].outage is outage
        assert workspace.messages == []
        async with session.post(f"{slack.api_url}chat.postMessage", data=body) as second:
            assert (await second.json())["ok"] is True


@pytest.mark.parametrize(("outage", "posted"), [(Outage.RESET_BEFORE, 0), (Outage.RESET_AFTER, 1)])
async def test_a_reset_breaks_the_connection_before_or_after_the_effect(
    client: AsyncWebClient, workspace: Workspace, outage: Outage, posted: int
) -> None:
    workspace.outages.arm("chat.postMessage", outage)

    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=workspace.channel("prod").id, text="x")

    assert len(workspace.messages) == posted


async def test_every_call_is_remembered_with_its_arguments_and_answer(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    await client.chat_postMessage(channel=workspace.channel("prod").id, text="hello")

    call = workspace.calls[-1]
    assert (call.method, call.arguments["text"]) == ("chat.postMessage", "hello")
    assert (call.status, call.answer["ok"]) == (200, True)

"""Socket Mode with slack_sdk's own client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.websockets import WebSocket

from bot.sandbox.slack.server import StandInSlack
from bot.sandbox.slack.workspace import Workspace
from tests.unit.sandbox.slack.echo import create_echo


@pytest.fixture
async def connected(slack: StandInSlack) -> AsyncIterator[StandInSlack]:
    app = create_echo(slack)
    web_client = AsyncWebClient(base_url=slack.api_url)
    handler = AsyncSocketModeHandler(app, slack.workspace.app.app_token, web_client=web_client)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.workspace.wait_for(lambda: slack.sockets.is_connected)
    yield slack
    await handler.close_async()  # type: ignore[no-untyped-call]


async def test_a_command_travels_as_an_envelope_and_its_answer_back(connected: StandInSlack) -> None:
    ada = connected.workspace.person("ada")

    delivery = await ada.command("#prod", "/cloudsync hello")

    assert connected.sockets.envelopes[-1]["type"] == "slash_commands"
    assert delivery.is_acknowledged
    assert ada.read(ada.see("#prod")[-1]) == "you said hello"


async def test_a_form_is_suggested_to_and_submitted(connected: StandInSlack) -> None:
    ada = connected.workspace.person("ada")
    await ada.command("#prod", "/cloudsync form")
    form = await ada.wait_for(lambda: ada.modal)
    assert form is not None

    assert (await ada.suggestions("Database", "bil")).labels == ["Billing"]
    await ada.fill(form, {"Reason": "no"})
    await ada.submit(form)

    assert form.errors == {"reason": "Say more."}


async def test_the_bot_token_opens_no_connection(slack: StandInSlack, workspace: Workspace) -> None:
    client = AsyncWebClient(base_url=slack.api_url)

    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await client.apps_connections_open(app_token=workspace.app.bot_token)


class DyingSocket:
    """Has gone, and nobody has noticed."""

    async def send_json(self, envelope: object) -> None:
        raise RuntimeError("the connection is closed")


async def test_an_envelope_that_no_connection_takes_is_a_failed_dispatch(connected: StandInSlack) -> None:
    connected.sockets._open[:] = [cast(WebSocket, DyingSocket())]

    delivery = await connected.workspace.person("ada").command("#prod", "/cloudsync hello")

    assert (delivery.status, delivery.failure) == (0, "dispatch_failed")

"""The echo app: answers every kind of delivery in the plainest way."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.server import PromptServer
from bot.sandbox.slack.server import StandInSlack

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(label: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, "value": "opaque", **more}


def option(label: str) -> Json:
    return {"text": plain(label), "value": label.lower()}


def text_field(label: str, block_id: str, **more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "typed", **more}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element}


def modal(title: str, *blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain(title), "submit": plain("Send"), "blocks": list(blocks), **more}


FORM = modal(
    "Say why",
    text_field("Reason", "reason"),
    {
        "type": "input",
        "block_id": "database",
        "label": plain("Database"),
        "optional": True,
        "element": {"type": "external_select", "action_id": "database", "min_query_length": 0},
    },
    callback_id="why",
    notify_on_close=True,
)
CONFIRM = {
    "title": plain("Sure?"),
    "text": plain("It is gone afterwards."),
    "confirm": plain("Yes"),
    "deny": plain("No"),
}


def create_echo(slack: StandInSlack) -> AsyncApp:
    app_record = slack.workspace.app
    client = AsyncWebClient(token=app_record.bot_token, base_url=slack.api_url)
    app = AsyncApp(
        client=client,
        token=app_record.bot_token,
        signing_secret=app_record.signing_secret,
        process_before_response=True,
        logger=logging.getLogger("echo"),
    )
    _listen_to_commands(app)
    _listen_to_interactions(app)
    _listen_to_events(app)
    return app


def _listen_to_commands(app: AsyncApp) -> None:
    @app.command("/cloudsync")
    async def command(ack: Any, respond: Any, command: Json, client: Any) -> None:
        match command["text"].split(" ")[0]:
            case "silent":
                await asyncio.sleep(30)
            case "form":
                await ack()
                await client.views_open(trigger_id=command["trigger_id"], view=FORM)
            case "card":
                await ack()
                blocks = [
                    section("*Delete it?*"),
                    {
                        "type": "actions",
                        "elements": [
                            button("Approve", "approve", style="danger", confirm=CONFIRM),
                            button("Deny", "deny"),
                        ],
                    },
                ]
                await client.chat_postMessage(channel=command["channel_id"], text="Delete it?", blocks=blocks)
            case "later":
                await ack()
                await respond(text="an answer by URL")
            case _:
                await ack(f"you said {command['text']}")


def _listen_to_interactions(app: AsyncApp) -> None:
    @app.action("approve")
    async def approve(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text=f"approved by <@{body['user']['id']}>"
        )

    @app.options("database")
    async def options(ack: Any, payload: Json) -> None:
        labels = [label for label in ("Orders EU", "Orders US", "Billing") if payload["value"].lower() in label.lower()]
        await ack(options=[option(label) for label in labels])

    @app.view("why")
    async def why(ack: Any, view: Json, body: Json, client: Any) -> None:
        reason = view["state"]["values"]["reason"]["typed"]["value"]
        if reason == "no":
            await ack(response_action="errors", errors={"reason": "Say more."})
        elif reason == "wrong":
            await ack(response_action="errors", errors={"nowhere": "Say more."})
        elif reason == "more":
            await ack(response_action="push", view=modal("And then", text_field("Then", "then")))
        else:
            await ack()
            await client.chat_postMessage(channel=body["user"]["id"], text=f"because {reason}")

    @app.view_closed("why")
    async def closed(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.chat_postMessage(channel=body["user"]["id"], text="you closed it")


def _listen_to_events(app: AsyncApp) -> None:
    @app.event("app_mention")
    async def mentioned(event: Json, say: Any) -> None:
        await say(text="at your service", thread_ts=event["ts"])

    @app.event("message")
    async def written(event: Json, say: Any) -> None:
        await say(f"you wrote {event['text']}")

    @app.event("app_home_opened")
    async def opened(event: Json, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Welcome home")]})


@asynccontextmanager
async def serve_app(app: AsyncApp) -> AsyncIterator[str]:
    """The app over HTTP at `/slack/events`; its address."""
    handler = AsyncSlackRequestHandler(app)

    async def endpoint(request: Request) -> Response:
        return await handler.handle(request)

    web = Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])
    server = PromptServer(uvicorn.Config(web, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.stop()
            await serving

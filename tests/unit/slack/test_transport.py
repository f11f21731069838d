"""The HTTP door: only what Slack signed comes in, whatever the body looks like."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import httpx
import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.tasks import Tasks
from bot.slack.transport import MAX_BODY_BYTES, SlackDoor, http_app

SECRET = "signing-secret"
FORM = "application/x-www-form-urlencoded"


async def authorised(**kwargs: object) -> AuthorizeResult:
    del kwargs
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-x", bot_user_id="UBOT", bot_id="B1")


class Door:
    """The door with an app behind it that remembers what came in."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        app = AsyncApp(
            client=AsyncWebClient(token="xoxb-x", base_url="http://127.0.0.1:9/"),
            request_verification_enabled=False,
            process_before_response=True,
            authorize=authorised,
        )
        app.command("/cloudsync")(self._take)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(http_app(SlackDoor(app, SECRET, Tasks()), self._ready)),
            base_url="http://door",
        )

    async def _ready(self) -> list[str]:
        return ["the database is away"]

    async def _take(self, ack: AsyncAck, command: dict[str, str]) -> None:
        self.taken.append(command["text"])
        await ack()

    async def post(
        self, body: str, *, stamp: str | None = None, signature: str | None = None, kind: str = FORM
    ) -> httpx.Response:
        stamp = stamp if stamp is not None else str(int(time.time()))
        made = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature if signature is not None else made or "",
        }
        return await self.client.post("/slack/events", content=body, headers=headers)


@pytest.fixture
def door() -> Door:
    return Door()


def command(text: str) -> str:
    return urlencode(
        {
            "command": "/cloudsync",
            "text": text,
            "team_id": "T1",
            "user_id": "U1",
            "channel_id": "C1",
            "trigger_id": "1.2",
        }
    )


@pytest.mark.parametrize("text", ["databases list", "databases show payload-store", "payload=1", "a&b=c <x> %"])
async def test_a_signed_command_comes_in_whatever_its_text(door: Door, text: str) -> None:
    assert (await door.post(command(text))).status_code == 200
    assert door.taken == [text]


@pytest.mark.parametrize(
    ("stamp", "signature"),
    [(None, "v0=0000"), (None, ""), ("", None), ("soon", None), ("-1", None), ("9" * 40, None), ("1000000000", None)],
)
async def test_a_bad_signature_or_time_is_401_and_nothing_comes_in(
    door: Door, stamp: str | None, signature: str | None
) -> None:
    assert (await door.post(command("org"), stamp=stamp, signature=signature)).status_code == 401
    assert door.taken == []


@pytest.mark.parametrize(
    ("body", "kind"), [("{not json", "application/json"), ("[1]", "application/json"), ("payload={", FORM)]
)
async def test_a_signed_body_that_is_none_is_400(door: Door, body: str, kind: str) -> None:
    assert (await door.post(body, kind=kind)).status_code == 400


async def test_a_huge_body_is_413(door: Door) -> None:
    assert (await door.post("x" * (MAX_BODY_BYTES + 1))).status_code == 413


async def test_slacks_challenge_is_answered(door: Door) -> None:
    body = '{"type": "url_verification", "challenge": "abc"}'
    assert (await door.post(body, kind="application/json")).json() == {"challenge": "abc"}


async def test_readiness_says_why_not(door: Door) -> None:
    answer = await door.client.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["the database is away"])

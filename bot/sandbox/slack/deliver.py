"""Deliveries to the app: signed over HTTP, or as envelopes over Socket Mode; on time, late, twice, or forged."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.directory import Json
from bot.sandbox.slack.socket_mode import HungUpError

if TYPE_CHECKING:
    from bot.sandbox.slack.socket_mode import Sockets
    from bot.sandbox.slack.workspace import Workspace


class Kind(StrEnum):
    """What is delivered; the values are Socket Mode's names."""

    COMMAND = "slash_commands"
    INTERACTION = "interactive"
    EVENT = "events_api"


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a delivery is made. The default is as Slack does on a good day; everything else is for tests."""

    copies: int = 1
    """How many times the same request is sent, all at once."""
    delay: float = 0.0
    """Seconds between the person's act and the request."""
    bad_signature: bool = False
    unsigned: bool = False
    aged: float = 0.0
    """Seconds by which the signed timestamp lies in the past."""
    team_id: str | None = None
    """Pretends to come from another workspace."""
    app_id: str | None = None
    user_id: str | None = None
    """Pretends that another person acted."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One request to the app and what came of it."""

    kind: Kind
    payload: Json
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    status: int = 0
    """HTTP status; 0 where nothing answered. Socket Mode's acknowledgement counts as 200."""
    answer: str = ""
    seconds: float = 0.0
    """From the first byte sent to the acknowledgement."""
    failure: str | None = None
    """`operation_timeout` or `dispatch_failed`, as Slack shows it to the person."""

    @property
    def is_acknowledged(self) -> bool:
        """The app said 200 in time."""
        return self.failure is None

    def json(self) -> Json:
        """The answer's body as an object; empty where it is none."""
        try:
            decoded = json.loads(self.answer)
        except ValueError:
            return {}
        return decoded if isinstance(decoded, dict) else {}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature. Source: https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Whom those trust who ask over plain HTTP: reading the usual certificates takes long."""
FOREVER = aiohttp.ClientTimeout(total=None, sock_connect=None)
"""How long Slack waits is the workspace's to say."""


class Courier:
    """Carries deliveries to one app, and remembers each."""

    def __init__(self, workspace: Workspace, *, url: str, sockets: Sockets) -> None:
        self.url = url
        self._workspace = workspace
        self._sockets = sockets
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), timeout=FOREVER
        )
        self._open_gate = asyncio.Event()
        self._open_gate.set()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    def hold(self) -> None:
        """Keep deliveries back until `release`."""
        self._open_gate.clear()

    def release(self) -> None:
        """Send what was held."""
        self._open_gate.set()

    async def deliver(self, kind: Kind, payload: Json, manner: Manner) -> Delivery:
        """Send it in this manner, and wait for the acknowledgement of the first copy."""
        if manner.delay:
            await asyncio.sleep(manner.delay)
        await self._open_gate.wait()
        request = self._request(kind, _forged(payload, manner), manner)
        sent = await asyncio.gather(*(self.send(request) for _ in range(manner.copies)))
        return sent[0]

    async def replay(self, delivery: Delivery) -> Delivery:
        """Send the very same request again: same body, timestamp and signature."""
        return await self.send(replace(delivery, status=0, answer="", seconds=0.0, failure=None))

    async def deliver_raw(self, body: bytes, headers: dict[str, str]) -> Delivery:
        """Send anything at all over HTTP."""
        return await self.send(Delivery(kind=Kind.INTERACTION, payload={}, headers=headers, body=body))

    async def send(self, request: Delivery) -> Delivery:
        """One request, one answer within Slack's three seconds."""
        by_socket = self._sockets.is_connected and bool(request.payload)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._workspace.ack_deadline):
                status, answer = await (self._by_socket(request) if by_socket else self._by_http(request))
            failure = None if status == HTTPStatus.OK else "dispatch_failed"
        except TimeoutError:
            status, answer, failure = 0, "", "operation_timeout"
        except (aiohttp.ClientError, OSError, HungUpError) as error:
            status, answer, failure = 0, type(error).__name__, "dispatch_failed"
        seconds = time.perf_counter() - started
        done = replace(request, status=status, answer=answer, seconds=seconds, failure=failure)
        self._workspace.deliveries.append(done)
        self._workspace.changed()
        return done

    async def _by_http(self, request: Delivery) -> tuple[int, str]:
        sent = self._session.post(self.url, data=request.body, headers=request.headers, allow_redirects=False)
        async with sent as response:
            return response.status, await response.text(errors="replace")

    async def _by_socket(self, request: Delivery) -> tuple[int, str]:
        answer = await self._sockets.send(request.kind.value, request.payload)
        return HTTPStatus.OK, json.dumps(answer) if answer else ""

    def _request(self, kind: Kind, payload: Json, manner: Manner) -> Delivery:
        content_type, body = encoded(kind, payload)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if not manner.unsigned:
            timestamp = str(int(self._workspace.clock().timestamp() - manner.aged))
            secret = "somebody else's secret" if manner.bad_signature else self._workspace.app.signing_secret
            headers["X-Slack-Request-Timestamp"] = timestamp
            headers["X-Slack-Signature"] = signature(secret, timestamp, body)
        return Delivery(kind=kind, payload=payload, headers=headers, body=body)


def encoded(kind: Kind, payload: Json) -> tuple[str, bytes]:
    """Content type and body: commands as form fields, interactions as one form field of JSON, events as JSON."""
    if kind is Kind.EVENT:
        return "application/json", json.dumps(payload).encode()
    fields: Sequence[tuple[str, str]] = list(payload.items())
    if kind is Kind.INTERACTION:
        fields = [("payload", json.dumps(payload))]
    return "application/x-www-form-urlencoded", urlencode(fields).encode()


def _forged(payload: Json, manner: Manner) -> Json:
    forged = json.loads(json.dumps(payload))
    if manner.team_id is not None:
        _set_team(forged, manner.team_id)
    if manner.app_id is not None:
        forged["api_app_id"] = manner.app_id
    if manner.user_id is not None:
        _set_user(forged, manner.user_id)
    return dict(forged)


def _set_team(payload: Json, team_id: str) -> None:
    for name in ("team_id", "context_team_id"):
        if name in payload:
            payload[name] = team_id
    if "team" in payload:
        payload["team"]["id"] = team_id
        payload["user"]["team_id"] = team_id
    for authorization in payload.get("authorizations", []):
        authorization["team_id"] = team_id


def _set_user(payload: Json, user_id: str) -> None:
    if "user_id" in payload:
        payload["user_id"] = user_id
    if "event" in payload:
        payload["event"]["user"] = user_id
    elif "user" in payload:
        payload["user"]["id"] = user_id

"""The HTTP door: verify, parse, hand to Bolt. Bolt neither parses nor verifies again: its parser loses bodies that
hold the word `payload`, and its errors on malformed input are 500s."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.slack.tasks import Tasks

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 1_000_000


class SlackDoor:
    """`POST /slack/events`: slash commands, interactivity and events all come here."""

    def __init__(self, app: AsyncApp, signing_secret: str, tasks: Tasks) -> None:
        self._app = app
        self._tasks = tasks
        self._verifier = SignatureVerifier(signing_secret)

    async def receive(self, request: Request) -> Response:
        """Acknowledge one delivery; those that wait for theirs go before all other work."""
        with self._tasks.acknowledging():
            return await self._received(request)

    async def _received(self, request: Request) -> Response:
        """Verify the signature over the raw body (docs.slack.dev, verifying requests), then dispatch."""
        raw = await request.body()
        if len(raw) > MAX_BODY_BYTES:
            return PlainTextResponse("too large", 413)
        if not self._is_signed(raw, request):
            log.warning("bad_signature", size=len(raw))
            return PlainTextResponse("invalid signature", 401)
        body = parse_body(raw, request.headers.get("content-type", ""))
        if body is None:
            return PlainTextResponse("not understood", 400)
        if body.get("type") == "url_verification":
            return JSONResponse({"challenge": body.get("challenge", "")})
        if body.get("ssl_check"):
            return PlainTextResponse("")
        answer = await self._app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        headers = {name: values[0] for name, values in answer.headers.items() if name.lower() == "content-type"}
        return Response(answer.body, answer.status, headers)

    def _is_signed(self, raw: bytes, request: Request) -> bool:
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12 or not signature.isascii():
            return False
        try:
            return self._verifier.is_valid(body=raw, timestamp=timestamp, signature=signature)
        except (ValueError, UnicodeDecodeError):
            return False


def parse_body(raw: bytes, content_type: str) -> dict[str, Any] | None:
    """JSON, a form, or a form whose field `payload` is JSON; None for anything else."""
    try:
        text = raw.decode()
        if "json" in content_type or text.lstrip().startswith("{"):
            decoded = json.loads(text)
        else:
            fields = dict(parse_qsl(text, keep_blank_values=True))
            decoded = json.loads(fields["payload"]) if set(fields) == {"payload"} else fields
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def http_app(door: SlackDoor | None, readiness: Callable[[], Awaitable[list[str]]]) -> Starlette:
    """The bot's whole HTTP surface. In Socket Mode there is no door, only health."""

    async def healthz(request: Request) -> Response:
        del request
        return PlainTextResponse("ok")

    async def readyz(request: Request) -> Response:
        del request
        problems = await readiness()
        return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)

    async def metrics(request: Request) -> Response:
        del request
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    if door is not None:
        routes.append(Route("/slack/events", door.receive, methods=["POST"]))
    return Starlette(routes=routes)

"""What the app sees: Web API, response URLs, uploads, Socket Mode; each call logged, each outage honoured."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from bot.sandbox.slack.answers import use_response_url
from bot.sandbox.slack.arguments import read_arguments
from bot.sandbox.slack.directory import Json
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.methods import call
from bot.sandbox.slack.outages import RESPONSE_URL, Armed, Outage
from bot.sandbox.slack.socket_mode import Sockets
from bot.sandbox.slack.workspace import Call, Workspace


class WebApi:
    """Request handlers over one workspace."""

    def __init__(self, workspace: Workspace, sockets: Sockets) -> None:
        self.workspace = workspace
        self.sockets = sockets

    def routes(self) -> list[Route | WebSocketRoute]:
        """Everything under `/api/`, and the addresses that its answers hand out."""
        return [
            Route("/api/{method}", self.method, methods=["GET", "POST"]),
            Route("/commands/{team}/{token}", self.response_url, methods=["POST"]),
            Route("/actions/{team}/{token}", self.response_url, methods=["POST"]),
            Route("/upload/{file_id}", self.upload, methods=["POST"]),
            Route("/files/{file_id}", self.download),
            WebSocketRoute("/link", self.sockets.serve),
        ]

    async def method(self, request: Request) -> Response:
        """One Web API call."""
        name = request.path_params["method"]
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token if scheme.lower() == "bearer" else ""
        try:
            given = await read_arguments(request)
        except SlackError as error:
            return self._logged(name, {}, JSONResponse(error.to_json()))
        bearer = bearer or str(given.pop("token", ""))
        return await self._met(request, name, given, lambda: self._answer(name, bearer, given))

    def _answer(self, name: str, token: str, given: Json) -> Response:
        try:
            if name == "apps.connections.open":
                answer = self._open_connection(token)
            else:
                answer = call(self.workspace, name, token, given)
        except SlackError as error:
            answer = error.to_json()
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.workspace.app.scopes))}
        return JSONResponse(answer, headers=headers)

    def _open_connection(self, token: str) -> Json:
        if token != self.workspace.app.app_token:
            raise SlackError("invalid_auth" if token != self.workspace.app.bot_token else "not_allowed_token_type")
        if "connections:write" not in self.workspace.app.app_scopes:
            raise SlackError("missing_scope", needed="connections:write", provided="")
        address = self.workspace.base_url.replace("http", "ws", 1)
        return {"ok": True, "url": f"{address}/link?ticket={self.sockets.ticket()}"}

    async def response_url(self, request: Request) -> Response:
        """One use of a response URL."""
        try:
            given = json.loads(await request.body())
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return self._logged(RESPONSE_URL, {}, PlainTextResponse("invalid_payload", status_code=400))
        token = request.path_params["token"]
        return await self._met(request, RESPONSE_URL, given, lambda: self._respond(token, given))

    def _respond(self, token: str, given: Json) -> Response:
        try:
            link = self.workspace.response_urls.use(token)
        except SlackError as error:
            return JSONResponse(error.to_json(), status_code=404)
        try:
            use_response_url(self.workspace, link, given)
        except SlackError as error:
            return JSONResponse(error.to_json(), status_code=400)
        return PlainTextResponse("ok")

    async def upload(self, request: Request) -> Response:
        """The content of an announced file, as the raw body."""
        file = self.workspace.files.get(request.path_params["file_id"])
        if file is None:
            return PlainTextResponse("no such upload", status_code=404)
        content = await request.body()
        if len(content) != file.length:
            return PlainTextResponse("length differs from what was announced", status_code=400)
        file.content = content
        return PlainTextResponse(f"OK - {len(content)}")

    async def download(self, request: Request) -> Response:
        """A shared file, for the page."""
        file = self.workspace.files.get(request.path_params["file_id"])
        if file is None or file.content is None:
            return PlainTextResponse("no such file", status_code=404)
        quoted = file.name.replace('"', "")
        headers = {"Content-Disposition": f'attachment; filename="{quoted}"', "X-Content-Type-Options": "nosniff"}
        return Response(file.content, media_type="application/octet-stream", headers=headers)

    async def _met(self, request: Request, name: str, given: Json, act: Callable[[], Response]) -> Response:
        armed = self.workspace.outages.take(name)
        if armed is None:
            return self._logged(name, given, act())
        if armed.outage is Outage.SLOW:
            await asyncio.sleep(armed.seconds)
            return self._logged(name, given, act())
        if armed.outage is Outage.RESET_AFTER:
            self._logged(name, given, act(), armed.outage)
        if armed.outage in (Outage.RESET_AFTER, Outage.RESET_BEFORE):
            _hang_up(request)
        return self._logged(name, given, _outage(armed), armed.outage)

    def _logged(self, name: str, given: Json, response: Response, outage: str | None = None) -> Response:
        body = bytes(response.body)
        answer = json.loads(body) if isinstance(response, JSONResponse) else {"text": body.decode()}
        self.workspace.calls.append(
            Call(
                method=name,
                arguments=given,
                at=self.workspace.clock(),
                status=response.status_code,
                answer=answer,
                outage=outage,
            )
        )
        return response


def _outage(armed: Armed) -> Response:
    if armed.outage is Outage.RATE_LIMITED:
        headers = {} if armed.retry_after is None else {"Retry-After": str(armed.retry_after)}
        return JSONResponse({"ok": False, "error": "ratelimited"}, status_code=429, headers=headers)
    if armed.outage is Outage.REFUSED:
        return JSONResponse({"ok": False, "error": armed.code})
    status = 503 if armed.outage is Outage.UNAVAILABLE else 500
    return HTMLResponse("<html><body>Something went wrong</body></html>", status_code=status)


def _hang_up(request: Request) -> None:
    """Abort the TCP connection: uvicorn's receive belongs to the object that holds the transport."""
    cycle: Any = getattr(request.receive, "__self__", None)
    cycle.transport.abort()

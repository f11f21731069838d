"""Socket Mode: real WebSockets that carry deliveries as envelopes. Source: https://docs.slack.dev/apis/events-api/using-socket-mode."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.slack.directory import Json

CONNECTION_LIMIT = 10


class HungUpError(Exception):
    """The connection that was to carry an envelope is gone."""


class Sockets:
    """The app's open connections; each envelope goes to one of them."""

    def __init__(self) -> None:
        self._open: list[WebSocket] = []
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self.envelopes: list[Json] = []

    @property
    def is_connected(self) -> bool:
        """Somebody listens."""
        return bool(self._open)

    def ticket(self) -> str:
        """Leave to connect once, as `apps.connections.open` gives it."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from its hello to its end."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets or len(self._open) >= CONNECTION_LIMIT:
            await socket.close(code=4000)
            return
        self._tickets.discard(ticket)
        await socket.accept()
        await socket.send_json(_hello(len(self._open) + 1))
        self._open.append(socket)
        with suppress(WebSocketDisconnect):
            while True:
                self._acknowledge(json.loads(await socket.receive_text()))
        if socket in self._open:
            self._open.remove(socket)

    async def send(self, kind: str, payload: Json) -> Json:
        """Hand one envelope to a connection; the payload of its acknowledgement. `HungUpError` where it takes none."""
        envelope_id = secrets.token_hex(16)
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": 0, "retry_reason": ""}
        self.envelopes.append(envelope)
        self._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await self._hand_over(envelope)
            return await self._waiting[envelope_id]
        finally:
            del self._waiting[envelope_id]

    async def _hand_over(self, envelope: Json) -> None:
        """Whoever listened may have died just now."""
        if not self._open:
            raise HungUpError
        try:
            await secrets.choice(self._open).send_json(envelope)
        except (WebSocketDisconnect, RuntimeError):
            raise HungUpError from None

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to go, as Slack does every few hours, and hang up."""
        for socket in list(self._open):
            self._open.remove(socket)
            with suppress(WebSocketDisconnect, RuntimeError):
                await socket.send_json({"type": "disconnect", "reason": reason})
                await socket.close()

    def _acknowledge(self, message: Json) -> None:
        waiting = self._waiting.get(str(message.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(message.get("payload") or {})


def _hello(connections: int) -> Json:
    return {
        "type": "hello",
        "num_connections": connections,
        "connection_info": {"app_id": "A0CLOUDSYN"},
        "debug_info": {"host": "stand-in", "approximate_connection_time": 18060},
    }

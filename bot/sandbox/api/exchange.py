"""One call and its answer, over a connection that may break in between."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from bot.sandbox.api.answers import JSON_TYPE, Answer, errors
from bot.sandbox.api.asked import Asked
from bot.sandbox.api.connection import Connection
from bot.sandbox.api.endpoints import respond
from bot.sandbox.api.journal import Call, Fate
from bot.sandbox.api.stand_in import StandInApi


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A call that is being answered."""

    stand_in: StandInApi
    call: Call
    connection: Connection
    scope: Scope
    receive: Receive
    send: Send

    async def honest_answer(self) -> Answer:
        """What a sound server would do and say."""
        call, stand_in = self.call, self.stand_in
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        estate = stand_in.estates.get(key) if scheme == "Bearer" else None
        if estate is None:
            status = stand_in.switches.bad_key
            return errors(status.value, (status.name.lower(), "the key is not valid"))
        call.organisation = estate.organisation.id
        asked = Asked(
            estate=estate,
            switches=stand_in.switches,
            clock=stand_in.clock,
            pause=stand_in.pause,
            method=call.method,
            path=call.path,
            query=call.query,
            content_type=call.headers.get("content-type", ""),
            body=call.body,
        )
        answer = await respond(asked)
        call.took_effect = call.changes and answer.is_success
        return answer

    async def deliver(self, answer: Answer) -> None:
        """Send the whole answer."""
        await self._respond(answer, Response(answer.body, answer.status, headers=_headers(answer)))

    async def deliver_slowly(self, answer: Answer, *, pieces: int, seconds: float) -> None:
        """Send white space piece by piece before the answer, which stays valid JSON."""

        async def dripping() -> AsyncIterator[bytes]:
            for _ in range(pieces):
                yield b" "
                await self.stand_in.pause(seconds)
            yield answer.body

        headers = {**_headers(answer), "Content-Length": str(pieces + len(answer.body))}
        await self._respond(answer, StreamingResponse(dripping(), max(answer.status, 200), headers=headers))

    async def deliver_half(self, answer: Answer) -> None:
        """Announce more than is sent, then close."""
        announced = {**_headers(answer), "Content-Length": str(len(answer.body) + 40)}
        raw = [(name.lower().encode(), value.encode()) for name, value in announced.items()]
        status = 200 if answer.status == 204 else answer.status
        self.call.status = status
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        half = answer.body[: len(answer.body) // 2]
        await self.send({"type": "http.response.body", "body": half, "more_body": True})
        await self.close()

    async def close(self) -> None:
        """Close the connection without a further word."""
        self.call.fate = Fate.ABANDONED if self.connection.is_gone else Fate.CLOSED
        await self.connection.close()

    async def reset(self) -> None:
        """Reset the connection."""
        self.call.fate = Fate.ABANDONED if self.connection.is_gone else Fate.RESET
        await self.connection.reset()

    async def _respond(self, answer: Answer, response: Response) -> None:
        self.call.status = answer.status
        was_gone = self.connection.is_gone
        await response(self.scope, self.receive, self.send)
        self.call.fate = Fate.ABANDONED if was_gone else Fate.ANSWERED


def _headers(answer: Answer) -> dict[str, str]:
    return {**answer.headers, **({"Content-Type": answer.content_type} if answer.body else {})}


def call_without_body(stand_in: StandInApi, request: Request) -> Call:
    """A call as far as its head tells."""
    return Call(
        method=request.method,
        path=request.scope["raw_path"].decode(),
        query=dict(request.query_params),
        headers=dict(request.headers),
        started=stand_in.clock(),
    )


def decoded(raw: bytes, content_type: str) -> Any:
    """JSON where it says so and is; else text; None where there is nothing."""
    if not raw:
        return None
    try:
        return json.loads(raw) if JSON_TYPE in content_type.lower() else raw.decode(errors="replace")
    except ValueError:
        return raw.decode(errors="replace")

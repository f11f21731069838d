"""The stand-in over real TCP. HTTP is spoken through h11 by hand, so that a connection can break at any point."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import h11

from bot.sandbox.api.answers import Answer, errors
from bot.sandbox.api.control import control
from bot.sandbox.api.endpoints import Asked, respond
from bot.sandbox.api.estate import Estate
from bot.sandbox.api.faults import Fault, FaultKind, Faults
from bot.sandbox.api.journal import Call, Journal
from bot.sandbox.api.switches import Switches

PIECE = 65_536
HTML = b"<!DOCTYPE html><html><body><h1>Gateway</h1></body></html>"

STATUS_FAULTS: Mapping[FaultKind, Answer] = {
    FaultKind.SERVER_ERROR_BEFORE_EFFECT: errors(500, ("internal_error", "something broke")),
    FaultKind.BAD_GATEWAY: Answer(status=502, body=HTML, content_type="text/html"),
    FaultKind.UNAUTHORIZED: errors(401, ("unauthorized", "the key is not valid")),
    FaultKind.FORBIDDEN: errors(403, ("forbidden", "the key lacks the role")),
    FaultKind.NOT_FOUND_BARE: Answer(status=404, body=b"404 page not found", content_type="text/plain"),
    FaultKind.TIMEOUT_STATUS: errors(408, ("request_timeout", "too slow")),
    FaultKind.CONFLICT: errors(409, ("conflict", "another change is under way")),
    FaultKind.UNPROCESSABLE: errors(422, ("validation_failed", "not acceptable")),
    FaultKind.TOO_EARLY: errors(425, ("too_early", "try later")),
    FaultKind.RATE_LIMITED: Answer(
        **{**errors(429, ("rate_limited", "slow down")).__dict__, "headers": {"Retry-After": "1"}}
    ),
    FaultKind.RATE_LIMITED_SILENT: errors(429, ("rate_limited", "slow down")),
    FaultKind.REDIRECT: Answer(status=302, headers={"Location": "https://elsewhere.example/v1"}),
    FaultKind.SEVERAL_ERRORS: errors(422, ("first_problem", "one thing"), ("second_problem", "another thing")),
}
"""Faults that answer without an effect."""

AFTER_EFFECT: Mapping[FaultKind, Answer] = {
    FaultKind.SERVER_ERROR_AFTER_EFFECT: errors(500, ("internal_error", "something broke")),
    FaultKind.GARBAGE: Answer(body=b"\x00\xff{{{not json"),
    FaultKind.HTML: Answer(body=HTML, content_type="text/html"),
    FaultKind.EMPTY: Answer(),
}
"""Faults that take effect and answer something else."""


class _CutError(Exception):
    """The connection ends here; `reset`: hard."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


@dataclass(kw_only=True)
class StandInApi:
    """The running stand-in: everything about it may be changed while it runs."""

    estates: dict[str, Estate]
    switches: Switches = field(default_factory=Switches)
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)
    url: str = ""

    @property
    def estate(self) -> Estate:
        """The first estate, where there is but one."""
        return next(iter(self.estates.values()))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, call after call."""
        connection = h11.Connection(h11.SERVER)
        try:
            while await self._one(connection, reader, writer):
                connection.start_next_cycle()
        except _CutError as cut:
            if cut.reset:
                _linger(writer)
        except (ConnectionError, h11.ProtocolError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _one(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        received = await _receive(connection, reader)
        if received is None:
            return False
        request, raw = received
        call = _call(request, raw)
        if call.path.startswith("/control/"):
            answer = control(self, call)
        else:
            self.journal.calls.append(call)
            try:
                answer = await self._answered(call, connection, writer)
            finally:
                call.ended = time.time()
        await _send(connection, writer, answer)
        return connection.our_state is h11.DONE and connection.their_state is h11.DONE

    async def _answered(self, call: Call, connection: h11.Connection, writer: asyncio.StreamWriter) -> Answer:
        fault = self.faults.take(call.method, call.path)
        if fault is not None:
            call.fault = fault.kind.value
            return await self._faulty(call, fault, connection, writer)
        return await self._honest(call)

    async def _honest(self, call: Call) -> Answer:
        key = call.headers.get("authorization", "").removeprefix("Bearer ")
        estate = self.estates.get(key)
        if estate is None:
            call.status = 401
            return errors(401, ("unauthorized", "the key is not valid"))
        call.organisation = estate.organisation.id
        if call.changes and call.method == "POST" and call.path == "/v1/databases":
            await asyncio.sleep(estate.verification_seconds)
        asked = Asked(method=call.method, path=call.path, query=call.query, body=call.body)
        answer = respond(estate, self.switches, asked)
        call.status = answer.status
        call.took_effect = call.changes and answer.status < 300
        return answer

    async def _faulty(
        self, call: Call, fault: Fault, connection: h11.Connection, writer: asyncio.StreamWriter
    ) -> Answer:
        kind = fault.kind
        if kind in STATUS_FAULTS:
            call.status = STATUS_FAULTS[kind].status
            return STATUS_FAULTS[kind]
        if kind is FaultKind.DATABASE_ERROR:
            call.status = 422
            return errors(422, (fault.code, "the tenant database could not be verified"))
        if kind in (FaultKind.REFUSE, FaultKind.CLOSE_BEFORE_EFFECT):
            raise _CutError
        if kind is FaultKind.RESET:
            raise _CutError(reset=True)
        if kind is FaultKind.HANG:
            await asyncio.sleep(fault.seconds)
            raise _CutError
        if kind is FaultKind.LATE_EFFECT:
            asyncio.get_running_loop().call_later(fault.seconds, lambda: asyncio.ensure_future(self._honest(call)))
            raise _CutError
        if kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
        answer = await self._honest(call)
        if kind is FaultKind.CLOSE_AFTER_EFFECT:
            raise _CutError
        if kind in AFTER_EFFECT and answer.status < 300:
            call.status = AFTER_EFFECT[kind].status
            return AFTER_EFFECT[kind]
        if kind is FaultKind.TRUNCATED:
            await _truncated(connection, writer, answer)
        if kind is FaultKind.DRIP:
            await _dripped(connection, writer, answer, fault.seconds)
        return answer


async def _receive(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes] | None:
    request: h11.Request | None = None
    body = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            piece = await reader.read(PIECE)
            if not piece and request is None:
                return None
            connection.receive_data(piece)
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            return (request, body) if request is not None else None
        else:
            return None


def _call(request: h11.Request, raw: bytes) -> Call:
    target = urlsplit(request.target.decode())
    headers = {name.decode().lower(): value.decode() for name, value in request.headers}
    body: Any = None
    if raw:
        try:
            body = json.loads(raw) if "json" in headers.get("content-type", "") else raw.decode(errors="replace")
        except ValueError:
            body = raw.decode(errors="replace")
    return Call(
        method=request.method.decode(),
        path=target.path,
        query=dict(parse_qsl(target.query)),
        headers=headers,
        body=body,
    )


def _head(answer: Answer, length: int) -> h11.Response:
    headers = [("Content-Length", str(length)), *answer.headers.items()]
    if answer.body:
        headers.append(("Content-Type", answer.content_type))
    return h11.Response(status_code=answer.status, headers=headers)


async def _send(connection: h11.Connection, writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(connection.send(_head(answer, len(answer.body))) or b"")
    if answer.body:
        writer.write(connection.send(h11.Data(data=answer.body)) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


async def _truncated(connection: h11.Connection, writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(connection.send(_head(answer, len(answer.body) + 40)) or b"")
    writer.write(connection.send(h11.Data(data=answer.body[: len(answer.body) // 2])) or b"")
    await writer.drain()
    raise _CutError


async def _dripped(connection: h11.Connection, writer: asyncio.StreamWriter, answer: Answer, seconds: float) -> None:
    """Ten pieces, `seconds` apart: longer than any one read's timeout, if that is wanted."""
    writer.write(connection.send(_head(answer, len(answer.body) + 10)) or b"")
    for _ in range(10):
        writer.write(connection.send(h11.Data(data=b" ")) or b"")
        await writer.drain()
        await asyncio.sleep(seconds)
    writer.write(connection.send(h11.Data(data=answer.body)) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
    raise _CutError


def _linger(writer: asyncio.StreamWriter) -> None:
    """The next close sends a reset instead of a goodbye."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@asynccontextmanager
async def serve_api(
    estates: Mapping[str, Estate],
    *,
    switches: Switches | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[StandInApi]:
    """The stand-in on a loopback port; estates by key."""
    api = StandInApi(estates=dict(estates), switches=switches or Switches())
    server = await asyncio.start_server(api.serve, host, port)
    api.url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield api
    finally:
        server.close()

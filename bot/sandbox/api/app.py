"""The stand-in as an ASGI application: everything but `/control/…` is the Management API."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from bot.sandbox.api.breakage import meet
from bot.sandbox.api.connection import Connection
from bot.sandbox.api.control import Control
from bot.sandbox.api.exchange import Exchange, call_without_body, decoded
from bot.sandbox.api.faults import Fault, FaultKind
from bot.sandbox.api.stand_in import StandInApi


def create_api(stand_in: StandInApi) -> Starlette:
    """The application. To be served through `connection.OpenProtocol`, which faults need."""
    return Starlette(routes=[Mount("/control", routes=Control(stand_in).routes()), Mount("", app=_Door(stand_in))])


class _Door:
    """Where calls arrive: each is noted, meets its fault, and is answered."""

    def __init__(self, stand_in: StandInApi) -> None:
        self._stand_in = stand_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        call = call_without_body(self._stand_in, request)
        fault = self._stand_in.faults.take(call.method, call.path)
        if fault is None or fault.kind is not FaultKind.REFUSE:
            try:
                call.body = decoded(await request.body(), call.headers.get("content-type", ""))
            except ClientDisconnect:
                return
        self._stand_in.journal.calls.append(call)
        connection = Connection.of(scope, receive)
        exchange = Exchange(
            stand_in=self._stand_in, call=call, connection=connection, scope=scope, receive=receive, send=send
        )
        try:
            await _carry_out(exchange, fault)
        finally:
            call.ended = self._stand_in.clock()


async def _carry_out(exchange: Exchange, fault: Fault | None) -> None:
    if fault is None:
        await exchange.deliver(await exchange.honest_answer())
    else:
        await meet(fault, exchange)

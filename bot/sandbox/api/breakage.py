"""What each fault does to a call that meets it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.sandbox.api.answers import Answer, errors
from bot.sandbox.api.exchange import Exchange
from bot.sandbox.api.faults import Fault, FaultKind

HTML = b"<!DOCTYPE html><html><body><h1>Gateway</h1></body></html>"
DRIPS = 10


def _page(status: int) -> Answer:
    return Answer(status=status, body=HTML, content_type="text/html")


def _server_error(fault: Fault) -> Answer:
    return errors(fault.status, ("internal_error", "something broke"))


def _rate_limited(fault: Fault) -> Answer:
    wait = str(max(1, math.ceil(fault.seconds)))
    return replace(errors(429, ("rate_limited", "slow down")), headers={"Retry-After": wait})


WITHOUT_EFFECT: dict[FaultKind, Callable[[Fault], Answer]] = {
    FaultKind.SERVER_ERROR_BEFORE_EFFECT: _server_error,
    FaultKind.BAD_GATEWAY: lambda _: _page(502),
    FaultKind.UNAUTHORIZED: lambda _: errors(401, ("unauthorized", "the key is not valid")),
    FaultKind.FORBIDDEN: lambda _: errors(403, ("forbidden", "the key lacks the role")),
    FaultKind.NOT_FOUND_BARE: lambda _: Answer(status=404, body=b"404 page not found", content_type="text/plain"),
    FaultKind.TIMEOUT_STATUS: lambda _: errors(408, ("request_timeout", "too slow")),
    FaultKind.CONFLICT: lambda _: errors(409, ("conflict", "another change is under way")),
    FaultKind.UNPROCESSABLE: lambda _: errors(422, ("validation_failed", "not acceptable")),
    FaultKind.TOO_EARLY: lambda _: errors(425, ("too_early", "try later")),
    FaultKind.RATE_LIMITED: _rate_limited,
    FaultKind.RATE_LIMITED_SILENT: lambda _: errors(429, ("rate_limited", "slow down")),
    FaultKind.REDIRECT: lambda _: Answer(status=302, headers={"Location": "https://elsewhere.example/v1"}),
    FaultKind.SEVERAL_ERRORS: lambda _: errors(422, ("first_problem", "one thing"), ("second_problem", "another")),
    FaultKind.DATABASE_ERROR: lambda fault: errors(422, (fault.code, "the tenant database could not be verified")),
}
"""Faults that answer, and do nothing."""

AFTER_EFFECT: dict[FaultKind, Callable[[Fault], Answer]] = {
    FaultKind.SERVER_ERROR_AFTER_EFFECT: _server_error,
    FaultKind.GARBAGE: lambda _: Answer(body=b"\x00\xff{{{not json"),
    FaultKind.HTML: lambda _: _page(200),
    FaultKind.EMPTY: lambda _: Answer(),
}
"""Faults that do what is asked and answer something else; where it is refused, the refusal is answered."""


async def meet(fault: Fault, exchange: Exchange) -> None:
    """Let the call end as this fault has it."""
    exchange.call.fault = fault.kind.value
    if fault.kind in WITHOUT_EFFECT:
        await exchange.deliver(WITHOUT_EFFECT[fault.kind](fault))
    elif fault.kind in AFTER_EFFECT:
        answer = await exchange.honest_answer()
        await exchange.deliver(AFTER_EFFECT[fault.kind](fault) if answer.is_success else answer)
    else:
        await BREAKS[fault.kind](fault, exchange)


async def _close(_: Fault, exchange: Exchange) -> None:
    await exchange.close()


async def _close_after_effect(_: Fault, exchange: Exchange) -> None:
    await exchange.honest_answer()
    await exchange.close()


async def _reset(_: Fault, exchange: Exchange) -> None:
    await exchange.reset()


async def _reset_after_effect(_: Fault, exchange: Exchange) -> None:
    await exchange.honest_answer()
    await exchange.reset()


async def _hang(fault: Fault, exchange: Exchange) -> None:
    await exchange.stand_in.pause(fault.seconds)
    await exchange.close()


async def _slow(fault: Fault, exchange: Exchange) -> None:
    await exchange.stand_in.pause(fault.seconds)
    await exchange.deliver(await exchange.honest_answer())


async def _late_effect(fault: Fault, exchange: Exchange) -> None:
    exchange.stand_in.later(fault.seconds, exchange.honest_answer)
    await exchange.close()


async def _gateway_timeout(fault: Fault, exchange: Exchange) -> None:
    exchange.stand_in.later(fault.seconds, exchange.honest_answer)
    await exchange.deliver(_page(504))


async def _truncated(_: Fault, exchange: Exchange) -> None:
    await exchange.deliver_half(await exchange.honest_answer())


async def _drip(fault: Fault, exchange: Exchange) -> None:
    await exchange.deliver_slowly(await exchange.honest_answer(), pieces=DRIPS, seconds=fault.seconds)


BREAKS: dict[FaultKind, Callable[[Fault, Exchange], Awaitable[None]]] = {
    FaultKind.REFUSE: _close,
    FaultKind.RESET: _reset,
    FaultKind.RESET_AFTER_EFFECT: _reset_after_effect,
    FaultKind.CLOSE_BEFORE_EFFECT: _close,
    FaultKind.CLOSE_AFTER_EFFECT: _close_after_effect,
    FaultKind.LATE_EFFECT: _late_effect,
    FaultKind.GATEWAY_TIMEOUT: _gateway_timeout,
    FaultKind.TRUNCATED: _truncated,
    FaultKind.DRIP: _drip,
    FaultKind.HANG: _hang,
    FaultKind.SLOW: _slow,
}
"""Faults that break the connection, or the answer's pace."""

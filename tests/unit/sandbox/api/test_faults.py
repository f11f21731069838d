"""Each fault as a raw client meets it: what it sees, and whether the effect came about."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import httpx
import pytest

from bot.sandbox.api.estate import Database
from bot.sandbox.api.faults import FOREVER, FaultKind, Faults
from bot.sandbox.api.journal import Fate
from bot.sandbox.api.server import StandInApi
from tests.unit.sandbox.api.conftest import KEY, path_of

K = FaultKind
TOKEN = "/notifications/expo-access-token"
ANSWERS: dict[FaultKind, tuple[int, str, bool]] = {
    K.GATEWAY_TIMEOUT: (504, "text/html", False),
    K.SERVER_ERROR_BEFORE_EFFECT: (500, "application/json", False),
    K.SERVER_ERROR_AFTER_EFFECT: (500, "application/json", True),
    K.GARBAGE: (200, "application/json", True),
    K.HTML: (200, "text/html", True),
    K.BAD_GATEWAY: (502, "text/html", False),
    K.EMPTY: (200, "", True),
    K.DRIP: (200, "application/json", True),
    K.SLOW: (200, "application/json", True),
    K.UNAUTHORIZED: (401, "application/json", False),
    K.FORBIDDEN: (403, "application/json", False),
    K.NOT_FOUND_BARE: (404, "text/plain", False),
    K.TIMEOUT_STATUS: (408, "application/json", False),
    K.CONFLICT: (409, "application/json", False),
    K.UNPROCESSABLE: (422, "application/json", False),
    K.TOO_EARLY: (425, "application/json", False),
    K.RATE_LIMITED: (429, "application/json", False),
    K.RATE_LIMITED_SILENT: (429, "application/json", False),
    K.REDIRECT: (302, "", False),
    K.SEVERAL_ERRORS: (422, "application/json", False),
    K.DATABASE_ERROR: (422, "application/json", False),
}
"""Status, content type, and whether the effect came about before the answer."""

BREAKS: dict[FaultKind, tuple[type[httpx.TransportError], Fate, bool]] = {
    K.REFUSE: (httpx.TransportError, Fate.CLOSED, False),
    K.RESET: (httpx.ReadError, Fate.RESET, False),
    K.RESET_AFTER_EFFECT: (httpx.ReadError, Fate.RESET, True),
    K.CLOSE_BEFORE_EFFECT: (httpx.RemoteProtocolError, Fate.CLOSED, False),
    K.CLOSE_AFTER_EFFECT: (httpx.RemoteProtocolError, Fate.CLOSED, True),
    K.LATE_EFFECT: (httpx.RemoteProtocolError, Fate.CLOSED, False),
    K.TRUNCATED: (httpx.RemoteProtocolError, Fate.CLOSED, True),
    K.HANG: (httpx.RemoteProtocolError, Fate.CLOSED, False),
}


async def rotate(http: httpx.AsyncClient, database: Database) -> httpx.Response:
    """A change whose effect is easily seen."""
    return await http.put(path_of(database, TOKEN), json={"expoAccessToken": "rotated"})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the stand-in has no event for what the test waits for
            await asyncio.sleep(0.01)


def test_every_fault_is_held_to_a_test() -> None:
    assert {*ANSWERS, *BREAKS} == set(FaultKind)


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_fault_that_answers(
    kind: FaultKind, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    status, content_type, takes_effect = ANSWERS[kind]
    api.faults.arm(kind, seconds=0.02)
    answer = await rotate(http, orders)
    assert (answer.status_code, answer.headers.get("content-type", "").split(";")[0]) == (status, content_type)
    (call,) = api.journal
    assert (call.fault, call.status, call.fate) == (kind.value, status, Fate.ANSWERED)
    assert (call.took_effect, orders.expo_token == "rotated") == (takes_effect, takes_effect)


@pytest.mark.parametrize("kind", BREAKS)
async def test_a_fault_that_breaks_the_connection(
    kind: FaultKind, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    error, fate, takes_effect = BREAKS[kind]
    api.faults.arm(kind, seconds=0.05)
    with pytest.raises(error):
        await rotate(http, orders)
    (call,) = api.journal
    assert (call.fault, call.fate) == (kind.value, fate)
    assert (call.took_effect, orders.expo_token == "rotated") == (takes_effect, takes_effect)


@pytest.fixture
async def wire(api: StandInApi) -> AsyncIterator[socket.socket]:
    """A bare TCP connection to the stand-in."""
    target = urlsplit(api.url)
    with socket.create_connection((target.hostname, target.port)) as wire:
        wire.setblocking(False)
        yield wire


async def ask(wire: socket.socket, path: str = "/v1/orgs") -> bytes:
    """Send a read and take what comes, to the end of the connection."""
    loop, received = asyncio.get_running_loop(), b""
    await loop.sock_sendall(wire, f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode())
    while piece := await asyncio.wait_for(loop.sock_recv(wire, 65_536), 60):
        received += piece
    return received


@pytest.mark.parametrize("kind", [K.RESET, K.RESET_AFTER_EFFECT])
async def test_a_reset_is_a_reset_on_the_wire(kind: FaultKind, api: StandInApi, wire: socket.socket) -> None:
    api.faults.arm(kind)
    with pytest.raises(ConnectionResetError):
        await ask(wire)


@pytest.mark.parametrize("kind", [K.REFUSE, K.CLOSE_BEFORE_EFFECT, K.CLOSE_AFTER_EFFECT])
async def test_a_close_is_a_goodbye_on_the_wire_and_nothing_else(
    kind: FaultKind, api: StandInApi, wire: socket.socket
) -> None:
    api.faults.arm(kind)
    assert await ask(wire) == b""


async def test_a_truncated_answer_announces_more_than_it_sends(api: StandInApi, wire: socket.socket) -> None:
    api.faults.arm(K.TRUNCATED)
    head, _, body = (await ask(wire)).partition(b"\r\n\r\n")
    announced = re.search(rb"(?i)content-length: (\d+)", head)
    assert announced is not None
    assert body.startswith(b'{"data"')
    assert len(body) < int(announced.group(1))


async def test_a_refusal_does_not_read_the_body(api: StandInApi, http: httpx.AsyncClient, orders: Database) -> None:
    api.faults.arm(K.REFUSE)
    with pytest.raises(httpx.TransportError):
        await rotate(http, orders)
    assert api.journal.calls[0].body is None


@pytest.mark.parametrize("kind", [K.LATE_EFFECT, K.GATEWAY_TIMEOUT])
async def test_a_late_effect_comes_after_the_end(
    kind: FaultKind, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.faults.arm(kind, seconds=0.1)
    if kind is K.LATE_EFFECT:
        with pytest.raises(httpx.RemoteProtocolError):
            await rotate(http, orders)
    else:
        await rotate(http, orders)
    (call,) = api.journal
    assert (orders.expo_token, call.took_effect) == ("expo-acme-token", False)
    await until(lambda: call.took_effect)
    assert orders.expo_token == "rotated"


async def test_a_drip_is_slow_and_stays_valid(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.faults.arm(K.DRIP, seconds=0.03)
    started = time.monotonic()
    answer = await http.get("/v1/orgs")
    assert time.monotonic() - started >= 0.3
    assert answer.json()["data"]["slug"] == "acme"


async def test_whoever_does_not_wait_for_a_hang_has_abandoned_the_call(
    api: StandInApi, http: httpx.AsyncClient
) -> None:
    api.faults.arm(K.HANG, seconds=0.3)
    with pytest.raises(httpx.ReadTimeout):
        await http.get("/v1/orgs", timeout=0.05)
    (call,) = api.journal
    assert call.ended is None
    await until(lambda: call.ended is not None)
    assert call.fate is Fate.ABANDONED


async def test_whoever_leaves_a_slow_change_does_not_stop_it(
    api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.faults.arm(K.SLOW, seconds=0.3)
    with pytest.raises(httpx.ReadTimeout):
        await http.put(path_of(orders, TOKEN), json={"expoAccessToken": "rotated"}, timeout=0.05)
    (call,) = api.journal
    await until(lambda: call.fate is Fate.ABANDONED)
    assert (call.took_effect, orders.expo_token) == (True, "rotated")


async def test_what_is_refused_is_refused_under_a_fault_too(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.faults.arm(K.SERVER_ERROR_AFTER_EFFECT)
    answer = await http.delete("/v1/databases/db_gone")
    assert answer.status_code == 404
    assert not api.journal.calls[0].took_effect


async def test_details_can_be_given(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.faults.arm(K.RATE_LIMITED, seconds=6.5)
    api.faults.arm(K.SERVER_ERROR_BEFORE_EFFECT, status=503)
    api.faults.arm(K.DATABASE_ERROR, code="database_paused")
    limited, failed, paused = [await http.get("/v1/orgs") for _ in range(3)]
    assert limited.headers["Retry-After"] == "7"
    assert failed.status_code == 503
    assert paused.json()["errors"][0]["code"] == "database_paused"


async def test_only_one_429_says_when_to_come_back(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.faults.arm(K.RATE_LIMITED_SILENT)
    assert "Retry-After" not in (await http.get("/v1/orgs")).headers


async def test_several_errors_are_several(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.faults.arm(K.SEVERAL_ERRORS)
    errors = (await http.get("/v1/orgs")).json()["errors"]
    assert [error["code"] for error in errors] == ["first_problem", "second_problem"]


async def test_a_redirect_leads_elsewhere(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.faults.arm(K.REDIRECT)
    assert (await http.get("/v1/orgs")).headers["Location"] == "https://elsewhere.example/v1"


def test_a_fault_meets_matching_calls_as_often_as_armed() -> None:
    faults = Faults()
    twice = faults.arm(K.CONFLICT, method="DELETE", path="/v1/databases/[^/]+", times=2)
    assert faults.take("GET", "/v1/databases/db_x") is None
    assert faults.take("DELETE", "/v1/databases/db_x/devices/1") is None
    assert [faults.take("DELETE", "/v1/databases/db_x") for _ in range(3)] == [twice, twice, None]
    assert faults.armed == []


def test_the_first_fault_that_fits_is_met_and_some_last_for_ever() -> None:
    faults = Faults()
    first, second = faults.arm(K.CONFLICT), faults.arm(K.HANG, times=FOREVER)
    assert [faults.take("GET", "/") for _ in range(4)] == [first, second, second, second]
    faults.clear()
    assert faults.take("GET", "/") is None


def test_a_path_that_is_no_pattern_cannot_be_armed() -> None:
    faults = Faults()
    with pytest.raises(re.error):
        faults.arm(K.CONFLICT, path="(")
    assert faults.armed == []

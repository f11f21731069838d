"""Calls end in time and give their places back, whatever the other side does; never more run than there are places."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from bot.cloudsync import client as client_module
from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import ApiBroken, ApiTimeout
from bot.cloudsync.models import SendClass
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.journal import Call
from bot.sandbox.api.server import StandInApi
from tests.integration.cloudsync.conftest import HASTY_SECONDS, until

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]
GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{"data":{"slug":"acme"}}'
HEAD = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n"


@asynccontextmanager
async def rude_server(talk: Talk, seconds: float = 30) -> AsyncIterator[CloudSyncClient]:
    """A client with that deadline whose other side says what no HTTP server would; it hangs up when it is done."""
    talking: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await talk(writer)
            await writer.drain()
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(one(reader, writer))
        talking.add(task)
        task.add_done_callback(talking.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, CloudSyncClient(address, "key", call_deadline_seconds=seconds, pool_slots=6) as client:
        yield client
    for task in list(talking):
        task.cancel()
    await asyncio.gather(*talking, return_exceptions=True)


async def drip_a_header(writer: asyncio.StreamWriter) -> None:
    """For ever, and each byte sooner than any read's timeout."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_informational_answers(writer: asyncio.StreamWriter) -> None:
    """`103 Early Hints`, for ever."""
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_a_body(writer: asyncio.StreamWriter) -> None:
    """For ever, in chunks."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\n \r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


DRIPS = [drip_a_header, drip_informational_answers, drip_a_body]


def saying(*answers: bytes) -> Talk:
    rest = list(answers)

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(rest.pop(0) if len(rest) > 1 else rest[0])

    return talk


async def delete(client: CloudSyncClient) -> SendClass:
    async with client.write_slot() as slot:
        return (await slot.delete_database("db_1")).send_class


@pytest.mark.parametrize("drip", DRIPS)
async def test_an_endless_answer_ends_a_read(drip: Talk) -> None:
    async with rude_server(drip, seconds=0.5) as client, asyncio.timeout(60):
        with pytest.raises(ApiTimeout):
            await client.get_organisation()


@pytest.mark.parametrize("drip", DRIPS)
async def test_after_an_endless_answer_nobody_knows_whether_a_write_happened(drip: Talk) -> None:
    async with rude_server(drip, seconds=0.5) as client, asyncio.timeout(60):
        assert await delete(client) is SendClass.UNKNOWN


@pytest.mark.parametrize("drip", DRIPS)
async def test_endless_answers_give_their_places_back(drip: Talk) -> None:
    talk = drip

    async def either(writer: asyncio.StreamWriter) -> None:
        await talk(writer)

    async with rude_server(either, seconds=HASTY_SECONDS) as client, asyncio.timeout(60):
        reads, writes = [client.get_organisation() for _ in range(12)], [delete(client) for _ in range(4)]
        await asyncio.gather(*reads, *writes, return_exceptions=True)
        talk = saying(GOOD)
        found = await asyncio.gather(*(client.get_organisation() for _ in range(12)))
        assert {one.slug for one in found} == {"acme"}
        assert {await delete(client) for _ in range(4)} == {SendClass.SUCCEEDED}


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.RESET, FaultKind.TRUNCATED, FaultKind.HTML])
async def test_places_are_free_again_after_failures(kind: FaultKind, api: StandInApi, hasty: CloudSyncClient) -> None:
    api.faults.arm(kind, times=-1, seconds=4)
    ended = await asyncio.gather(*(hasty.get_organisation() for _ in range(12)), return_exceptions=True)
    assert all(isinstance(one, Exception) for one in ended)
    api.faults.clear()
    found = await asyncio.gather(*(hasty.get_organisation() for _ in range(12)))
    assert {one.slug for one in found} == {"acme"}


async def test_places_are_free_again_after_callers_gave_up(api: StandInApi, client: CloudSyncClient) -> None:
    api.faults.arm(FaultKind.SLOW, times=-1, seconds=0.3)
    callers = [asyncio.create_task(client.get_organisation()) for _ in range(12)]
    await until(lambda: len(api.journal))
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    api.faults.clear()
    found = await asyncio.gather(*(client.get_organisation() for _ in range(12)))
    assert {one.slug for one in found} == {"acme"}


async def test_who_waited_too_long_for_a_place_does_not_even_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_left", lambda ends: max(0.1, ends - time.monotonic()))
    heard: list[asyncio.StreamWriter] = []

    async def say_nothing(writer: asyncio.StreamWriter) -> None:
        heard.append(writer)
        await asyncio.sleep(5)

    async with rude_server(say_nothing, seconds=HASTY_SECONDS) as client:
        ended = await asyncio.gather(*(client.get_organisation() for _ in range(12)), return_exceptions=True)
    assert {type(one) for one in ended} == {ApiTimeout}
    assert len(heard) == 4, "one for each place"


def most_at_once(calls: list[Call]) -> int:
    steps = [(call.started, 1) for call in calls] + [(call.ended, -1) for call in calls if call.ended]
    running, most = 0, 0
    for _, step in sorted(steps):
        running += step
        most = max(most, running)
    return most


async def test_never_more_calls_run_than_there_are_places(api: StandInApi) -> None:
    api.faults.arm(FaultKind.SLOW, times=-1, seconds=0.1)
    async with CloudSyncClient(api.url, next(iter(api.estates)), call_deadline_seconds=10, pool_slots=6) as client:
        await asyncio.gather(*(client.get_organisation() for _ in range(12)), *(delete(client) for _ in range(6)))
    assert most_at_once(api.journal.sent("GET")) == 4
    assert most_at_once(api.journal.sent("DELETE")) == 2


async def test_writers_that_hold_every_place_can_still_read(api: StandInApi, client: CloudSyncClient) -> None:
    async def write() -> SendClass:
        async with client.write_slot() as slot:
            await client.get_organisation()
            return (await slot.delete_expo_token(api.estate.labelled("orders-eu").id)).send_class

    ended = await asyncio.wait_for(asyncio.gather(*(write() for _ in range(10))), 60)
    assert ended.count(SendClass.SUCCEEDED) == 1
    assert ended.count(SendClass.ALREADY_ABSENT) == 9


async def test_being_asked_to_wait_no_time_is_being_asked_again() -> None:
    wait_nothing = HEAD % (b"429 Too Many Requests", 0, b"Retry-After: 0\r\nConnection: close\r\n")
    async with rude_server(saying(wait_nothing, GOOD)) as client:
        assert (await client.get_organisation()).slug == "acme"


@pytest.mark.parametrize("wait", ["²", "-1", "9" * 400, "Mon, 01 Jan 99999999999 00:00:00 GMT"])
async def test_an_odd_time_to_wait_breaks_nothing(wait: str) -> None:
    odd = HEAD % (b"503 Service Unavailable", 0, b"Retry-After: %s\r\nConnection: close\r\n" % wait.encode())
    async with rude_server(saying(odd)) as client:
        with pytest.raises(ApiBroken):
            await client.get_organisation()
        assert await delete(client) is SendClass.UNKNOWN


async def test_an_answer_that_cannot_be_unpacked_is_broken() -> None:
    odd = HEAD % (b"200 OK", 4, b"Content-Encoding: gzip\r\nConnection: close\r\n") + b"oops"
    async with rude_server(saying(odd)) as client:
        with pytest.raises(ApiBroken):
            await client.get_organisation()


async def test_an_answer_without_end_is_not_taken_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_BODY_BYTES", 1_000_000)
    packed = gzip.compress(b" " * 3_000_000)
    large = HEAD % (b"200 OK", len(packed), b"Content-Encoding: gzip\r\nConnection: close\r\n") + packed
    async with rude_server(saying(large)) as client:
        with pytest.raises(ApiBroken):
            await client.get_organisation()
        assert await delete(client) is SendClass.UNKNOWN


@pytest.mark.parametrize("location", [b"http://[", b"https://elsewhere.example/v1", b"ftp://x", b"//", b"\xff"])
async def test_a_redirect_leads_nowhere(location: bytes) -> None:
    moved = HEAD % (b"307 Temporary Redirect", 0, b"Connection: close\r\nLocation: " + location + b"\r\n")
    async with rude_server(saying(moved)) as client:
        with pytest.raises(ApiBroken):
            await client.get_organisation()
        assert await delete(client) is SendClass.REJECTED

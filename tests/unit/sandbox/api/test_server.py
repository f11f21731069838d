"""Serving: addresses, connections that stay, an end that waits for nobody."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress

import httpx
import pytest

from bot.sandbox.api.estate import Database
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.journal import Fate
from bot.sandbox.api.seed import believable_estate
from bot.sandbox.api.server import StandInApi, serve_api
from tests.unit.sandbox.api.conftest import KEY, NOW, path_of


async def test_a_given_port_is_taken_and_given_back() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for _ in range(2):
        async with serve_api({KEY: believable_estate(NOW)}, port=port) as api:
            assert api.url == f"http://127.0.0.1:{port}"


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with serve_api({KEY: believable_estate(NOW)}) as api:
        with pytest.raises(OSError, match="in use"):
            async with serve_api({KEY: believable_estate(NOW)}, port=int(api.url.rpartition(":")[2])):
                pass


async def test_one_connection_carries_many_calls(api: StandInApi, http: httpx.AsyncClient) -> None:
    peers = set()
    for _ in range(3):
        answer = await http.get("/v1/orgs")
        peers.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    assert (len(peers), len(api.journal)) == (1, 3)


async def test_calls_at_the_same_time_do_not_wait_for_each_other(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.faults.arm(FaultKind.HANG, seconds=4)
    hanging = asyncio.create_task(http.get("/v1/orgs"))
    while not len(api.journal):  # noqa: ASYNC110 - the journal has no event
        await asyncio.sleep(0.01)
    assert (await http.get("/v1/orgs")).status_code == 200
    assert not hanging.done()
    hanging.cancel()
    with suppress(asyncio.CancelledError):
        await hanging


async def test_the_end_waits_neither_for_hanging_calls_nor_for_late_effects() -> None:
    estate = believable_estate(NOW)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, timeout=60, trust_env=False) as http:
        started = time.monotonic()
        async with serve_api({KEY: estate}) as api:
            api.faults.arm(FaultKind.GATEWAY_TIMEOUT, method="DELETE", seconds=60)
            await http.delete(f"{api.url}{path_of(estate.labelled('kiosk'))}")
            api.faults.arm(FaultKind.HANG, seconds=60)
            hanging = asyncio.create_task(http.get(f"{api.url}/v1/orgs"))
            while len(api.journal) < 2:  # noqa: ASYNC110 - the journal has no event
                await asyncio.sleep(0.01)
        with pytest.raises(httpx.TransportError):
            await hanging
    assert time.monotonic() - started < 50
    assert "kiosk" in {one.label for one in estate.databases.values()}, "an effect that was to come later never came"


async def test_everything_can_be_changed_while_it_runs(api: StandInApi, http: httpx.AsyncClient) -> None:
    api.estates[KEY] = believable_estate(NOW, name="Other", slug="other")
    assert (await http.get("/v1/orgs")).json()["data"]["slug"] == "other"
    del api.estates[KEY]
    assert (await http.get("/v1/orgs")).status_code == 401


async def test_the_journal_tells_what_was_sent_and_what_became_of_it(
    api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    await http.get(path_of(orders, "/devices"), params={"page": "1", "page_size": "5"})
    await http.patch(path_of(orders), json={"label": "new", "jwtSecret": "s3cret"})
    read, change = api.journal
    assert (read.method, read.path, read.query) == ("GET", path_of(orders, "/devices"), {"page": "1", "page_size": "5"})
    assert (read.changes, read.took_effect, read.body) == (False, False, None)
    assert (change.changes, change.took_effect, change.status) == (True, True, 200)
    assert change.body == {"label": "new", "jwtSecret": "s3cret"}
    assert change.headers["content-type"] == "application/json"
    assert (change.started, change.ended, change.fate) == (NOW, NOW, Fate.ANSWERED)
    assert (api.journal.changing, api.journal.sent("GET", "/devices")) == ([change], [read])
    assert "s3cret" not in repr(api.journal)
    assert KEY not in repr(api.journal)


async def test_what_is_no_json_is_kept_as_text(api: StandInApi, http: httpx.AsyncClient) -> None:
    json_type = {"Content-Type": "application/json"}
    await http.post("/v1/databases", content=b"{broken", headers=json_type)
    await http.post("/v1/databases", content=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert [call.body for call in api.journal] == ["{broken", "a=b"]


async def test_a_large_body_arrives_whole(api: StandInApi, http: httpx.AsyncClient, orders: Database) -> None:
    tables = [f"table_{number:06}" for number in range(50_000)]
    answer = await http.post(path_of(orders, "/cloudsync/enable"), json={"tables": tables})
    assert answer.status_code == 422
    assert api.journal.calls[0].body == {"tables": tables}

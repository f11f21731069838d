"""The client on a bad network: reads are tried again, everything else is sent once, and all of it ends in time."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import (
    ApiBroken,
    ApiRefused,
    ApiTimeout,
    ApiUnreachable,
    CloudSyncError,
    NotFound,
    RateLimited,
    Unauthorized,
    Unsendable,
)
from bot.cloudsync.models import SendClass
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.server import StandInApi
from bot.sandbox.api.switches import AbsentToken, PastEnd, Switches

READ_ENDS = [
    (FaultKind.UNAUTHORIZED, Unauthorized),
    (FaultKind.FORBIDDEN, Unauthorized),
    (FaultKind.NOT_FOUND_BARE, ApiBroken),
    (FaultKind.CONFLICT, ApiRefused),
    (FaultKind.SERVER_ERROR_BEFORE_EFFECT, ApiBroken),
    (FaultKind.BAD_GATEWAY, ApiBroken),
    (FaultKind.HTML, ApiBroken),
    (FaultKind.GARBAGE, ApiBroken),
    (FaultKind.REDIRECT, ApiBroken),
    (FaultKind.RATE_LIMITED_SILENT, RateLimited),
    (FaultKind.RESET, ApiUnreachable),
    (FaultKind.TRUNCATED, ApiUnreachable),
    (FaultKind.HANG, CloudSyncError),
]
WRITE_ENDS = [
    (FaultKind.REFUSE, SendClass.UNKNOWN),
    (FaultKind.RESET, SendClass.UNKNOWN),
    (FaultKind.CLOSE_BEFORE_EFFECT, SendClass.UNKNOWN),
    (FaultKind.CLOSE_AFTER_EFFECT, SendClass.UNKNOWN),
    (FaultKind.SERVER_ERROR_BEFORE_EFFECT, SendClass.UNKNOWN),
    (FaultKind.SERVER_ERROR_AFTER_EFFECT, SendClass.UNKNOWN),
    (FaultKind.BAD_GATEWAY, SendClass.UNKNOWN),
    (FaultKind.TRUNCATED, SendClass.UNKNOWN),
    (FaultKind.HTML, SendClass.UNKNOWN),
    (FaultKind.HANG, SendClass.UNKNOWN),
    (FaultKind.TIMEOUT_STATUS, SendClass.UNKNOWN),
    (FaultKind.TOO_EARLY, SendClass.UNKNOWN),
    (FaultKind.RATE_LIMITED, SendClass.UNKNOWN),
    (FaultKind.NOT_FOUND_BARE, SendClass.UNKNOWN),
    (FaultKind.GARBAGE, SendClass.SUCCEEDED),
    (FaultKind.EMPTY, SendClass.SUCCEEDED),
    (FaultKind.UNAUTHORIZED, SendClass.REJECTED),
    (FaultKind.CONFLICT, SendClass.REJECTED),
    (FaultKind.UNPROCESSABLE, SendClass.REJECTED),
    (FaultKind.REDIRECT, SendClass.REJECTED),
]


@pytest.mark.parametrize(("kind", "error"), READ_ENDS, ids=lambda one: str(one))
async def test_a_read_ends_in_its_own_error(
    kind: FaultKind, error: type[CloudSyncError], api: StandInApi, client: CloudSyncClient
) -> None:
    api.faults.arm(kind, times=-1, seconds=3)
    with pytest.raises(error) as raised:
        await client.get_organisation()
    assert "a-management-key" not in str(raised.value)


@pytest.mark.parametrize(("kind", "send_class"), WRITE_ENDS, ids=lambda one: str(one))
async def test_a_write_is_sent_once_and_classified(
    kind: FaultKind, send_class: SendClass, api: StandInApi, client: CloudSyncClient
) -> None:
    api.faults.arm(kind, times=-1, seconds=3)
    async with client.write_slot() as slot:
        outcome = await slot.delete_database(api.estate.labelled("kiosk").id)
    assert outcome.send_class is send_class
    assert len(api.journal) == 1


async def test_a_write_that_never_left_is_not_sent(api: StandInApi) -> None:
    nowhere = CloudSyncClient("http://127.0.0.1:9", "key", call_deadline_seconds=1)
    async with nowhere, nowhere.write_slot() as slot:
        assert (await slot.delete_database("db_x")).send_class is SendClass.NOT_SENT
    assert len(api.journal) == 0


@pytest.mark.parametrize("site_id", ["..", ".", "", "../..", "\ud800"])
async def test_a_device_with_an_id_like_a_path_never_costs_its_database(
    site_id: str, api: StandInApi, client: CloudSyncClient
) -> None:
    database = api.estate.labelled("orders-eu")
    async with client.write_slot() as slot:
        outcome = await slot.remove_device(database.id, site_id)
    assert outcome.send_class is SendClass.NOT_SENT
    assert len(api.journal) == 0
    assert database.id in api.estate.databases


async def test_a_body_that_is_no_text_is_not_sent(api: StandInApi, client: CloudSyncClient) -> None:
    async with client.write_slot() as slot:
        outcome = await slot.enable_tables(api.estate.labelled("orders-eu").id, ["\ud800"])
    assert outcome.send_class is SendClass.NOT_SENT
    assert len(api.journal) == 0


async def test_an_id_that_cannot_be_asked_for_is_an_error_of_ours(api: StandInApi, client: CloudSyncClient) -> None:
    for name in ("..", "x" * 100_000):
        with pytest.raises(Unsendable):
            await client.get_database(name)
    assert len(api.journal) == 0


async def test_a_deletion_of_what_is_gone_is_already_absent(client: CloudSyncClient) -> None:
    async with client.write_slot() as slot:
        outcome = await slot.delete_database("db_gone")
    assert (outcome.send_class, outcome.codes) == (SendClass.ALREADY_ABSENT, ("not_found",))


async def test_a_passing_failure_is_read_again(api: StandInApi, client: CloudSyncClient) -> None:
    api.faults.arm(FaultKind.BAD_GATEWAY, times=2)
    assert (await client.get_organisation()).slug == "acme"
    assert len(api.journal) == 3


async def test_retry_after_beyond_the_deadline_is_not_waited_for(api: StandInApi, client: CloudSyncClient) -> None:
    api.faults.arm(FaultKind.RATE_LIMITED, times=-1)
    started = time.monotonic()
    with pytest.raises(RateLimited) as raised:
        await client.get_organisation()
    assert raised.value.retry_after == 1
    assert time.monotonic() - started < 1
    assert len(api.journal) == 1


async def test_a_slow_drip_does_not_outlive_the_deadline(api: StandInApi, client: CloudSyncClient) -> None:
    api.faults.arm(FaultKind.DRIP, times=-1, seconds=0.4)
    with pytest.raises(ApiTimeout):
        await client.get_organisation()


async def test_slots_are_free_again_after_failures(api: StandInApi, client: CloudSyncClient) -> None:
    api.faults.arm(FaultKind.HANG, times=12, seconds=3)
    await asyncio.gather(*(client.get_organisation() for _ in range(12)), return_exceptions=True)
    api.faults.clear()
    found = await asyncio.gather(*(client.get_organisation() for _ in range(12)))
    assert {one.slug for one in found} == {"acme"}


async def test_writers_that_hold_every_slot_can_still_read(api: StandInApi, client: CloudSyncClient) -> None:
    async def write() -> SendClass:
        async with client.write_slot() as slot:
            await client.get_organisation()
            return (await slot.delete_expo_token(api.estate.labelled("orders-eu").id)).send_class

    ended = await asyncio.wait_for(asyncio.gather(*(write() for _ in range(10))), 5)
    assert ended.count(SendClass.SUCCEEDED) == 1


@pytest.mark.parametrize("choice", AbsentToken)
async def test_no_token_is_an_answer_however_the_api_tells_it(
    choice: AbsentToken, api: StandInApi, client: CloudSyncClient
) -> None:
    api.switches = Switches(absent_token=choice)
    assert not (await client.get_expo_token(api.estate.labelled("kiosk").id)).present
    with pytest.raises(NotFound):
        await client.get_expo_token("db_unknown")


@pytest.mark.parametrize("choice", PastEnd)
async def test_a_page_past_the_end_is_empty(choice: PastEnd, api: StandInApi, client: CloudSyncClient) -> None:
    api.switches = Switches(past_end=choice)
    page = await client.list_devices(api.estate.labelled("orders-eu").id, page=9)
    assert page.items == ()


def test_every_failure_of_httpx_is_translated() -> None:
    def below(kind: type[Exception]) -> list[type[Exception]]:
        return [kind, *(one for child in kind.__subclasses__() for one in below(child))]

    roots = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
    raised = {one for root in roots for one in below(root)}
    public = [getattr(httpx, name) for name in httpx.__all__]
    named = {one for one in public if isinstance(one, type) and issubclass(one, Exception)}
    assert named - raised - {httpx.CookieConflict} == set()

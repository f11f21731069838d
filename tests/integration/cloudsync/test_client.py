"""The client on a bad network: reads are tried again, everything else is sent once, and all of it ends in time."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bot.cloudsync.client import READ_ATTEMPTS, CloudSyncClient
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
from bot.sandbox.api.journal import Fate
from bot.sandbox.api.server import StandInApi
from bot.sandbox.api.switches import AbsentToken, PastEnd, Switches
from tests.integration.cloudsync.conftest import KEY, until

READ_ENDS = {
    FaultKind.UNAUTHORIZED: Unauthorized,
    FaultKind.FORBIDDEN: Unauthorized,
    FaultKind.CONFLICT: ApiRefused,
    FaultKind.UNPROCESSABLE: ApiRefused,
    FaultKind.SEVERAL_ERRORS: ApiRefused,
    FaultKind.DATABASE_ERROR: ApiRefused,
    FaultKind.TIMEOUT_STATUS: ApiRefused,
    FaultKind.TOO_EARLY: ApiRefused,
    FaultKind.RATE_LIMITED: RateLimited,
    FaultKind.RATE_LIMITED_SILENT: RateLimited,
    FaultKind.NOT_FOUND_BARE: ApiBroken,
    FaultKind.SERVER_ERROR_BEFORE_EFFECT: ApiBroken,
    FaultKind.SERVER_ERROR_AFTER_EFFECT: ApiBroken,
    FaultKind.BAD_GATEWAY: ApiBroken,
    FaultKind.GATEWAY_TIMEOUT: ApiBroken,
    FaultKind.HTML: ApiBroken,
    FaultKind.GARBAGE: ApiBroken,
    FaultKind.EMPTY: ApiBroken,
    FaultKind.REDIRECT: ApiBroken,
    FaultKind.REFUSE: ApiUnreachable,
    FaultKind.RESET: ApiUnreachable,
    FaultKind.RESET_AFTER_EFFECT: ApiUnreachable,
    FaultKind.CLOSE_BEFORE_EFFECT: ApiUnreachable,
    FaultKind.CLOSE_AFTER_EFFECT: ApiUnreachable,
    FaultKind.LATE_EFFECT: ApiUnreachable,
    FaultKind.TRUNCATED: ApiUnreachable,
    FaultKind.HANG: ApiTimeout,
    FaultKind.SLOW: ApiTimeout,
    FaultKind.DRIP: ApiTimeout,
}
SUCCEEDED = {FaultKind.GARBAGE, FaultKind.EMPTY}
REJECTED = {
    FaultKind.UNAUTHORIZED,
    FaultKind.FORBIDDEN,
    FaultKind.CONFLICT,
    FaultKind.UNPROCESSABLE,
    FaultKind.SEVERAL_ERRORS,
    FaultKind.DATABASE_ERROR,
    FaultKind.REDIRECT,
}
WRITE_ENDS = {
    kind: SendClass.SUCCEEDED if kind in SUCCEEDED else SendClass.REJECTED if kind in REJECTED else SendClass.UNKNOWN
    for kind in FaultKind
}


def test_every_fault_is_tried_here() -> None:
    assert set(READ_ENDS) == set(FaultKind)


@pytest.mark.parametrize(("kind", "error"), READ_ENDS.items(), ids=str)
async def test_a_read_ends_in_its_own_error(
    kind: FaultKind, error: type[CloudSyncError], api: StandInApi, hasty: CloudSyncClient
) -> None:
    api.faults.arm(kind, times=-1, seconds=4)
    with pytest.raises(error) as raised:
        await hasty.get_organisation()
    assert "a-management-key" not in str(raised.value)


@pytest.mark.parametrize(("kind", "send_class"), WRITE_ENDS.items(), ids=str)
async def test_a_write_is_sent_once_and_classified(
    kind: FaultKind, send_class: SendClass, api: StandInApi, hasty: CloudSyncClient
) -> None:
    api.faults.arm(kind, times=-1, seconds=4)
    async with hasty.write_slot() as slot:
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


PASSING = [
    FaultKind.BAD_GATEWAY,
    FaultKind.SERVER_ERROR_BEFORE_EFFECT,
    FaultKind.TIMEOUT_STATUS,
    FaultKind.TOO_EARLY,
]


@pytest.mark.parametrize("kind", PASSING)
async def test_a_passing_failure_is_read_again(kind: FaultKind, api: StandInApi, client: CloudSyncClient) -> None:
    api.faults.arm(kind, times=2)
    assert (await client.get_organisation()).slug == "acme"
    assert len(api.journal) == 3


async def test_the_time_that_the_api_asks_for_is_waited(api: StandInApi) -> None:
    api.faults.arm(FaultKind.RATE_LIMITED, seconds=1)
    async with CloudSyncClient(api.url, KEY, call_deadline_seconds=10) as patient:
        assert (await patient.get_organisation()).slug == "acme"
    first, second = api.journal
    assert first.ended is not None
    assert (second.started - first.ended).total_seconds() >= 0.9


async def test_a_wait_beyond_the_deadline_is_told_instead(api: StandInApi, client: CloudSyncClient) -> None:
    api.faults.arm(FaultKind.RATE_LIMITED, times=-1, seconds=60)
    with pytest.raises(RateLimited) as raised:
        await client.get_organisation()
    assert raised.value.retry_after == 60
    assert len(api.journal) == 1


@pytest.mark.parametrize("kind", [FaultKind.UNPROCESSABLE, FaultKind.UNAUTHORIZED, FaultKind.HTML, FaultKind.REDIRECT])
async def test_what_will_not_pass_is_not_read_again(kind: FaultKind, api: StandInApi, client: CloudSyncClient) -> None:
    api.faults.arm(kind, times=-1)
    with pytest.raises(CloudSyncError):
        await client.get_organisation()
    assert len(api.journal) == 1


async def test_reading_again_has_an_end(api: StandInApi) -> None:
    api.faults.arm(FaultKind.BAD_GATEWAY, times=-1)
    async with CloudSyncClient(api.url, KEY, call_deadline_seconds=30) as patient:
        with pytest.raises(ApiBroken):
            await patient.get_organisation()
    assert len(api.journal) == READ_ATTEMPTS


async def test_a_closed_client_sends_nothing(api: StandInApi) -> None:
    closed = CloudSyncClient(api.url, KEY, call_deadline_seconds=1)
    await closed.close()
    with pytest.raises(ApiUnreachable):
        await closed.get_organisation()
    async with closed.write_slot() as slot:
        assert (await slot.delete_database("db_x")).send_class is SendClass.NOT_SENT
    assert len(api.journal) == 0


async def test_a_caller_that_gives_up_neither_stops_nor_repeats_a_write(
    api: StandInApi, client: CloudSyncClient
) -> None:
    kiosk = api.estate.labelled("kiosk")
    api.faults.arm(FaultKind.SLOW, seconds=0.3)

    async def delete() -> None:
        async with client.write_slot() as slot:
            await slot.delete_database(kiosk.id)

    caller = asyncio.create_task(delete())
    await until(lambda: len(api.journal))
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await until(lambda: api.journal.calls[0].ended)
    assert [call.fate for call in api.journal] == [Fate.ANSWERED]
    assert kiosk.id not in api.estate.databases


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

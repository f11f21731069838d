"""The Management API over HTTP: the only module that knows httpx. Reads are retried, everything else is sent once."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType

import httpx
import stamina

from bot.cloudsync import protocol, responses
from bot.cloudsync.classification import classify
from bot.cloudsync.errors import (
    ApiBroken,
    ApiTimeout,
    ApiUnreachable,
    CloudSyncError,
    NotFound,
    Unsendable,
)
from bot.cloudsync.fields import mapping, seconds_to_wait
from bot.cloudsync.models import (
    ConnectionCheck,
    Database,
    Device,
    ExpoToken,
    NotificationStatus,
    Organisation,
    Page,
    SendClass,
    SendOutcome,
    Table,
)
from bot.cloudsync.protocol import ApiRequest
from bot.cloudsync.responses import ApiResponse
from bot.cloudsync.writing import HELD_UP, HeldUp, SendWatch, WriteSlot
from bot.domain.failpoints import Failpoint, reach

MAX_BODY_BYTES = 16 * 1024 * 1024
READ_ATTEMPTS = 4
WORTH_TRYING_SECONDS = 0.25
"""With less than this left of the deadline, the last answer is told instead of a time-out."""
GUARD_SECONDS = 0.25
"""How long after a deadline httpx's own timeouts may take to end the call, before it is cancelled."""
MAX_PAGE_SIZE = 500
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""Failures before a byte was sent: the call may be made again."""
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""A GET changes nothing, so it is asked again after whatever may pass, a 500 as well."""


@lru_cache(maxsize=1)
def trusted_certificates() -> ssl.SSLContext:
    """Read once for the clients of all environments: it is a third of what putting the bot together takes."""
    return httpx.create_ssl_context(trust_env=False)


class CloudSyncClient:
    """One environment's API. Opened and closed by bootstrap; safe for any number of concurrent calls."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        environment: str = "default",
        call_deadline_seconds: float = 20.0,
        pool_slots: int = 50,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.environment = environment
        self.deadline = call_deadline_seconds
        # Apart, so that writers who hold a place while they read again can never starve one another.
        self._write_slots = asyncio.Semaphore(max(1, pool_slots // 3))
        self._slots = asyncio.Semaphore(max(1, pool_slots - pool_slots // 3))
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            follow_redirects=False,
            trust_env=False,
            verify=trusted_certificates(),
            limits=httpx.Limits(max_connections=pool_slots, max_keepalive_connections=pool_slots),
            transport=transport,
        )

    async def __aenter__(self) -> CloudSyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get_organisation(self) -> Organisation:
        """Which organisation the key belongs to."""
        return responses.organisation(await self._read(protocol.get_organisation()))

    async def list_databases(self, *, project_id: str | None = None) -> tuple[Database, ...]:
        """Every database that the key sees; the API does not page this list."""
        return responses.databases(await self._read(protocol.list_databases(project_id)))

    async def get_database(self, database_id: str) -> Database:
        """One database; `NotFound` where there is none."""
        data = await self._read(protocol.get_database(database_id))
        if not mapping(data):
            raise ApiBroken("The answer holds no database.", status=200)
        return responses.database(data)

    async def check_connection(self, database_id: str) -> ConnectionCheck:
        """A live check of the tenant connection."""
        return responses.connection_check(await self._read(protocol.check_connection(database_id)))

    async def list_tables(self, database_id: str) -> tuple[Table, ...]:
        """The tenant's tables."""
        return responses.tables(await self._read(protocol.list_tables(database_id)))

    async def get_expo_token(self, database_id: str) -> ExpoToken:
        """Metadata of the token. No token is an answer, as is 204; a missing database is `NotFound`."""
        try:
            data = await self._read(protocol.get_expo_token(database_id))
        except NotFound:
            await self.get_database(database_id)
            return ExpoToken(present=False)
        except ApiBroken as error:
            if error.status != httpx.codes.NO_CONTENT:
                raise
            return ExpoToken(present=False)
        return responses.expo_token(data)

    async def notification_status(self, database_id: str) -> NotificationStatus:
        """Whether push notifications go out."""
        return responses.notification_status(await self._read(protocol.notification_status(database_id)))

    async def list_devices(self, database_id: str, *, page: int = 1, page_size: int = 50) -> Page[Device]:
        """One page of devices. A page past the end is empty, even where the API answers 404 for it."""
        try:
            response, data = await self._answer(protocol.list_devices(database_id, page=page, page_size=page_size))
        except NotFound:
            if page == 1:
                raise
            await self.get_database(database_id)
            return Page(items=(), page=page, page_size=page_size, more=False)
        return responses.devices(response, data, page=page, page_size=page_size)

    async def iterate_devices(self, database_id: str, *, limit: int) -> tuple[tuple[Device, ...], bool]:
        """Up to `limit` devices, and whether there are more: a bounded look."""
        found: list[Device] = []
        page = 1
        while len(found) < limit:
            answer = await self.list_devices(database_id, page=page, page_size=min(MAX_PAGE_SIZE, limit))
            found += answer.items
            if not answer.more or not answer.items:
                return tuple(found[:limit]), len(found) > limit
            page += 1
        return tuple(found[:limit]), True

    @asynccontextmanager
    async def write_slot(self) -> AsyncIterator[WriteSlot]:
        """A place among the concurrent calls, held while the caller reads again, claims and sends."""
        async with self._write_slots:
            yield WriteSlot(self._send_once)

    async def _read(self, request: ApiRequest) -> object:
        return (await self._answer(request))[1]

    async def _answer(self, request: ApiRequest) -> tuple[ApiResponse, object]:
        """A GET, with backoff and `Retry-After`, within one deadline for all its attempts."""
        ends = time.monotonic() + self.deadline

        def worth_another_try(error: Exception) -> bool | float:
            left = ends - time.monotonic()
            if isinstance(error, CloudSyncError) and error.status in RETRIED_STATUSES:
                wait = error.retry_after
                return (wait if wait < left else False) if wait is not None else left > WORTH_TRYING_SECONDS
            return isinstance(error, ApiUnreachable) and left > WORTH_TRYING_SECONDS

        last: CloudSyncError | None = None
        async for attempt in stamina.retry_context(
            on=worth_another_try,
            attempts=READ_ATTEMPTS,
            timeout=self.deadline,
            wait_initial=0.1,
            wait_max=2.0,
            wait_jitter=0.1,
        ):
            with attempt:
                if last is not None and ends - time.monotonic() < WORTH_TRYING_SECONDS:
                    raise last
                try:
                    async with self._slots:
                        if time.monotonic() >= ends:
                            raise ApiTimeout("The calls before this one took all the time there was.")
                        response = await self._exchange_read(request, ends)
                    return response, responses.data_of(response)
                except CloudSyncError as error:
                    last = error
                    raise
        raise ApiTimeout("The API did not answer in time.")

    async def _exchange_read(self, request: ApiRequest, ends: float) -> ApiResponse:
        try:
            return await self._exchange(request, ends)
        except (httpx.TimeoutException, TimeoutError):
            raise ApiTimeout("The API did not answer in time.") from None
        except httpx.DecodingError:
            raise ApiBroken("The answer cannot be decoded.") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise ApiUnreachable("The API could not be reached.") from None

    async def _exchange(self, request: ApiRequest, ends: float, watch: SendWatch | None = None) -> ApiResponse:
        """One exchange under a total deadline.

        httpx's own timeouts come first, for cancelling while a connection is waited for may leak its place. They
        start anew at each piece, so whoever drips out a header needs the guard.
        """
        built = self._built(request, ends, watch)
        if self._http.is_closed:
            raise httpx.ConnectError("closed")
        async with asyncio.timeout(_left(ends) + GUARD_SECONDS):
            response = await self._http.send(built, stream=True)
            try:
                body = await self._body(response, ends)
            finally:
                await response.aclose()
        return ApiResponse(
            status=response.status_code,
            content_type=response.headers.get("content-type", ""),
            body=body,
            retry_after=seconds_to_wait(response.headers.get("retry-after"), datetime.now(UTC)),
        )

    def _built(self, request: ApiRequest, ends: float, watch: SendWatch | None) -> httpx.Request:
        try:
            return self._http.build_request(
                request.method,
                request.path,
                params=dict(request.query) or None,
                json=dict(request.body) if request.body is not None else None,
                timeout=httpx.Timeout(_left(ends)),
                extensions={"trace": watch} if watch else None,
            )
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise Unsendable("This cannot be written as a request; nothing was sent.") from None

    @staticmethod
    async def _body(response: httpx.Response, ends: float) -> bytes:
        """The body; the deadline is looked at after each piece, so that a slow drip ends too."""
        pieces, size = [], 0
        async for piece in response.aiter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > MAX_BODY_BYTES:
                raise httpx.DecodingError("too large")
            if time.monotonic() > ends:
                raise httpx.ReadTimeout("too long")
        return b"".join(pieces)

    async def _send_once(self, request: ApiRequest, watch: SendWatch) -> SendOutcome:
        """Send a call that changes something, at most once, and say how it ended. Never cancelled from outside."""
        return await asyncio.shield(asyncio.ensure_future(self._sent(request, watch)))

    async def _sent(self, request: ApiRequest, watch: SendWatch) -> SendOutcome:
        started = time.monotonic()
        try:
            reach(Failpoint.BEFORE_CONNECT)
            watch.check()
            response = await self._exchange(request, started + self.deadline, watch)
            reach(Failpoint.AFTER_RESPONSE)
        except HeldUp:
            return _unanswered(SendClass.NOT_SENT, HELD_UP, started)
        except Unsendable as error:
            return _unanswered(SendClass.NOT_SENT, str(error), started)
        except NEVER_LEFT:
            return _unanswered(SendClass.NOT_SENT, "No connection to the API came about.", started)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError):
            return _unanswered(SendClass.UNKNOWN, "The connection broke or the answer did not come in time.", started)
        return classify(request, response, round((time.monotonic() - started) * 1000))


def _unanswered(send_class: SendClass, reason: str, started: float) -> SendOutcome:
    return SendOutcome(send_class=send_class, reason=reason, duration_ms=round((time.monotonic() - started) * 1000))


def _left(ends: float) -> float:
    return max(0.001, ends - time.monotonic())

"""The calls that change something, within a place among the concurrent ones."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec

from bot.cloudsync import protocol
from bot.cloudsync.errors import Unsendable
from bot.cloudsync.models import DatabaseChanges, Registration, SendClass, SendOutcome
from bot.cloudsync.protocol import ApiRequest
from bot.domain.failpoints import Failpoint, reach

P = ParamSpec("P")

FRESH_SECONDS = 5.0
"""Older than this, what was read and claimed no longer carries a send."""


HELD_UP = "It was held up too long between the last reading and the send."
"""Why a call did not leave that could have."""


class HeldUp(Exception):
    """What was read has grown too old, and not a byte has left."""


@dataclass(frozen=True, kw_only=True)
class SendWatch:
    """Stands over one send up to its first byte. Told by httpx's `trace` extension how far the call has come."""

    not_after: float
    """On the monotonic clock, which runs on while a process is stopped."""

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        """Raise at the last moment at which that still keeps the call from leaving."""
        del info
        if event == "http11.send_request_headers.started":
            self.check()
        elif event == "http11.send_request_headers.complete":
            reach(Failpoint.AFTER_HEADERS)

    def check(self) -> None:
        """`HeldUp` where it is too late."""
        if time.monotonic() > self.not_after:
            raise HeldUp


class WriteSlot:
    """A place already taken. Each call sends exactly once or, where it may not or cannot be sent, not at all."""

    def __init__(self, send_once: Callable[[ApiRequest, SendWatch], Awaitable[SendOutcome]]) -> None:
        self._send_once = send_once
        self._fresh_since = time.monotonic()
        self._again: Callable[[], Awaitable[str]] | None = None

    def read_from_now(self) -> None:
        """What carries the next call has just been read. Nothing but a reading starts this clock anew."""
        self._fresh_since = time.monotonic()

    def rest_on(self, again: Callable[[], Awaitable[str]]) -> None:
        """How what carries a further call is read again: "" where all of it holds, else why it does not."""
        self._again = again

    async def read_again(self) -> str:
        """Before each further call of one request. Without a way to read again, the first reading must do for all."""
        return await self._again() if self._again else ""

    def check(self) -> None:
        """`HeldUp` where what was read has grown too old to claim a send on."""
        self._watch().check()

    def _watch(self) -> SendWatch:
        return SendWatch(not_after=self._fresh_since + FRESH_SECONDS)

    async def register_database(self, registration: Registration) -> SendOutcome:
        """`POST /v1/databases`: verifies the connection first, which takes seconds."""
        return await self._send(protocol.register_database, registration)

    async def update_database(self, database_id: str, changes: DatabaseChanges) -> SendOutcome:
        """`PATCH /v1/databases/:databaseID`."""
        return await self._send(protocol.update_database, database_id, changes)

    async def delete_database(self, database_id: str) -> SendOutcome:
        """`DELETE /v1/databases/:databaseID`."""
        return await self._send(protocol.delete_database, database_id)

    async def enable_tables(self, database_id: str, tables: Sequence[str]) -> SendOutcome:
        """`POST …/cloudsync/enable`."""
        return await self._send(protocol.enable_tables, database_id, tables)

    async def disable_tables(self, database_id: str, tables: Sequence[str]) -> SendOutcome:
        """`POST …/cloudsync/disable`."""
        return await self._send(protocol.disable_tables, database_id, tables)

    async def set_expo_token(self, database_id: str, token: str) -> SendOutcome:
        """`PUT …/expo-access-token`."""
        return await self._send(protocol.set_expo_token, database_id, token)

    async def delete_expo_token(self, database_id: str) -> SendOutcome:
        """`DELETE …/expo-access-token`."""
        return await self._send(protocol.delete_expo_token, database_id)

    async def remove_device(self, database_id: str, site_id: str) -> SendOutcome:
        """`DELETE …/devices/:siteId`."""
        return await self._send(protocol.remove_device, database_id, site_id)

    async def _send(self, build: Callable[P, ApiRequest], *args: P.args, **kwargs: P.kwargs) -> SendOutcome:
        try:
            request = build(*args, **kwargs)
        except Unsendable as error:
            return SendOutcome(send_class=SendClass.NOT_SENT, reason=str(error))
        return await self._send_once(request, self._watch())

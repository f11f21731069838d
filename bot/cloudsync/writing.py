"""The calls that change something, within a place among the concurrent ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ParamSpec

from bot.cloudsync import protocol
from bot.cloudsync.errors import Unsendable
from bot.cloudsync.models import DatabaseChanges, Registration, SendClass, SendOutcome
from bot.cloudsync.protocol import ApiRequest

P = ParamSpec("P")


class WriteSlot:
    """A place already taken. Each call sends exactly once or, where it cannot be written, not at all; none raises."""

    def __init__(self, send_once: Callable[[ApiRequest], Awaitable[SendOutcome]]) -> None:
        self._send_once = send_once

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
        return await self._send_once(request)

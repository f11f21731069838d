"""The TCP connection under a call, so that it can end as networks end connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import Self, cast

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

EXTENSION = "standin.transport"
LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends a reset instead of a goodbye."""


class OpenProtocol(HttpToolsProtocol):
    """uvicorn's own protocol; the application is also given the transport it runs on."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wrap the application for this connection."""
        super().connection_made(transport)
        application = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[EXTENSION] = transport
            await application(scope, receive, send)

        self.app = with_transport


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One call's connection."""

    transport: asyncio.Transport
    receive: Receive

    @classmethod
    def of(cls, scope: Scope, receive: Receive) -> Self:
        """The connection of a call that came through `OpenProtocol`."""
        return cls(transport=cast("asyncio.Transport", scope["extensions"][EXTENSION]), receive=receive)

    @property
    def is_gone(self) -> bool:
        """Whether the other side has left."""
        return self.transport.is_closing()

    async def close(self) -> None:
        """Send what is written, then say goodbye."""
        self.transport.close()
        await self._ended()

    async def reset(self) -> None:
        """Drop what is not sent, and let the other side meet a reset."""
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.transport.abort()
        await self._ended()

    async def _ended(self) -> None:
        """Return once uvicorn knows; before that it would call a missing answer a mistake, and send a 500."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

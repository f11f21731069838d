"""The API's port as a network has it: open, or closed to all that come and cutting off all that are there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

PIECE = 1 << 16


class Gate:
    """Carries bytes between whoever comes and the stand-in API. It knows nothing of what they say."""

    def __init__(self) -> None:
        self.url = ""
        """What a bot takes for the API's address."""
        self.behind = ""
        """The stand-in's own address."""
        self._server: asyncio.Server | None = None
        self._port = 0
        self._carried: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen, from the second time on the same port."""
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def close(self) -> None:
        """From then on whoever comes is refused, and whoever was there has been cut off."""
        if self._server is not None:
            self._server.close()
            self._server = None
        carried = list(self._carried)
        for writer in carried:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in carried), return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = urlsplit(self.behind)
        away_reader, away_writer = await asyncio.open_connection(address.hostname, address.port)
        ends = {writer, away_writer}
        self._carried |= ends
        await asyncio.gather(_copy(reader, away_writer), _copy(away_reader, writer))
        self._carried -= ends


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def gated() -> AsyncIterator[Gate]:
    """An open gate."""
    gate = Gate()
    await gate.open()
    try:
        yield gate
    finally:
        await gate.close()

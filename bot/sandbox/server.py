"""A server beside others in one process, that starts with a word and ends at one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn

TICK_SECONDS = 1.0
"""How often the date of its answers moves on."""
CLOSING_SECONDS = 0.005
"""How often it looks whether its connections have closed: nobody announces it."""


class PromptServer(uvicorn.Server):
    """uvicorn, which would look every tenth of a second whether it should end, and wait another before it does.

    Signals are the process's business.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._ending = asyncio.Event()

    def stop(self) -> None:
        """Take nothing more; `serve` returns once what is under way is answered."""
        self.should_exit = True
        self._ending.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the handlers as they are."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Serve until `stop`."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what listens, and let connections end within the configured time."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while state.connections or state.tasks:  # noqa: ASYNC110 - nobody announces it
                    await asyncio.sleep(CLOSING_SECONDS)
        for task in list(state.tasks):
            task.cancel()

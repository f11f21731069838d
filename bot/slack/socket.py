"""Socket Mode, for workspaces that cannot be reached from outside; rebuilt whole when it falls silent."""

from __future__ import annotations

import asyncio
import contextlib
import time

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10.0
SILENCE_SECONDS = 60.0
"""Slack pings often enough that a minute without a connection means that the client hangs
(python-slack-sdk issues 1110, 1446 and 1701)."""

BROKEN = (OSError, aiohttp.ClientError, SlackClientError, TimeoutError)
"""What a connection that fails raises: aiohttp's own errors are not all of the operating system's kind."""


class SocketDoor:
    """Keeps one connection open, and makes a new handler when the old one hangs."""

    def __init__(self, app: AsyncApp, app_token: str, client: AsyncWebClient) -> None:
        self._app = app
        self._app_token = app_token
        self._client = client
        self._handler: AsyncSocketModeHandler | None = None
        self._watch: asyncio.Task[None] | None = None
        self._seen = time.monotonic()

    async def open(self) -> None:
        """Connect, and watch the connection."""
        await self._connect()
        self._watch = asyncio.create_task(self._watching(), name="socket-watch")

    async def close(self) -> None:
        """Take nothing more."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        await self._disconnect()

    async def is_connected(self) -> bool:
        """Whether deliveries can come."""
        return self._handler is not None and await self._handler.client.is_connected()

    async def _connect(self) -> None:
        self._handler = AsyncSocketModeHandler(self._app, app_token=self._app_token, web_client=self._client)
        await self._handler.connect_async()  # type: ignore[no-untyped-call]
        self._seen = time.monotonic()

    async def _disconnect(self) -> None:
        if self._handler is not None:
            with contextlib.suppress(*BROKEN):
                await asyncio.wait_for(self._handler.close_async(), timeout=5)  # type: ignore[no-untyped-call]
            self._handler = None

    async def _watching(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except Exception as error:
                log.error("socket_watch_failed", exc_info=error)

    async def _look(self) -> None:
        if await self.is_connected():
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > SILENCE_SECONDS:
            await self._rebuild()

    async def _rebuild(self) -> None:
        log.warning("socket_silent", seconds=round(time.monotonic() - self._seen))
        await self._disconnect()
        try:
            await self._connect()
        except BROKEN as error:
            log.warning("socket_reconnect_failed", error=type(error).__name__)

"""The watch over the socket outlives whatever one look meets."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import aiohttp
import pytest

from bot.slack import socket
from bot.slack.socket import SocketDoor


class Silent(SocketDoor):
    """A door whose connection never comes back, and that counts how often it was tried."""

    def __init__(self, error: Exception) -> None:
        super().__init__(cast(Any, None), "xapp-1", cast(Any, None))
        self._error = error
        self.tried = 0

    async def _connect(self) -> None:
        self.tried += 1
        raise self._error


@pytest.mark.parametrize("error", [aiohttp.ServerDisconnectedError(), LookupError("a defect")])
async def test_the_watch_goes_on_trying(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(socket, "LOOK_SECONDS", 0)
    monkeypatch.setattr(socket, "SILENCE_SECONDS", -1)
    door = Silent(error)
    watch = asyncio.create_task(door._watching())
    async with asyncio.timeout(60):
        while door.tried < 3:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0)
    assert not watch.done()
    watch.cancel()

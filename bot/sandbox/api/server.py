"""Serving the stand-in on a loopback port, for tests and for the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

import uvicorn
from uvicorn.server import ServerState

from bot.sandbox.api.app import create_api
from bot.sandbox.api.connection import OpenProtocol
from bot.sandbox.api.estate import Estate
from bot.sandbox.api.stand_in import StandInApi, utc_now
from bot.sandbox.api.switches import Switches

__all__ = ["StandInApi", "serve_api"]

KEEP_ALIVE_SECONDS = 3600
"""Idle connections are left to the client: a goodbye of ours that crosses its next call would be an unarmed fault."""


@asynccontextmanager
async def serve_api(
    estates: Mapping[str, Estate],
    *,
    switches: Switches | None = None,
    clock: Callable[[], datetime] = utc_now,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[StandInApi]:
    """Serve estates, by key, until the block ends. Port 0 takes any free one; OSError where the port is taken.

    uvicorn's protocol without its server, which would look every tenth of a second whether it should end.
    """
    api = StandInApi(estates=dict(estates), switches=switches or Switches(), clock=clock)
    config, state = _config(api), ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: OpenProtocol(config=config, server_state=state, app_state={}, _loop=loop), host, port
    )
    api.url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield api
    finally:
        server.close()
        await api.close()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        for connection in list(state.connections):
            connection.transport.close()
        await server.wait_closed()


def _config(api: StandInApi) -> uvicorn.Config:
    config = uvicorn.Config(
        create_api(api),
        interface="asgi3",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    config.load()
    return config

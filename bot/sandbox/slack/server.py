"""Serving the stand-in Slack on a loopback port, for tests and for the sandbox."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from bot.sandbox.slack.app import create_slack
from bot.sandbox.slack.deliver import Courier
from bot.sandbox.slack.page_api import ApiPanel
from bot.sandbox.slack.socket_mode import Sockets
from bot.sandbox.slack.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class StandInSlack:
    """A running stand-in."""

    url: str
    workspace: Workspace
    courier: Courier
    sockets: Sockets

    @property
    def api_url(self) -> str:
        """What the app takes as SLACK_API_URL."""
        return f"{self.url}/api/"

    def connect(self, bot_url: str) -> None:
        """Deliver to this app from now on; `bot_url` is its address without a path."""
        self.courier.url = f"{bot_url.rstrip('/')}/slack/events"


@asynccontextmanager
async def serve_slack(
    workspace: Workspace,
    *,
    bot_url: str = "",
    signing_secret: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    panel: ApiPanel | None = None,
) -> AsyncIterator[StandInSlack]:
    """Serve until the block ends. Port 0 takes any free one; OSError where the port is taken."""
    if signing_secret is not None:
        workspace.app.signing_secret = signing_secret
    sockets = Sockets()
    with socket.create_server((host, port)) as listener:
        workspace.base_url = f"http://{host}:{listener.getsockname()[1]}"
        courier = workspace.courier = Courier(workspace, url="", sockets=sockets)
        slack = StandInSlack(url=workspace.base_url, workspace=workspace, courier=courier, sockets=sockets)
        slack.connect(bot_url)
        server = _QuietServer(create_slack(workspace, sockets=sockets, panel=panel))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.ready.wait()
            yield slack
        finally:
            server.should_exit = True
            await sockets.disconnect("link_disabled")
            await serving
            await courier.close()


class _QuietServer(uvicorn.Server):
    """A server among others in one process: signals are the process's business."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        )
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the handlers as they are."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.ready.set()

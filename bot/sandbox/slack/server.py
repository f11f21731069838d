"""Serving the stand-in Slack on a loopback port, for tests and for the sandbox."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from bot.sandbox.server import PromptServer
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
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does not see that it is TCP
        workspace.base_url = f"http://{host}:{listener.getsockname()[1]}"
        courier = workspace.courier = Courier(workspace, url="", sockets=sockets)
        slack = StandInSlack(url=workspace.base_url, workspace=workspace, courier=courier, sockets=sockets)
        slack.connect(bot_url)
        server = PromptServer(_config(create_slack(workspace, sockets=sockets, panel=panel)))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.ready.wait()
            yield slack
        finally:
            server.stop()
            await sockets.disconnect("link_disabled")
            await serving
            await courier.close()


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)

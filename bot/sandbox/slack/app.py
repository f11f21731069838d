"""The stand-in Slack as one ASGI application: what the app calls, and the page."""

from __future__ import annotations

from starlette.applications import Starlette

from bot.sandbox.slack.page_api import ApiPanel, PageApi
from bot.sandbox.slack.socket_mode import Sockets
from bot.sandbox.slack.web_api import WebApi
from bot.sandbox.slack.workspace import Workspace


def create_slack(workspace: Workspace, *, sockets: Sockets | None = None, panel: ApiPanel | None = None) -> Starlette:
    """Web API, response URLs, Socket Mode and page over this workspace."""
    web_api = WebApi(workspace, sockets or Sockets())
    return Starlette(routes=[*web_api.routes(), *PageApi(workspace, panel).routes()])

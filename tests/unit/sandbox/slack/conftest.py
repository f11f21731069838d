"""A small app built with Bolt, as any app would be, and a workspace that delivers to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.seed import believable_workspace
from bot.sandbox.slack.server import StandInSlack, serve_slack
from bot.sandbox.slack.workspace import Workspace
from tests.unit.sandbox.slack.echo import create_echo, serve_app


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_time(self, **span: float) -> None:
        self.ahead += timedelta(**span)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A served workspace with the echo app connected."""

    slack: StandInSlack
    workspace: Workspace
    echo: AsyncApp
    client: AsyncWebClient


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workspace(clock: Clock) -> Workspace:
    return believable_workspace(clock=clock)


class Panel:
    """A stand-in API's panel that remembers what was armed."""

    def __init__(self) -> None:
        self.armed: list[str] = []

    async def state(self) -> dict[str, Any]:
        faults = [{"name": "hang", "label": "Make the next call hang"}]
        return {"url": "http://api.example", "lines": [f"armed: {len(self.armed)}"], "faults": faults}

    async def arm(self, fault: str) -> None:
        self.armed.append(fault)


@pytest.fixture
def panel() -> Panel:
    return Panel()


@pytest.fixture
async def slack(workspace: Workspace, panel: Panel) -> AsyncIterator[StandInSlack]:
    async with serve_slack(workspace, panel=panel) as served:
        yield served


@pytest.fixture
def client(slack: StandInSlack) -> AsyncWebClient:
    return AsyncWebClient(token=slack.workspace.app.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
async def stage(slack: StandInSlack, client: AsyncWebClient) -> AsyncIterator[Stage]:
    echo = create_echo(slack)
    async with serve_app(echo) as url:
        slack.connect(url)
        yield Stage(slack=slack, workspace=slack.workspace, echo=echo, client=client)

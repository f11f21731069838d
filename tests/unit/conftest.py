"""The client against the stand-in Management API, over real HTTP, for all that is built on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.sandbox.api.seed import believable_estate
from bot.sandbox.api.server import StandInApi, serve_api

KEY = "a-management-key"


@pytest.fixture
async def api() -> AsyncIterator[StandInApi]:
    """A believable estate, and everything that reaches it."""
    async with serve_api({KEY: believable_estate(datetime.now(UTC))}) as api:
        yield api


@pytest.fixture
async def client(api: StandInApi) -> AsyncIterator[CloudSyncClient]:
    """One environment's client."""
    async with CloudSyncClient(api.url, KEY, environment="prod", call_deadline_seconds=30) as client:
        yield client

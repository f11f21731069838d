"""The client against the stand-in API over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.sandbox.api.seed import believable_estate
from bot.sandbox.api.server import StandInApi, serve_api

KEY = "a-management-key"
HASTY_SECONDS = 2.0
"""A deadline that a test waits for: it is in nobody's way on a busy machine, where the answer comes at once."""


async def until(condition: Callable[[], object]) -> None:
    """Wait for what the stand-in's journal will show."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the journal has no event
            await asyncio.sleep(0.01)


@pytest.fixture
async def api() -> AsyncIterator[StandInApi]:
    """A believable estate."""
    async with serve_api({KEY: believable_estate(datetime.now(UTC))}) as api:
        yield api


@pytest.fixture
async def client(api: StandInApi) -> AsyncIterator[CloudSyncClient]:
    """A client with time enough, on a busy machine as well."""
    async with CloudSyncClient(api.url, KEY, call_deadline_seconds=30, pool_slots=6) as client:
        yield client


@pytest.fixture
async def hasty(api: StandInApi) -> AsyncIterator[CloudSyncClient]:
    """A client whose deadline comes soon."""
    async with CloudSyncClient(api.url, KEY, call_deadline_seconds=HASTY_SECONDS, pool_slots=6) as client:
        yield client

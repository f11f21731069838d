"""A served stand-in, and a raw client that knows nothing but HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from bot.sandbox.api.estate import Database
from bot.sandbox.api.seed import believable_estate
from bot.sandbox.api.server import StandInApi, serve_api
from bot.sandbox.slack.deliver import NOBODY

KEY = "key-of-production"
OTHER_KEY = "key-of-staging"
NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
async def api() -> AsyncIterator[StandInApi]:
    """Two organisations behind one address, at a time that stands still."""
    estates = {KEY: believable_estate(NOW), OTHER_KEY: believable_estate(NOW, name="Acme Staging", slug="staging")}
    async with serve_api(estates, clock=lambda: NOW) as api:
        yield api


@pytest.fixture
async def http(api: StandInApi) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the first organisation's key."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=60, trust_env=False, verify=NOBODY) as http:
        yield http


@pytest.fixture
def orders(api: StandInApi) -> Database:
    """A healthy database with tables, devices, a token and all that concerns sign-in."""
    return api.estate.labelled("orders-eu")


def path_of(database: Database, below: str = "") -> str:
    """A database's path, or one below it."""
    return f"/v1/databases/{database.id}{below}"

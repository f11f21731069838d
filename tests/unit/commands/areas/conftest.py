"""The channel that the areas' tests ask in."""

from __future__ import annotations

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.domain.access import Role
from bot.sandbox.api.server import StandInApi
from tests.clock import ManualClock
from tests.conftest import OpenDatabase
from tests.unit.commands.areas.channel import ADA, HERE, Channel


@pytest.fixture
async def channel(
    api: StandInApi, client: CloudSyncClient, sqlite_url: str, open_database: OpenDatabase, clock: ManualClock
) -> Channel:
    """Ada, an admin, in an admin channel on the believable estate."""
    channel = Channel(api=api, client=client, database=open_database(sqlite_url), clock=clock)
    await channel.bind(HERE)
    await channel.grant(ADA, Role.ADMIN)
    return channel

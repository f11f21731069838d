"""Where operations are asked for."""

from __future__ import annotations

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.sandbox.api.server import StandInApi
from tests.unit.services.operations.asking import Desk


@pytest.fixture
def desk(api: StandInApi, client: CloudSyncClient) -> Desk:
    """Operations on the believable estate."""
    return Desk(api=api, client=client)

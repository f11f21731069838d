"""The process that forks the fault suite's bots."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.faults.fleet import Spawner


@pytest.fixture
async def spawner() -> AsyncIterator[Spawner]:
    """Forks bots."""
    spawner = await Spawner.start()
    yield spawner
    await spawner.close()

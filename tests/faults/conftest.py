"""The fault suite's figures, and the process that forks its bots."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.faults.fleet import Spawner


@pytest.fixture
def kills(pytestconfig: pytest.Config) -> int:
    """`--kills`."""
    return int(pytestconfig.getoption("--kills"))


@pytest.fixture
async def spawner() -> AsyncIterator[Spawner]:
    """Forks bots."""
    spawner = await Spawner.start()
    yield spawner
    await spawner.close()

"""The process that forks the fault suite's bots."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.fleet import Spawner


@pytest.fixture(scope="session")
def spawner() -> Iterator[Spawner]:
    """Forks bots."""
    spawner = Spawner()
    yield spawner
    spawner.close()

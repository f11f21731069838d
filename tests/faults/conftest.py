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
def failpoint_rounds(pytestconfig: pytest.Config) -> int:
    """`--failpoint-rounds`."""
    return int(pytestconfig.getoption("--failpoint-rounds"))


@pytest.fixture
def races_wanted(pytestconfig: pytest.Config) -> int:
    """`--races`."""
    return int(pytestconfig.getoption("--races"))


@pytest.fixture
def double_clicks(pytestconfig: pytest.Config) -> int:
    """`--double-clicks`."""
    return int(pytestconfig.getoption("--double-clicks"))


@pytest.fixture
def answer_rounds(pytestconfig: pytest.Config) -> int:
    """`--answer-rounds`."""
    return int(pytestconfig.getoption("--answer-rounds"))


@pytest.fixture
def model_runs(pytestconfig: pytest.Config) -> int:
    """`--model-runs`."""
    return int(pytestconfig.getoption("--model-runs"))


@pytest.fixture
def model_steps(pytestconfig: pytest.Config) -> int:
    """`--model-steps`."""
    return int(pytestconfig.getoption("--model-steps"))


@pytest.fixture
def sigterms(pytestconfig: pytest.Config) -> int:
    """`--sigterms`."""
    return int(pytestconfig.getoption("--sigterms"))


@pytest.fixture
async def spawner() -> AsyncIterator[Spawner]:
    """Forks bots."""
    spawner = await Spawner.start()
    yield spawner
    await spawner.close()

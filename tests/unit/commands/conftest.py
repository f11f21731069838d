"""What the tests of commands share."""

from __future__ import annotations

import pytest

from bot.commands.registry import Registry
from tests.unit.commands import catalog


@pytest.fixture(scope="session")
def registry() -> Registry:
    return catalog.registry()

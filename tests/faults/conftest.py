"""The process that forks the fault suite's bots, and the order of its tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path

import pytest

from tests.faults.fleet import Spawner

WORKERS = 4
LONGEST_FIRST = (
    "whatever_happens_at_a_failpoint",
    "every_fault_of_the_api",
    "where_the_model_says",
    "at_random_moments",
    "however_many_press",
    "comes_twice",
    "planted_fault",
    "sound_bot",
    "through_sockets",
    "refused",
)
"""Words of the names of those that take long: whatever begins last should be over soon."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever shares the tests out gives each worker a part of the list: each part begins with something long."""
    here = [place for place, item in enumerate(items) if Path(__file__).parent in item.path.parents]
    for place, item in zip(here, dealt([items[place] for place in here]), strict=True):
        items[place] = item


def dealt(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """One of each kind, longest first, then the next of each; dealt out like cards, one hand after the other.

    What keeps processors busy runs beside what waits, and few that start many bots run beside one another.
    """
    of_its_kind: Counter[int] = Counter()
    places = []
    for item in items:
        rank = next((rank for rank, word in enumerate(LONGEST_FIRST) if word in item.name), len(LONGEST_FIRST))
        of_its_kind[rank] += 1
        places.append((rank == len(LONGEST_FIRST), of_its_kind[rank], rank))
    ordered = [item for _, item in sorted(zip(places, items, strict=True), key=itemgetter(0))]
    return [item for hand in range(WORKERS) for item in ordered[hand::WORKERS]]


@pytest.fixture(scope="session")
def spawner() -> Iterator[Spawner]:
    """Forks bots."""
    spawner = Spawner()
    yield spawner
    spawner.close()

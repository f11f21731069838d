"""Every way in which the API can fail meets every operation that changes something; each ends as it really ended."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import chain, product
from pathlib import Path

import pytest

from bot.domain.requests import OperationKind as Kind
from bot.sandbox.api.faults import FaultKind
from tests.conftest import Figure
from tests.faults.fleet import Spawner
from tests.faults.settling import settled
from tests.faults.stage import OPERATORS, Stage, managed, staged
from tests.faults.work import KINDS, carry_through

SECONDS = {
    FaultKind.LATE_EFFECT: 1.0,
    FaultKind.GATEWAY_TIMEOUT: 1.0,
    FaultKind.SLOW: 0.3,
    FaultKind.DRIP: 0.3,
    FaultKind.HANG: 1.5,
    FaultKind.RATE_LIMITED: 1.0,
}
"""Late effects come within the suite's quiet period of two seconds, hanging outlives its deadline of one."""
PARTS = 2
"""Each with a bot of its own: of the registrations, one is under way at a time."""
TRIES = 12
"""A machine under load may outlast people's patience: they come again."""
METHODS = {
    Kind.DELETE_DATABASE: "DELETE",
    Kind.REGISTER_DATABASE: "POST",
    Kind.UPDATE_DATABASE: "PATCH",
    Kind.REMOVE_DEVICES: "DELETE",
    Kind.ENABLE_TABLES: "POST",
    Kind.DISABLE_TABLES: "POST",
    Kind.SET_TOKEN: "PUT",
    Kind.DELETE_TOKEN: "DELETE",
}


async def meet(stage: Stage, number: int, kind: Kind, fault: FaultKind) -> None:
    """One operation on a database of its own, whose call meets one fault."""
    target = stage.estate.add(managed(number))
    path = "/v1/databases" if kind is Kind.REGISTER_DATABASE else f"/v1/databases/{target.id}.*"
    stage.api.faults.arm(fault, method=METHODS[kind], path=path, seconds=SECONDS.get(fault, 1.0))
    for _ in range(TRIES):
        with suppress(TimeoutError):
            if await carry_through(stage, number, kind, target) is not None:
                return


def pairs_of(part: int) -> list[tuple[Kind, FaultKind]]:
    """This part's operations with their faults: of every two neighbours one, so that each part has all of both."""
    pairs = product(enumerate(KINDS), enumerate(FaultKind))
    return [(kind, fault) for (row, kind), (column, fault) in pairs if (row + column) % PARTS == part]


def test_the_parts_are_all_there_is() -> None:
    assert sorted(chain(*map(pairs_of, range(PARTS)))) == sorted(product(KINDS, FaultKind))


@pytest.mark.parametrize("part", range(PARTS))
async def test_every_fault_of_the_api_ends_truthfully_for_every_operation(
    spawner: Spawner, sqlite_url: str, tmp_path: Path, figure: Figure, part: int
) -> None:
    pairs = pairs_of(part) * figure("answer-rounds")
    places = [asyncio.Semaphore(1) for _ in range(OPERATORS - 1)]
    registering = asyncio.Semaphore(1)

    async with staged(spawner, sqlite_url, tmp_path, databases=0, CALL_DEADLINE_SECONDS="1") as stage:
        await stage.fleet.start_ready()

        async def in_turn(number: int, kind: Kind, fault: FaultKind) -> None:
            only = registering if kind is Kind.REGISTER_DATABASE else places[number % len(places)]
            async with only:
                person = OPERATORS - 1 if kind is Kind.REGISTER_DATABASE else number % len(places)
                await meet(stage, number * OPERATORS + person, kind, fault)

        await asyncio.gather(*(in_turn(number, *pair) for number, pair in enumerate(pairs)))
        verdict = await settled(stage)
    print(f"{len(pairs)} faults: {verdict}")
    assert verdict.wrong == ()
    assert sum(verdict.ends.values()) >= len(pairs)
    for end in ("succeeded", "rejected", "not_applied", "already_absent"):
        assert end in verdict.ends or end == "already_absent", verdict

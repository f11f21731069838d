"""What goes on beside the deliveries goes on, and the time to stop runs from the signal."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

import pytest

from bot import serving
from bot.bootstrap import Program


@dataclass(kw_only=True)
class Broken:
    """Deliveries that cannot be looked after, and count how often it was tried."""

    rounds: int = 0

    async def purge(self) -> None:
        self.rounds += 1
        raise LookupError("a defect")


@dataclass(kw_only=True)
class OnlyDeliveries:
    """All of a program that housekeeping needs."""

    deliveries: Broken


async def test_housekeeping_goes_on_after_whatever_one_round_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HOUSEKEEPING_SECONDS", 0)
    deliveries = Broken()
    housekeeping = asyncio.create_task(serving._housekeeping(cast(Program, OnlyDeliveries(deliveries=deliveries))))
    async with asyncio.timeout(5):
        while deliveries.rounds < 3:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0)
    assert not housekeeping.done()
    housekeeping.cancel()


async def test_the_time_to_stop_runs_from_the_first_signal() -> None:
    stopping = serving._Stopping()
    stopping.ask()
    left = stopping.left()
    await asyncio.sleep(0.02)
    stopping.ask()
    assert stopping.left() < left <= serving.DRAIN_SECONDS - serving.CLOSING_SECONDS

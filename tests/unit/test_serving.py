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
    """A watch over the clock that cannot look, and counts how often it was tried."""

    rounds: int = 0

    async def look(self) -> str:
        self.rounds += 1
        raise LookupError("a defect")


@dataclass(kw_only=True)
class OnlyWatch:
    """All of a program that this housekeeping comes to."""

    clock_watch: Broken


async def test_housekeeping_goes_on_after_whatever_one_round_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HOUSEKEEPING_SECONDS", 0)
    watch = Broken()
    housekeeping = asyncio.create_task(serving._housekeeping(cast(Program, OnlyWatch(clock_watch=watch))))
    async with asyncio.timeout(5):
        while watch.rounds < 3:  # noqa: ASYNC110 - nobody announces it
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

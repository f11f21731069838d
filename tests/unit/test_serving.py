"""What goes on beside the deliveries goes on, and the time to stop runs from the signal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest

from bot import serving
from bot.bootstrap import Program
from bot.domain.ports import MessageDelayed, MessageRefused
from bot.slack.pins import Pins


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
    pins: Pins = field(default_factory=lambda: Pins(team_id="T0", app_id="", confirmed=True))


@dataclass(kw_only=True)
class Unpinned:
    """All of a program that asking whose workspace this is comes to."""

    client: object = None
    settings: object = field(default_factory=lambda: SimpleNamespace(slack_team_id=""))
    pins: Pins = field(default_factory=lambda: Pins(team_id="", app_id=""))
    directory: object = field(default_factory=lambda: SimpleNamespace(pin=lambda team_id: None))


def slack_says(monkeypatch: pytest.MonkeyPatch, *answers: Callable[[], dict[str, str]]) -> list[str]:
    """Let Slack answer so, one call after another; what was asked."""
    asked: list[str] = []

    async def answer(client: object, method: str) -> dict[str, str]:
        asked.append(method)
        return answers[len(asked) - 1]()

    monkeypatch.setattr(serving, "look_up", answer)
    return asked


def away() -> dict[str, str]:
    raise MessageDelayed("timeout")


def refused() -> dict[str, str]:
    raise MessageRefused("invalid_auth")


def known() -> dict[str, str]:
    return {"team_id": "T0OURS"}


async def test_whose_workspace_it_is_is_asked_until_slack_has_said_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = slack_says(monkeypatch, away, away, refused, known)
    program = Unpinned()
    await serving._pin_team(cast(Program, program))
    for _ in range(2):
        await serving._pin_late(cast(Program, program))
        assert (program.pins.team_id, program.pins.confirmed) == ("", False)
    for _ in range(2):
        await serving._pin_late(cast(Program, program))
        assert (program.pins.team_id, program.pins.confirmed) == ("T0OURS", True)
    assert len(asked) == 4


async def test_housekeeping_goes_on_after_whatever_one_round_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HOUSEKEEPING_SECONDS", 0)
    watch = Broken()
    housekeeping = asyncio.create_task(serving._housekeeping(cast(Program, OnlyWatch(clock_watch=watch))))
    async with asyncio.timeout(60):
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

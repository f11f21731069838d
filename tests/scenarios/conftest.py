"""Scenarios: a signed payload in, blocks and audit rows out, on both engines. Each ends with the whole accounting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from bot.domain.replies import Reply
from bot.sandbox.api.switches import Switches
from bot.slack import blocks, messenger, responder
from bot.slack.blocks import Rendered
from tests import bots
from tests.bots import World, running_bot
from tests.scenarios.accounting import account_for, judge_fallback

PATIENCE = timedelta(seconds=20)
"""Slack's three seconds would judge the machine here, which runs both stand-ins and other tests besides."""


@pytest.fixture(autouse=True)
def fallbacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every message that the scenario draws is judged in its plain form too."""
    made: list[Rendered] = []

    def render(reply: Reply) -> Rendered:
        made.append(blocks.render(reply))
        return made[-1]

    monkeypatch.setattr(messenger, "render", render)
    monkeypatch.setattr(responder, "render", render)
    yield
    for drawn in made:
        judge_fallback(drawn)


@cache
def _ways() -> dict[str, Switches]:
    return dict((*Switches.each(), *Switches.turns()))


@pytest.fixture(autouse=True)
def under(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Switches:
    """How the API answers in every scenario that does not say so itself: by default as is likeliest, else `--under`."""
    chosen = _ways()[pytestconfig.getoption("--under")]
    monkeypatch.setattr(bots, "LIKELIEST", chosen)
    return chosen


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """The bot with #prod, #staging and #support bound."""
    async with accounted_bot(database_url) as world:
        yield world


@asynccontextmanager
async def accounted_bot(database_url: str, **given: Any) -> AsyncIterator[World]:
    """The bot as `running_bot` gives it, and the whole accounting at the end of what happens here."""
    async with running_bot(database_url, **given) as world:
        world.workspace.ack_deadline, world.workspace.triggers.life = PATIENCE.total_seconds(), PATIENCE
        before = await world.trail()
        yield world
        await world.settle()
        await account_for(world, planted_up_to=before[-1].seq if before else 0)

"""Scenarios: a signed payload in, blocks and audit rows out, on both engines. Each ends with the whole accounting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.domain.audit import AuditKind
from tests.bots import World, running_bot

OUR_OWN = frozenset({AuditKind.SYSTEM, AuditKind.ANCHOR})


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """The bot with #prod, #staging and #support bound."""
    async with accounted_bot(database_url) as world:
        yield world


@asynccontextmanager
async def accounted_bot(database_url: str, **given: Any) -> AsyncIterator[World]:
    """The bot as `running_bot` gives it, and the whole accounting at the end."""
    async with running_bot(database_url, **given) as world:
        yield world
        await world.settle()
        await account_for(world)


async def account_for(world: World) -> None:
    """Each delivery has its story and each story its delivery; the chain holds; Slack refused no block of ours."""
    rows = await world.trail()
    stories = {row.delivery for row in rows if row.delivery}
    taken = await world.program.database.read(lambda unit: unit.inbox.all_keys())
    assert set(taken) - stories == set(), "a delivery left no story"
    told = {row.story for row in rows if row.delivery}
    assert {row.story for row in rows if row.kind not in OUR_OWN} - told == set(), "a story has no delivery"
    finding = await world.program.database.read(lambda unit: unit.audit.verify())
    assert finding.seq is None, finding
    refused = [call for call in world.workspace.calls if call.answer.get("error", "").startswith("invalid")]
    assert refused == [], "Slack took blocks of ours for invalid"
    for value in SECRETS:
        assert value not in repr(rows), "a secret stands in the trail"


SECRETS = ("hunter2", "s3cr3t-token", "very-secret-jwt")

"""The trail as a file, through Slack: an admin gets it in private, nobody else does."""

from __future__ import annotations

import json

import pytest

from bot.commands.areas import audit_export
from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.sandbox.slack.directory import File
from tests.bots import World


def files(world: World) -> list[File]:
    return [*world.workspace.files.values()]


async def test_an_admin_gets_the_trail_into_the_direct_message(world: World) -> None:
    await world.says("cleo", "#prod", "databases list")
    answer = await world.says("grace", "#prod", "audit export --all --format jsonl")
    (file,) = files(world)
    *lines, closing = [json.loads(line) for line in (file.content or b"").splitlines()]
    assert closing["extract"]["whole"]
    assert f"Rows exported: {len(lines)}" in answer.splitlines()[0]
    assert "databases.list" in [line["action"] for line in lines]
    assert file.channels == [world.workspace.direct_channel(world.person("grace").id).id]
    assert "The audit trail as you asked" in world.told("grace")

    row = next(row for row in await world.trail() if row.kind is AuditKind.EXPORT)
    assert (row.action, row.outcome, row.actor) == (
        AuditAction.AUDIT_EXPORT,
        AuditOutcome.SUCCEEDED,
        world.person("grace").id,
    )
    assert row.payload["rows"] == len(lines)


async def test_one_that_takes_long_says_in_private_how_far_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_export, "TOLD_AFTER", (0,))
    await world.says("grace", "#prod", "audit export --all")
    grace, cleo = world.person("grace"), world.person("cleo")
    before, answer = [grace.read(message).splitlines()[0] for message in grace.see("#prod")][-2:]
    assert before.endswith("Still exporting: looking through the trail")
    assert "Rows exported: " in answer
    assert not [message for message in cleo.see("#prod") if "Still exporting" in cleo.read(message)]


async def test_only_an_admin_in_an_admin_channel_may(world: World) -> None:
    for name, channel in (("alan", "#prod"), ("cleo", "#prod"), ("grace", "#staging"), ("grace", "#support")):
        answer = await world.says(name, channel, "audit export")
        assert answer.startswith("⛔ Not permitted"), (name, channel)
    assert files(world) == []


async def test_an_app_without_the_scope_is_told_and_nothing_leaves(world: World) -> None:
    world.workspace.app.scopes.discard("files:write")
    answer = await world.says("grace", "#prod", "audit export --all")
    assert "missing_scope" in answer
    assert "python app.py doctor" in answer
    assert files(world) == []
    row = next(row for row in reversed(await world.trail()) if row.kind is AuditKind.EXPORT)
    assert (row.outcome, row.code) == (AuditOutcome.FAILED, "missing_scope")


async def test_an_unknown_database_gets_the_nearest_ones_and_no_file(world: World) -> None:
    await world.says("cleo", "#prod", "databases show orders-eu")
    for typed in ("ordres-eu", "prders-eu"):
        answer = await world.says("grace", "#prod", f"audit export --database {typed} --all")
        assert f"nothing about a database “{typed}”" in answer.splitlines()[0]
        assert "orders-eu" in answer
    assert files(world) == []

"""What an auditor hears in the audit channel while people work, and what stands in the trail alone."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from pathlib import Path

from bot.config import Settings, load
from bot.domain.audit import AuditAction, AuditKind
from bot.exporting import export_trail
from bot.retention import erase_rows, index_anew
from bot.services.export_formats import ExportFormat
from bot.services.loud_events import TOLD
from bot.verification import accept_organisation
from tests.bots import World, settings_for
from tests.conftest import AUDIT_KEYS
from tests.factories import make_entry
from tests.scenarios.conftest import accounted_bot


def heard(world: World) -> list[str]:
    """What the audit channel was told, but for the anchors."""
    ada = world.person("ada")
    return [ada.read(one) for one in ada.see("#audit") if "audit show" in one.text]


def verdicts(world: World) -> list[str]:
    return [one.splitlines()[0] for one in heard(world)]


async def watching(world: World) -> None:
    """The bot has begun: what comes from here on is told."""
    async with asyncio.timeout(60):
        while True:
            if await world.program.database.read(lambda unit: unit.settings.get(TOLD)):
                return
            await asyncio.sleep(0.05)


async def hears(world: World, number: int) -> str:
    """The newest of so many messages, once there are as many."""
    await world.person("ada").wait_for(lambda: len(heard(world)) >= number)
    await world.settle()
    assert len(heard(world)) == number, verdicts(world)
    return heard(world)[-1]


def keeping(world: World) -> Settings:
    """What the command line works with, on the same database and stand-ins."""
    key = base64.urlsafe_b64encode(AUDIT_KEYS.keys[0]).decode()
    keys = {"SECRET_KEYS": key, "AUDIT_KEYS": key}
    return load(settings_for(world.api, world.slack, world.program.settings.database_url, **keys))


async def test_admin_given_and_taken_back_is_heard_and_a_lesser_role_is_not(database_url: str) -> None:
    async with accounted_bot(database_url, anchored=True) as world:
        await watching(world)
        await world.says("ada", "#prod", "roles grant @cleo operator")
        await world.says("ada", "#prod", "roles grant @cleo admin")
        assert heard(world) == [], "asked for, and not given"
        await world.presses("grace", "#prod", "Approve")
        first, *middle, last = (await hears(world, 1)).splitlines()
        assert first.endswith("@ada gave @cleo the role admin in every bound channel")
        given = [row for row in await world.trail() if row.kind is AuditKind.ACCESS][-1]
        assert f"/cloudsync audit show {given.seq} in" in last.replace("`", "")
        assert any("in #prod" in one for one in middle)
        await world.says("ada", "#prod", "roles revoke @cleo")
        assert "took back the role of @cleo in every bound channel, admin until then" in await hears(world, 2)
        await world.says("ada", "#prod", "roles revoke @alan")
        await world.says("ada", "#random", "roles bind #random viewer")
        await world.says("grace", "#prod", "audit export --all")
        assert "@grace exported " in await hears(world, 3)


async def test_a_deletion_and_what_is_refused_is_not_heard(database_url: str) -> None:
    async with accounted_bot(database_url, anchored=True) as world:
        await watching(world)
        await world.says("alan", "#prod", "databases delete orders-eu")
        await world.fills("alan", {"Reason": "moved", "Type the label to confirm": "orders-eu"})
        await world.presses("grace", "#prod", "Approve")
        assert "Deleted the database “orders-eu”" in world.card()
        await world.says("cleo", "#prod", "audit export --all")
        await world.says("cleo", "#prod", "roles grant @cleo admin")
        await world.says("grace", "#prod", "audit export --all")
        assert "@grace exported " in await hears(world, 1)


async def test_another_organisation_is_heard_and_so_is_its_acceptance(database_url: str) -> None:
    async with accounted_bot(database_url, anchored=True) as world:
        await watching(world)
        before = world.api.estate.organisation
        world.api.estate.organisation = replace(before, id="org_other", name="Other\nanchor seq=1 Corp")
        assert not await world.program.environments.confirm("default")
        told = await hears(world, 1)
        assert told.splitlines()[0].endswith(
            "The bot found that the key of default now belongs to Other anchor seq=1 Corp: changes are off there"
        )
        await accept_organisation(keeping(world), "default", operator="root")
        assert "Root at the command line accepted the organisation" in await hears(world, 2)


async def test_what_the_command_line_did_while_the_bot_was_down_is_heard_when_it_runs(
    database_url: str, tmp_path: Path
) -> None:
    async with accounted_bot(database_url, anchored=True) as world:
        await watching(world)
        for _ in range(2):
            world.planted.add((await world.program.database.append(make_entry())).story)
        workspace, settings = world.workspace, keeping(world)
    whole = ExportFormat.JSONL
    await asyncio.to_thread(
        lambda: export_trail(
            settings, whole, str(tmp_path / "trail"), since="", until="", operator="root", told=lambda _: None
        )
    )
    await asyncio.to_thread(lambda: erase_rows(settings, [1, 2], reason="personal", operator="root"))
    await asyncio.to_thread(lambda: index_anew(settings, operator="root"))
    async with accounted_bot(
        database_url, anchored=True, workspace=workspace, roles=False, APPROVALS_REQUIRED="0"
    ) as world:
        set_up = await hears(world, 4)
        exported, erased, indexed, _ = verdicts(world)
        assert "Root at the command line exported " in exported
        assert ", all from 1 to " in exported
        assert erased.endswith("Root at the command line erased what row 1 said, and 1 more row with it")
        assert indexed.endswith("Root at the command line made the search index anew")
        assert "The bot was set up otherwise than before: APPROVALS_REQUIRED, " in set_up
        assert "APPROVALS_REQUIRED__DEFAULT 1 → 0" in set_up
        await world.says("cleo", "#prod", "databases list")
        assert len(heard(world)) == 4


async def test_a_trail_that_could_not_be_written_for_a_while_is_heard(database_url: str) -> None:
    async with accounted_bot(database_url, anchored=True) as world:
        await watching(world)
        row = make_entry(kind=AuditKind.SYSTEM, action=AuditAction.SYSTEM_TRAIL, actor="", channel="")
        await world.program.trail.record(row)
        assert "The bot can write the trail again, after a row could not be written" in await hears(world, 1)

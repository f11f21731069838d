"""The real bot between the stand-ins, over real HTTP on loopback, inside the test's own process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import uvicorn

from bot import bootstrap
from bot.bootstrap import Program, build
from bot.commands.catalogue import all_commands
from bot.commands.registry import Registry
from bot.config import load
from bot.db.unit import Unit
from bot.domain.access import ChannelBinding, Grant, Role, SubjectKind
from bot.domain.audit import AuditFilter, AuditRecord
from bot.domain.ports import Clock
from bot.keys import KeyRings
from bot.sandbox.api.estate import Estate
from bot.sandbox.api.seed import believable_estate
from bot.sandbox.api.server import StandInApi, serve_api
from bot.sandbox.api.switches import Switches
from bot.sandbox.server import PromptServer
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.reading import buttons_of
from bot.sandbox.slack.seed import AUDIT, believable_workspace
from bot.sandbox.slack.server import StandInSlack, serve_slack
from bot.sandbox.slack.workspace import Workspace
from bot.serving import prepare
from bot.slack.transport import SlackDoor, http_app
from tests.conftest import AUDIT_KEYS

KEY = "key-of-acme"
REST_SECONDS = 60
"""So long may it take until nothing is under way: on a busy machine it does."""
LIKELIEST = Switches()
"""How the API answers where nothing else is said."""


def settings_for(api: StandInApi, slack: StandInSlack, database_url: str, **more: str) -> dict[str, str]:
    """A bot's environment between the stand-ins, and nothing from this machine's."""
    workspace = slack.workspace
    return {
        "SLACK_BOT_TOKEN": workspace.app.bot_token,
        "SLACK_SIGNING_SECRET": workspace.app.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "CLOUDSYNC_API_KEY": KEY,
        "CLOUDSYNC_BASE_URL": api.url,
        "DATABASE_URL": database_url,
        "BOT_ADMINS": workspace.member("ada").id,
        "ENV_FILE": "",
        **more,
    }


@dataclass(kw_only=True, repr=False)
class World:
    """Everything a scenario touches. Too much to be spelled out, as asyncio does with what a task returns."""

    program: Program
    slack: StandInSlack
    api: StandInApi
    bot_url: str = ""
    planted: set[str] = field(default_factory=set)
    """Stories that a test wrote down itself: no delivery began them."""

    @property
    def workspace(self) -> Workspace:
        """The stand-in Slack's state."""
        return self.slack.workspace

    def person(self, name: str) -> Person:
        """Somebody who types and clicks."""
        return self.workspace.person(name)

    async def settle(self) -> None:
        """Wait until nothing is under way: deliveries, sends and messages."""
        late = time.monotonic() + REST_SECONDS
        while time.monotonic() < late:
            await self.program.tasks.drain(5)
            self.program.background.wake_messages()
            at_rest = not self.program.background.busy and not self.program.tasks.count
            owed = await self.program.database.read(lambda unit: unit.outbox.due_now(unit.now))
            if at_rest and not owed and not self.program.background.busy and not self.program.tasks.count:
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the bot does not come to rest")

    async def trail(self) -> tuple[AuditRecord, ...]:
        """The whole trail, oldest first."""
        wanted = AuditFilter(quiet=True, limit=1000)
        page = await self.program.database.read(lambda unit: unit.audit.page(wanted))
        return tuple(reversed(page.records))

    async def says(self, name: str, channel: str, text: str) -> str:
        """Type a command and read the newest answer."""
        person = self.person(name)
        delivery = await person.command(channel, f"/cloudsync {text}")
        assert delivery.status == 200, delivery
        await self.settle()
        return self.reads(name, channel)

    def reads(self, name: str, channel: str) -> str:
        """What this person reads now: the form in front, else the newest message they see there."""
        person = self.person(name)
        if person.modal is not None:
            return person.read(person.modal)
        seen = person.see(channel)
        return person.read(seen[-1]) if seen else ""

    def told(self, name: str) -> str:
        """The newest direct message to this person."""
        person = self.person(name)
        seen = person.see("dm")
        return person.read(seen[-1]) if seen else ""

    async def presses(self, name: str, channel: str, button: str) -> str:
        """Press a button on the newest message that has it, and read the answer."""
        person = self.person(name)
        message = next(one for one in reversed(person.see(channel)) if button in buttons_of(one))
        delivery = await person.click(message, button)
        assert delivery.status == 200, delivery
        await self.settle()
        return self.reads(name, channel)

    async def fills(self, name: str, values: Mapping[str, Any], channel: str = "#prod") -> str:
        """Fill in the form in front, send it, and read what comes."""
        person = self.person(name)
        modal = person.modal
        assert modal is not None, "no form is open"
        await person.fill(modal, values)
        delivery = await person.submit(modal)
        assert delivery.status == 200, delivery
        await self.settle()
        return self.reads(name, channel)

    def card(self, name: str = "grace", channel: str = "#prod") -> str:
        """The newest request card in the channel, as this person reads it."""
        person = self.person(name)
        shown = [one for one in person.see(channel) if not one.is_ephemeral]
        return person.read(shown[-1]) if shown else ""


@cache
def sound_registry(slash: str) -> Registry:
    """All commands, whose soundness is not found again for each bot: nothing changes in it once it is built."""
    return Registry(all_commands(), slash)


@asynccontextmanager
async def running_bot(
    database_url: str,
    *,
    switches: Switches | None = None,
    estate: Estate | None = None,
    workspace: Workspace | None = None,
    roles: bool = True,
    anchored: bool = False,
    clock: Clock | None = None,
    **settings: str,
) -> AsyncIterator[World]:
    """The bot with its channels bound: #prod admin, #staging operator, #support viewer, #random not at all.

    `anchored`: the trail's anchors go to #audit.
    """
    async with AsyncExitStack() as stack:
        workspace = workspace or believable_workspace()
        api = await stack.enter_async_context(
            serve_api({KEY: estate or believable_estate(datetime.now(UTC))}, switches=switches or LIKELIEST)
        )
        slack = await stack.enter_async_context(serve_slack(workspace))
        audit_channel = workspace.channel(AUDIT).id if anchored else ""
        given = settings_for(api, slack, database_url, **{"AUDIT_CHANNEL": audit_channel, **settings})
        rings = KeyRings(secret_keys=(b"s" * 32,), audit_keys=tuple(AUDIT_KEYS.keys))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bootstrap, "Registry", lambda _, slash: sound_registry(slash))
            program = await stack.enter_async_context(build(load(given), rings, clock=clock))
        world = World(program=program, slack=slack, api=api)
        if roles:
            await bind_channels(world)
        await prepare(program)
        program.background.start()
        stack.push_async_callback(program.background.stop, 5)
        world.bot_url = await stack.enter_async_context(_listening(program))
        slack.connect(world.bot_url)
        yield world
        await world.program.tasks.drain(5)


@asynccontextmanager
async def _listening(program: Program) -> AsyncIterator[str]:
    secret = program.settings.slack_signing_secret
    assert secret is not None
    config = uvicorn.Config(
        http_app(SlackDoor(program.app, secret.get_secret_value(), program.tasks), program.readiness),
        host="127.0.0.1",
        port=0,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = PromptServer(config)
    serving = asyncio.create_task(server.serve())
    await server.ready.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def bind_channels(world: World) -> None:
    """Straight into SQL: scenarios about roles do it through Slack."""
    workspace, now = world.workspace, datetime.now(UTC)
    bindings = [
        ChannelBinding(channel_id=workspace.channel(name).id, role=role, member_role=Role.VIEWER, environment="default")
        for name, role in (("prod", Role.ADMIN), ("staging", Role.OPERATOR), ("support", Role.VIEWER))
    ]
    grants = [
        Grant(subject_kind=SubjectKind.USER, subject_id=workspace.member(name).id, role=role)
        for name, role in (("grace", Role.ADMIN), ("alan", Role.OPERATOR))
    ]

    def work(unit: Unit) -> None:
        for binding in bindings:
            unit.roles.bind(binding, "test", now)
        for grant in grants:
            unit.roles.grant(grant, "test", now)

    await world.program.database.note(work)

"""Everything a fault is played on: a stand-in API that keeps the truth, a stand-in Slack, a database, and bots."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.access import ChannelBinding, Grant, Role, SubjectKind
from bot.domain.ports import SystemClock
from bot.sandbox.api.estate import Database as Managed
from bot.sandbox.api.estate import Device, Estate, Organisation
from bot.sandbox.api.server import StandInApi, serve_api
from bot.sandbox.slack.deliver import Courier
from bot.sandbox.slack.directory import Team
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.server import StandInSlack, serve_slack
from bot.sandbox.slack.workspace import Workspace
from tests.bots import KEY, settings_for
from tests.conftest import AUDIT_KEYS
from tests.faults.fleet import Fleet, Spawner

OPERATORS = 12
APPROVERS = 10
CHANNEL = "#prod"
CALL_DEADLINE_SECONDS = 1.0
BEAT_SECONDS = 0.02
TABLES = ("users", "orders", "invoices", "events")


class Balancer(Courier):
    """Brings each delivery to any bot of the fleet, as a load balancer would."""

    fleet: Fleet
    chance: random.Random

    @property
    def url(self) -> str:
        """Another one each time."""
        return self.fleet.any_url(self.chance)

    @url.setter
    def url(self, value: str) -> None:
        del value


@dataclass(kw_only=True, eq=False)
class Pulse:
    """How late this process came to what it had to do, at its worst: it serves the stand-ins, which note the time."""

    worst: float = 0.0


class Heart:
    """Beats for all plays that are on at the same time: a heart each would keep this process busy with nothing."""

    def __init__(self) -> None:
        self._pulses: set[Pulse] = set()
        self._beating: asyncio.Task[None] | None = None

    @contextmanager
    def pulse(self) -> Iterator[Pulse]:
        """For as long as a play lasts."""
        pulse = Pulse()
        self._pulses.add(pulse)
        self._beating = self._beating or asyncio.create_task(self._beat())
        try:
            yield pulse
        finally:
            self._pulses.remove(pulse)
            if not self._pulses:
                self._beating.cancel()
                self._beating = None

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            for pulse in self._pulses:
                pulse.worst = max(pulse.worst, loop.time() - due)


HEART = Heart()


@dataclass(kw_only=True, repr=False)
class Stage:
    """What a fault test holds on to."""

    api: StandInApi
    slack: StandInSlack
    database: Database
    database_url: str
    fleet: Fleet
    chance: random.Random
    pulse: Pulse
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def workspace(self) -> Workspace:
        """The stand-in Slack's state."""
        return self.slack.workspace

    @property
    def estate(self) -> Estate:
        """The stand-in API's truth."""
        return self.api.estate

    def operator(self, number: int = 0) -> Person:
        """Somebody who asks."""
        return self.workspace.person(f"operator{number % OPERATORS}")

    def approver(self, number: int = 0) -> Person:
        """Somebody who decides."""
        return self.workspace.person(f"approver{number % APPROVERS}")


def managed(number: int) -> Managed:
    """A database of the estate, with tables, a token and some devices."""
    now = datetime.now(UTC)
    label = f"shop-{number:04d}"
    return Managed(
        id=f"db_{number:024d}",
        label=label,
        provider="postgres",
        flavor="supabase",
        database_name=label.replace("-", "_"),
        connection_string=f"postgresql://owner:hunter2@{label}.db.example/app",
        created_at=now,
        updated_at=now,
        tables=dict.fromkeys(TABLES, False) | {"users": True},
        expo_token="expo-token",
        expo_token_updated_at=now,
        devices=[Device(site_id=f"site_{one:05d}", last_sync_at=now) for one in range(6)],
    )


def _workspace() -> Workspace:
    workspace = Workspace(team=Team())
    people = [workspace.add_person("ada", is_admin=True)]
    people += [workspace.add_person(f"operator{number % OPERATORS}") for number in range(OPERATORS)]
    people += [workspace.add_person(f"approver{number}") for number in range(APPROVERS)]
    workspace.add_channel("prod", *people)
    workspace.add_channel("audit", *people)
    workspace.add_channel("other", *people)
    return workspace


async def _give_roles(database: Database, workspace: Workspace) -> None:
    now = datetime.now(UTC)

    def work(unit: Unit) -> None:
        for name in ("prod", "other"):
            place = workspace.channel(name)
            unit.roles.bind(
                ChannelBinding(channel_id=place.id, role=Role.ADMIN, member_role=Role.VIEWER, environment="default"),
                "test",
                now,
            )
        for member in workspace.members.values():
            role = {"o": Role.OPERATOR, "a": Role.ADMIN}.get(member.name[0]) if member.name[-1].isdigit() else None
            if role is not None:
                unit.roles.grant(Grant(subject_kind=SubjectKind.USER, subject_id=member.id, role=role), "test", now)

    await database.note(work)


@asynccontextmanager
async def staged(
    spawner: Spawner, database_url: str, folder: Path, *, databases: int = 12, seed: int = 1, **settings: str
) -> AsyncIterator[Stage]:
    """Set it up without a bot; every bot is gone at the end."""
    estate = Estate(organisation=Organisation(id="org_1", slug="acme", name="Acme Corp"))
    for number in range(databases):
        estate.add(managed(number))
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(serve_api({KEY: estate}))
        workspace = _workspace()
        slack = await stack.enter_async_context(serve_slack(workspace))
        database = Database.open(database_url, clock=SystemClock(), audit_keys=AuditKeys(AUDIT_KEYS.keys))
        stack.push_async_callback(database.close)
        fleet = Fleet(spawner, _settings(api, slack, database_url, settings), folder)
        stack.push_async_callback(fleet.kill_all)
        chance = random.Random(seed)
        slack.courier.__class__ = Balancer
        balancer = slack.courier
        assert isinstance(balancer, Balancer)
        balancer.fleet, balancer.chance = fleet, chance
        await _give_roles(database, workspace)
        yield Stage(
            api=api,
            slack=slack,
            database=database,
            database_url=database_url,
            fleet=fleet,
            chance=chance,
            pulse=stack.enter_context(HEART.pulse()),
        )


def _settings(api: StandInApi, slack: StandInSlack, database_url: str, more: dict[str, str]) -> dict[str, str]:
    hasty = {
        "AUDIT_CHANNEL": slack.workspace.channel("audit").id,
        "SECRET_KEYS": base64.urlsafe_b64encode(b"s" * 32).decode(),
        "AUDIT_KEYS": ",".join(base64.urlsafe_b64encode(key).decode() for key in AUDIT_KEYS.keys),
        "DECISION_SECONDS": "5",
        "SEND_SECONDS": "20",
        "RECONCILE_SECONDS": "2,3,4",
        "CALL_DEADLINE_SECONDS": f"{CALL_DEADLINE_SECONDS}",
    }
    return settings_for(api, slack, database_url, **{**hasty, **more})


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)

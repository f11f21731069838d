"""A stand-in Slack on the test's own clock, and replicas that anchor one trail in it and tell what is loud."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.commands.areas.audit_loud import announcement
from bot.db.engine import Database
from bot.sandbox.api.seed import believable_estate
from bot.sandbox.api.server import serve_api
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.seed import AUDIT, believable_workspace
from bot.sandbox.slack.server import StandInSlack, serve_slack
from bot.services.access import Access
from bot.services.anchors import Anchors
from bot.services.audit import Trail
from bot.services.loud_events import LoudEvents
from bot.services.outbox import OutboxWorker
from bot.slack.directory import SlackDirectory
from bot.slack.messenger import SlackMessenger
from bot.slack.web import posting_client, web_client
from tests.clock import ManualClock
from tests.integration.db.conftest import append
from tests.integration.services.sending import Office, open_office

KEY = "key"


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[StandInSlack]:
    """The believable workspace, whose messages bear the test's time."""
    async with serve_slack(believable_workspace(clock=clock.now)) as served:
        yield served


@dataclass(frozen=True, kw_only=True)
class Replica:
    """One process's share of the work on the audit channel."""

    database: Database
    slack: StandInSlack
    messenger: SlackMessenger
    anchors: Anchors
    loud_events: LoudEvents
    outbox: OutboxWorker

    async def second(self) -> bool:
        """What one second of the background does; whether an anchor was newly owed."""
        is_time = await self.database.read(lambda unit: self.anchors.is_owed(unit, unit.due().head))
        owed = is_time and await self.anchors.owe()
        await self.deliver()
        return owed

    async def loud_second(self) -> bool:
        """The same of loud events alone."""
        owed = await self.loud_events.owe()
        await self.deliver()
        return owed

    async def deliver(self) -> None:
        """Send what is due."""
        while (await self.outbox.pass_once()).sent:
            pass

    async def rows(self, number: int) -> None:
        for _ in range(number):
            await append(self.database)

    @property
    def channel_id(self) -> str:
        return self.slack.workspace.channel(AUDIT).id

    @property
    def posts(self) -> list[Message]:
        """What stands in the audit channel."""
        return [one for one in self.slack.workspace.messages if one.channel == self.channel_id and not one.deleted]


def start_replica(database: Database, slack: StandInSlack, clock: ManualClock, *, anchored: bool = True) -> Replica:
    workspace = slack.workspace
    token, admins = workspace.app.bot_token, frozenset({workspace.member("ada").id})
    client = web_client(token, slack.api_url)
    messenger = SlackMessenger(client, posting_client(token, slack.api_url))
    channel = workspace.channel(AUDIT).id if anchored else ""
    anchors = Anchors(database, messenger, admins, audit_channel=channel)
    access = Access(database, SlackDirectory(client, clock, team_id=workspace.team.id), admins, Trail(database))
    loud_events = LoudEvents(database, messenger, announcement, "/sync", audit_channel=channel)
    outbox = OutboxWorker(database, messenger, access, {**anchors.drawers(), **loud_events.drawers()})
    return Replica(
        database=database, slack=slack, messenger=messenger, anchors=anchors, loud_events=loud_events, outbox=outbox
    )


@pytest.fixture
def replica(database: Database, slack: StandInSlack, clock: ManualClock) -> Replica:
    """The only one."""
    return start_replica(database, slack, clock)


@pytest.fixture
async def office(database: Database, clock: ManualClock) -> AsyncIterator[Office]:
    """The real machinery in front of the stand-in API."""
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(serve_api({KEY: believable_estate(datetime.now(UTC))}))
        client = await stack.enter_async_context(CloudSyncClient(api.url, KEY, call_deadline_seconds=30))
        yield await open_office(database, clock, api, client)

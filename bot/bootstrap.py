"""The composition root: settings in, a running program out. The only place that knows every layer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.cloudsync.client import CloudSyncClient
from bot.commands.areas.audit_loud import announcement
from bot.commands.catalogue import all_commands
from bot.commands.context import Services
from bot.commands.decisions import Decisions
from bot.commands.dispatch import Dispatcher, Parts
from bot.commands.form_desk import FormDesk
from bot.commands.gate import Gatekeeper
from bot.commands.registry import Registry
from bot.config import Settings
from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.domain.invocation import Invocation
from bot.domain.ports import Clock, SystemClock
from bot.domain.requests import OperationKind
from bot.keys import KeyRings
from bot.services.access import Access
from bot.services.anchors import Anchors
from bot.services.approvals import Approvals, Clocks
from bot.services.audit import Trail
from bot.services.background import Background, Watches
from bot.services.clock_watch import ClockWatch
from bot.services.clocks import Timekeeper
from bot.services.deliveries import Deliveries
from bot.services.environments import Environments
from bot.services.execution import Executor
from bot.services.exports import Exports
from bot.services.first_run import FirstRun
from bot.services.follow_ups import FollowUps
from bot.services.lifetime import Lifetime, set_up_with
from bot.services.loud_events import LoudEvents
from bot.services.notices import Notices
from bot.services.operations.catalogue import handlers
from bot.services.operations.local import local_operations
from bot.services.operations.operation import OperationHandler
from bot.services.outbox import OutboxWorker
from bot.services.receipts import Receipts
from bot.services.recheck import Recheck
from bot.services.reconcile import Reconciler
from bot.services.secrets import Vault
from bot.services.sending import Sending
from bot.slack.directory import SlackDirectory
from bot.slack.listeners import Listeners
from bot.slack.messenger import SlackMessenger
from bot.slack.pins import Pins
from bot.slack.responder import SlackResponder
from bot.slack.tasks import Tasks
from bot.slack.web import lasting_session, posting_client, web_client


@dataclass(frozen=True, kw_only=True)
class Program:
    """The parts that the outside holds on to."""

    settings: Settings
    database: Database
    app: AsyncApp
    client: AsyncWebClient
    messenger: SlackMessenger
    directory: SlackDirectory
    pins: Pins
    tasks: Tasks
    background: Background
    timekeeper: Timekeeper
    trail: Trail
    dispatcher: Dispatcher
    environments: Environments
    deliveries: Deliveries
    notices: Notices
    first_run: FirstRun
    access: Access
    lifetime: Lifetime
    clock_watch: ClockWatch

    async def readiness(self) -> list[str]:
        """What keeps it from serving, for `/readyz`; a distrusted trail is said, and so no destructive call leaves."""
        trail = (self.trail.problem, self.trail.unwritten)
        problems = [*await self.database.check(), *trail, await self.clock_watch.look()]
        return [problem for problem in problems if problem]


@asynccontextmanager
async def build(settings: Settings, rings: KeyRings, *, clock: Clock | None = None) -> AsyncIterator[Program]:
    """Open everything, put it together, and close it again in reverse."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        database = Database.open(settings.database_url, clock=clock, audit_keys=AuditKeys(rings.audit_keys))
        stack.push_async_callback(database.close)
        clients = {
            name: await stack.enter_async_context(
                CloudSyncClient(
                    one.base_url,
                    one.api_key.get_secret_value(),
                    environment=name,
                    call_deadline_seconds=settings.call_deadline_seconds,
                )
            )
            for name, one in settings.environments.items()
        }
        session = await stack.enter_async_context(lasting_session())
        slack = web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, session)
        yield _assembled(_foundation(settings, rings, database, clients, clock, slack))


@dataclass(frozen=True, kw_only=True)
class _Foundation:
    """What everything else is built on."""

    settings: Settings
    database: Database
    clock: Clock
    client: AsyncWebClient
    messenger: SlackMessenger
    directory: SlackDirectory
    environments: Environments
    access: Access
    trail: Trail
    clock_watch: ClockWatch
    vault: Vault
    lifetime: Lifetime
    operations: Mapping[OperationKind, OperationHandler]
    registry: Registry


def _foundation(
    settings: Settings,
    rings: KeyRings,
    database: Database,
    clients: Mapping[str, CloudSyncClient],
    clock: Clock,
    client: AsyncWebClient,
) -> _Foundation:
    token = settings.slack_bot_token.get_secret_value()
    directory = SlackDirectory(client, clock, team_id=settings.slack_team_id)
    trail = Trail(database)
    return _Foundation(
        settings=settings,
        database=database,
        clock=clock,
        client=client,
        messenger=SlackMessenger(client, posting_client(token, settings.slack_api_url)),
        directory=directory,
        environments=Environments(clients, database),
        access=Access(database, directory, frozenset(settings.bot_admins), trail),
        trail=trail,
        clock_watch=ClockWatch(database, trail),
        vault=Vault(rings.secret_keys),
        lifetime=Lifetime(trail, set_up_with(settings, rings.secret_keys, rings.audit_keys)),
        operations=handlers(),
        registry=Registry(all_commands(), settings.slack_command),
    )


@dataclass(frozen=True, kw_only=True)
class _Machinery:
    """What carries requests."""

    approvals: Approvals
    reconciler: Reconciler
    background: Background
    timekeeper: Timekeeper
    gatekeeper: Gatekeeper
    notices: Notices
    first_run: FirstRun


def _machinery(base: _Foundation) -> _Machinery:
    settings, database, access, environments = base.settings, base.database, base.access, base.environments
    recheck, first_look = Recheck(access, environments, base.operations), settings.reconcile_seconds[0]
    clocks = Clocks(
        decision_seconds=settings.decision_seconds,
        send_seconds=settings.send_seconds,
        approvals_required=settings.approvals_for,
    )
    approvals = Approvals(database, access, base.trail, base.vault, recheck, clocks)
    sending = Sending(call_deadline_seconds=settings.call_deadline_seconds, first_reconcile_seconds=first_look)
    first_run = FirstRun(database, base.messenger, access, settings.slack_command, settings.approvals_for)
    receipts, follow_ups = Receipts(database, environments, base.operations), FollowUps(settings.send_seconds)
    executor = Executor(
        database,
        base.trail,
        environments,
        recheck,
        base.vault,
        base.operations,
        local_operations(access, base.directory, first_run),
        sending,
        receipts,
        follow_ups,
    )
    look = 2 * settings.call_deadline_seconds + 1
    reconciler = Reconciler(
        database, environments, base.operations, settings.reconcile_seconds, receipts, follow_ups, look_seconds=look
    )
    notices = Notices(database, base.messenger, access, audit_channel=settings.audit_channel)
    anchors = Anchors(database, base.messenger, access.bot_admins, audit_channel=settings.audit_channel)
    loud = LoudEvents(database, base.messenger, announcement, base.registry.slash, audit_channel=settings.audit_channel)
    drawers = {**notices.drawers(), **first_run.drawers(), **anchors.drawers(), **receipts.drawers()}
    outbox = OutboxWorker(database, base.messenger, access, {**drawers, **loud.drawers()})
    timekeeper = Timekeeper(database, first_look, base.clock_watch)
    watches = Watches(anchors=anchors, loud_events=loud, trail=base.trail, clock=base.clock_watch)
    background = Background(database, executor, timekeeper, reconciler, outbox, watches)
    gatekeeper = Gatekeeper(database, approvals, environments, background, base.registry, slash=settings.slack_command)
    return _Machinery(
        approvals=approvals,
        reconciler=reconciler,
        background=background,
        timekeeper=timekeeper,
        gatekeeper=gatekeeper,
        notices=notices,
        first_run=first_run,
    )


def _dispatcher(base: _Foundation, machinery: _Machinery) -> Dispatcher:
    services = Services(
        access=base.access,
        approvals=machinery.approvals,
        trail=base.trail,
        exports=Exports(base.database, base.messenger),
        first_run=machinery.first_run,
        directory=base.directory,
        vault=base.vault,
        operations=base.operations,
        environment_names=base.environments.names,
        slash=base.settings.slack_command,
    )
    decisions = Decisions(
        base.access, machinery.approvals, machinery.reconciler, machinery.background, machinery.gatekeeper
    )
    return Dispatcher(
        Parts(
            registry=base.registry,
            services=services,
            environments=base.environments,
            trail=base.trail,
            vault=base.vault,
            forms=FormDesk(base.database, base.registry, base.clock),
            gatekeeper=machinery.gatekeeper,
            decisions=decisions,
            messenger=base.messenger,
            clock=base.clock,
        )
    )


def _assembled(base: _Foundation) -> Program:
    settings, machinery = base.settings, _machinery(base)
    dispatcher, tasks = _dispatcher(base, machinery), Tasks()
    deliveries = Deliveries(base.database, base.clock, base.access.name_of)
    pins = Pins(team_id=settings.slack_team_id, app_id=settings.slack_app_id)
    api_host = urlsplit(settings.slack_api_url).hostname or ""

    def responder_for(invocation: Invocation) -> SlackResponder:
        return SlackResponder(invocation, base.client, base.messenger, api_host=api_host, slash=settings.slack_command)

    # Left to find a name, Bolt reads the source of the whole stack, which takes longer than all else here.
    app = AsyncApp(
        name="cloudsync-bot", client=base.client, process_before_response=True, request_verification_enabled=False
    )
    Listeners(dispatcher, deliveries, tasks, responder_for, is_ours=pins.is_ours).register(app)
    return Program(
        settings=settings,
        database=base.database,
        app=app,
        client=base.client,
        messenger=base.messenger,
        directory=base.directory,
        pins=pins,
        tasks=tasks,
        background=machinery.background,
        timekeeper=machinery.timekeeper,
        trail=base.trail,
        dispatcher=dispatcher,
        environments=base.environments,
        deliveries=deliveries,
        notices=machinery.notices,
        first_run=machinery.first_run,
        access=base.access,
        lifetime=base.lifetime,
        clock_watch=base.clock_watch,
    )

"""Start and stop: recovery before the first delivery is taken, and nothing lost on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import time
from collections.abc import AsyncIterator, Iterator

import structlog
import uvicorn

from bot.bootstrap import Program, build
from bot.config import Settings
from bot.db.connections import file_of
from bot.db.inspection import database_has_rows, is_up_to_date
from bot.db.lock import ProcessLock
from bot.domain.errors import BotError, ConfigurationError
from bot.domain.ports import MessageDelayed, MessageRefused
from bot.keys import KeyRings, key_rings
from bot.slack.socket import SocketDoor
from bot.slack.transport import SlackDoor, http_app
from bot.slack.web import look_up

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 25.0
"""From SIGTERM to the end, at most: platforms kill after 30."""
LISTENING_SECONDS = 5
"""How much of that a delivery may take that is half there, and a socket that is being closed."""
CLOSING_SECONDS = 3.5
"""How much of that is kept for the last messages, the row of the stop, and closing."""
HOUSEKEEPING_SECONDS = 60
COLLECT_AFTER_OBJECTS = 10_000
"""New objects between two collections; a command makes some hundreds."""
LONGEST_ANSWER_SECONDS = 300
"""Older than any answer takes: what is still unanswered then was left by a crash."""


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. `ConfigurationError` where it cannot start."""
    with _one_process(settings):
        if settings.migrates_at_start:
            await asyncio.to_thread(_migrate, settings)
        async with build(settings, await _rings(settings)) as program:
            await prepare(program)
            _spare_the_collector()
            await _run(program)


def _migrate(settings: Settings) -> None:
    """What is up to date is left as it is: what migrates takes longer to load than all else."""
    if is_up_to_date(settings.database_url):
        return
    from bot.db.migrate import migrate

    migrate(settings.database_url, guarded=False)


async def _rings(settings: Settings) -> KeyRings:
    """Where they are given, nobody asks whether there are rows that were made with others."""
    given = bool(settings.secret_keys and settings.audit_keys)
    has_rows = not given and await asyncio.to_thread(database_has_rows, settings.database_url)
    return key_rings(settings, database_has_rows=has_rows)


def _spare_the_collector() -> None:
    """Keep the garbage collector from what lives as long as the process, and from each burst of commands.

    Going through all of it again and again took half the time of 500 acknowledgements.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_OBJECTS)


@contextlib.contextmanager
def _one_process(settings: Settings) -> Iterator[None]:
    """SQLite serves one process; several share PostgreSQL."""
    if settings.sqlite_path is None:
        yield
        return
    if settings.disk_is_lost:
        log.warning("disk_does_not_last", advice="SQLite here loses the audit trail at every restart; use PostgreSQL")
    path = file_of(settings.database_url)
    lock = ProcessLock(path.with_name(path.name + ".lock"))
    lock.take()
    try:
        yield
    finally:
        lock.release()


async def prepare(program: Program) -> None:
    """Everything that must hold before the first delivery is taken."""
    found = await program.database.examine()
    problems = [problem.sentence for problem in found]
    if any(problem.ends_the_start for problem in found):
        raise ConfigurationError(problems)
    clock = await program.clock_watch.look()
    if clock:
        raise ConfigurationError([f"{clock} Let it follow a time server (NTP), then start the bot again."])
    await _pin_team(program)
    await program.environments.pin_all()
    problems += await program.database.check_tail()
    if problems:
        program.trail.distrust(" ".join(problems))
        log.error("trail_unsound", problems=problems)
        await program.notices.alert(" ".join(problems))
    await program.lifetime.started()
    if problems:
        return
    await _say_unwritten(program)
    await _recover(program)
    await program.first_run.welcome_if_unbound()


async def _say_unwritten(program: Program) -> None:
    """Sound, and yet it takes no row: nothing can be changed. Where no message can be kept either, `/readyz` tells."""
    if program.trail.unwritten:
        with contextlib.suppress(BotError):
            await program.notices.alert(program.trail.unwritten)


async def _recover(program: Program) -> None:
    """What a dead process left. One that serves alone need not wait until claims and leases have run out."""
    alone = program.settings.is_sqlite
    if alone:
        await program.timekeeper.give_up_all_claims()
        await program.database.note(lambda unit: unit.outbox.let_go_of_all())
    left = await program.deliveries.recover(older_than_seconds=0 if alone else LONGEST_ANSWER_SECONDS)
    if left:
        log.warning("deliveries_abandoned", count=left)


async def _pin_team(program: Program) -> None:
    """auth.test tells whose token it is; an invalid one ends the start."""
    try:
        answer = await look_up(program.client, "auth.test")
    except MessageRefused as refused:
        raise ConfigurationError([f"Slack does not take SLACK_BOT_TOKEN ({refused.code})."]) from None
    except MessageDelayed as delayed:
        log.warning("slack_unreachable", code=delayed.code)
        return  # until housekeeping has asked again, people may only read
    team_id = str(answer.get("team_id") or "")
    if program.settings.slack_team_id and program.settings.slack_team_id != team_id:
        raise ConfigurationError(["SLACK_TEAM_ID is not the workspace that SLACK_BOT_TOKEN belongs to."])
    program.pins.team_id = team_id
    program.pins.confirmed = True
    program.directory.pin(team_id)


async def _pin_late(program: Program) -> None:
    """Again, where Slack could not be reached at the start. What would have ended the start is said in the log."""
    if program.pins.confirmed:
        return
    try:
        await _pin_team(program)
    except ConfigurationError as error:
        log.error("team_unconfirmed", problems=error.problems)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: ours drains."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def _server(program: Program) -> _Server:
    settings = program.settings
    secret = settings.slack_signing_secret
    by_http = secret is not None and not settings.uses_socket_mode
    door = SlackDoor(program.app, secret.get_secret_value(), program.tasks) if secret and by_http else None
    config = uvicorn.Config(
        http_app(door, program.readiness),
        host=settings.host,
        port=settings.port,
        loop="none",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=LISTENING_SECONDS,
    )
    return _Server(config)


@contextlib.asynccontextmanager
async def _listening(program: Program) -> AsyncIterator[asyncio.Task[None]]:
    """HTTP always, for health; a socket as well where deliveries come through one."""
    server = _server(program)
    serving = asyncio.create_task(server.serve(), name="http")
    token = program.settings.slack_app_token
    door = SocketDoor(program.app, token.get_secret_value(), program.client) if token else None
    if door is not None:
        await door.open()
    try:
        yield serving
    finally:
        if door is not None:
            await door.close()
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)


class _Stopping:
    """Set by a signal. The time to the end runs from there, whatever is waited for first."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._ends = 0.0

    def ask(self) -> None:
        """Called by the signal, maybe several times; the first one counts."""
        if not self.asked.is_set():
            self._ends = time.monotonic() + DRAIN_SECONDS
            self.asked.set()

    def left(self) -> float:
        """Seconds until what closing takes must begin."""
        return max(0.0, self._ends - time.monotonic() - CLOSING_SECONDS)


async def _run(program: Program) -> None:
    stopping = _Stopping()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.ask)
    program.background.start()
    housekeeping = asyncio.create_task(_housekeeping(program), name="housekeeping")
    async with _listening(program) as serving:
        log.info("serving", host=program.settings.host, port=program.settings.port)
        waiting = asyncio.create_task(stopping.asked.wait())
        await asyncio.wait({waiting, serving}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        housekeeping.cancel()
        program.background.stop_claiming()
    await _drain(program, stopping)
    if not stopping.asked.is_set():
        raise ConfigurationError([f"Port {program.settings.port} cannot be listened on."])


async def _housekeeping(program: Program) -> None:
    while True:
        try:
            await _keep_house(program)
        except Exception as error:
            expected = isinstance(error, BotError)
            log.warning("housekeeping_failed", error=type(error).__name__, exc_info=None if expected else error)
        await asyncio.sleep(HOUSEKEEPING_SECONDS)


async def _keep_house(program: Program) -> None:
    """A clock that is off may not say what is too old."""
    await _pin_late(program)
    if await program.clock_watch.look():
        return
    await program.deliveries.purge()
    await program.deliveries.recover(older_than_seconds=LONGEST_ANSWER_SECONDS)


async def _drain(program: Program, stopping: _Stopping) -> None:
    """What is under way comes to its end; what is left is what a crash leaves."""
    await program.tasks.drain(stopping.left())
    await program.background.stop(stopping.left())
    await program.lifetime.stopped()
    log.info("stopped")

"""The program's own work beside the deliveries: sends, clocks, reconciling, messages. Stopped by draining."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.errors import BotError, Unavailable
from bot.domain.requests import Request, RequestState
from bot.services.anchors import Anchors
from bot.services.audit import Trail
from bot.services.clock_watch import ClockWatch
from bot.services.clocks import Timekeeper
from bot.services.execution import Executor
from bot.services.loud_events import LoudEvents
from bot.services.outbox import OutboxWorker
from bot.services.pacing import Pacing
from bot.services.reconcile import Reconciler

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
LONGEST_REST_SECONDS = 10.0
"""After so long each loop looks by itself, whatever the look for all of them says."""
AFTER_FAILURE_SECONDS = 5.0
BATCH = 10
LOOKS_AT_ONCE = 8
"""Unknown ends that are read about at the same time."""


@dataclass(frozen=True, kw_only=True)
class Watches:
    """What is looked after beside the requests: the trail's anchors, loud events and writing, and the clock."""

    anchors: Anchors
    loud_events: LoudEvents
    trail: Trail
    clock: ClockWatch


class Background:
    """Loops that work when woken: by whoever made work for them in this process, else by one look at SQL each second.

    One short reading a second for all of them: what is idle leaves the audit head and the outbox to others.
    """

    def __init__(
        self,
        database: Database,
        executor: Executor,
        timekeeper: Timekeeper,
        reconciler: Reconciler,
        outbox: OutboxWorker,
        watches: Watches,
    ) -> None:
        self._database = database
        self._executor = executor
        self._timekeeper = timekeeper
        self._reconciler = reconciler
        self._outbox = outbox
        self._watches = watches
        self._wake = {name: asyncio.Event() for name in ("send", "clock", "reconcile", "message", "anchor", "loud")}
        self._failing: set[str] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._sends: dict[asyncio.Task[Request | None], str] = {}
        self._pacing = Pacing()
        self._stopping = False

    def start(self) -> None:
        """Begin; called once the first delivery may be taken."""
        works = {"look": self._look_around, "trail": self._watches.trail.catch_up, **self._work()}
        for name, work in works.items():
            self._loops.append(asyncio.create_task(self._loop(name, work), name=f"background-{name}"))

    def _work(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            "send": self._send_ready,
            "clock": self._timekeeper.tick,
            "reconcile": self._reconcile_due,
            "message": self._messages,
            "anchor": self._owe_anchor,
            "loud": self._owe_loud_event,
        }

    async def _look_around(self) -> None:
        """Wake whoever has something to do; where that cannot be told, each must see for itself."""
        try:
            due, ahead = await self._database.read(lambda unit: (self._due(unit), unit.seconds_ahead()))
            self._watches.clock.judge(ahead)
        except Exception as error:
            if not isinstance(error, Unavailable):
                log.error("background_failed", loop="look", exc_info=error)
            due = frozenset(self._wake)
        for name in due - self._failing:
            self._wake[name].set()

    def _due(self, unit: Unit) -> frozenset[str]:
        due = unit.due()
        found = {
            "send": due.sends,
            "clock": due.clocks,
            "reconcile": due.looks,
            "message": due.messages,
            "anchor": self._watches.anchors.is_owed(unit, due.head),
            "loud": self._watches.loud_events.is_due(unit, due.head),
        }
        return frozenset(name for name, is_due in found.items() if is_due)

    @property
    def busy(self) -> int:
        """How many sends are under way."""
        return len(self._sends)

    def wake_sender(self) -> None:
        """A request was just approved."""
        self._wake["send"].set()

    def wake_messages(self) -> None:
        """A message was just put into the outbox."""
        self._wake["message"].set()

    def send(self, request_id: str) -> asyncio.Task[Request | None]:
        """Carry one request through now; the task outlives whoever waits for it."""
        task = asyncio.create_task(self._executor.run(request_id), name=f"send-{request_id}")
        self._sends[task] = request_id
        task.add_done_callback(self._sent)
        return task

    def _sent(self, task: asyncio.Task[Request | None]) -> None:
        request_id = self._sends.pop(task)
        self.wake_messages()
        if self._has_gone_on(task):
            self._pacing.forget(request_id)
            self.wake_sender()  # what has ended may entail another request
        else:
            self._pacing.put_off(request_id)

    @staticmethod
    def _has_gone_on(task: asyncio.Task[Request | None]) -> bool:
        """Whether the request is no longer to be sent; one that is would be found again at once."""
        if task.cancelled():
            return False
        if task.exception() is not None:
            log.error("send_failed", exc_info=task.exception())
            return False
        request = task.result()
        return request is None or request.state is not RequestState.APPROVED

    def stop_claiming(self) -> None:
        """Begin nothing that is not under way; deliveries that were taken still carry theirs through."""
        self._stopping = True
        for event in self._wake.values():
            event.set()

    async def stop(self, seconds: float) -> None:
        """Stop claiming, then let what is under way come to its end, for so many seconds."""
        self.stop_claiming()
        if self._sends:
            await asyncio.wait(self._sends, timeout=seconds)
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        with contextlib.suppress(BotError, TimeoutError):
            await asyncio.wait_for(self._outbox.pass_once(), timeout=2)

    async def _loop(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """What is woken rests first: the look for all tells at once whether there is anything to do."""
        pause = 0.0 if name not in self._wake else LONGEST_REST_SECONDS
        await self._rest(name, pause)
        while not self._stopping:
            pause = await self._worked(name, work)
            await self._rest(name, pause)

    async def _worked(self, name: str, work: Callable[[], Awaitable[None]]) -> float:
        """How long to rest after it."""
        self._failing.discard(name)
        try:
            await work()
        except Exception as error:
            log.error("background_failed", loop=name, exc_info=error)
            self._failing.add(name)
            return AFTER_FAILURE_SECONDS
        return LONGEST_REST_SECONDS if name in self._wake else POLL_SECONDS

    async def _rest(self, name: str, seconds: float) -> None:
        event = self._wake.get(name)
        if event is None:
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout=seconds)
        event.clear()

    async def _send_ready(self) -> None:
        """Begin what is ready, and wait for none of it: a slow one holds up nobody else's."""
        for request_id in await self._ready():
            if not self._stopping:
                self.send(request_id)

    async def _ready(self) -> list[str]:
        """What is to be sent now. Those that wait take nobody's place in the batch."""
        places = BATCH - len(self._sends)
        if places <= 0:
            return []
        wanted = places + self._pacing.held + len(self._sends)
        found = await self._database.read(lambda unit: tuple(unit.requests.approved_ready(unit.now, wanted)))
        ids = [request.id for request in found]
        if len(ids) < wanted:
            self._pacing.keep(ids)
        under_way = set(self._sends.values())
        return [one for one in ids if one not in under_way and self._pacing.is_due(one)][:places]

    async def _reconcile_due(self) -> None:
        """Several at once, each for itself: one that hangs or breaks off puts off nobody else's."""
        if self._stopping or self._watches.trail.held:  # by a clock that is off, what is overdue is not known
            return
        due = await self._reconciler.claim_due(LOOKS_AT_ONCE)
        ended = await asyncio.gather(*(self._look(request) for request in due), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one

    async def _look(self, request: Request) -> None:
        try:
            await self._reconciler.resolve(request)
        except Exception as error:
            log.error("reconcile_failed", request=request.id, exc_info=error)
            await self._reconciler.give_up_look(request)
        self.wake_messages()
        self.wake_sender()

    async def _owe_anchor(self) -> None:
        if await self._watches.anchors.owe():
            self.wake_messages()

    async def _owe_loud_event(self) -> None:
        if await self._watches.loud_events.owe():
            self.wake_messages()

    async def _messages(self) -> None:
        while (await self._outbox.pass_once()).sent and not self._stopping:
            pass

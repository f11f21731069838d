"""Work that outlives its acknowledgement: tracked, so that a stop can wait for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

GIVE_WAY_SECONDS = 0.5
"""Short enough that a form still opens within its trigger's three seconds."""
SHARE = 20
SHARE_SECONDS = 0.05
"""While acknowledgements go on coming, held work begins so many at a time: all at once would keep them waiting."""

log = structlog.get_logger(__name__)


class Tasks:
    """Every task is held until it ends; none is lost on SIGTERM without a word.

    Acknowledgements go first: Slack waits three seconds for one, and a burst of commands must not keep the later ones
    of it from being taken by beginning the work of the earlier ones.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._acknowledging = 0
        self._held: deque[tuple[Coroutine[Any, Any, None], str]] = deque()
        self._giving_way: asyncio.TimerHandle | None = None

    @contextmanager
    def acknowledging(self) -> Iterator[None]:
        """Held from a delivery's arrival to its acknowledgement."""
        self._acknowledging += 1
        try:
            yield
        finally:
            self._acknowledging -= 1
            if not self._acknowledging:
                self._release()

    def spawn(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Start it once no acknowledgement is pending, and after a short while all the same."""
        if not self._acknowledging:
            self._start(work, name)
            return
        self._held.append((work, name))
        if self._giving_way is None:
            self._give_way_in(GIVE_WAY_SECONDS)

    def _give_way_in(self, seconds: float) -> None:
        self._giving_way = asyncio.get_running_loop().call_later(seconds, self._give_way)

    def _give_way(self) -> None:
        self._start_held(SHARE)
        if self._held:
            self._give_way_in(SHARE_SECONDS)
        else:
            self._giving_way = None

    def _release(self) -> None:
        if self._giving_way is not None:
            self._giving_way.cancel()
            self._giving_way = None
        self._start_held(len(self._held))

    def _start_held(self, count: int) -> None:
        for _ in range(min(count, len(self._held))):
            self._start(*self._held.popleft())

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("task_failed", task=task.get_name(), exc_info=task.exception())

    @property
    def count(self) -> int:
        """How many are under way, or wait to begin."""
        return len(self._running) + len(self._held)

    async def drain(self, seconds: float) -> int:
        """Wait for all of them, at most so long; returns how many were left."""
        self._release()
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)
        left = len(self._running)
        if left:
            log.warning("tasks_left", count=left)
        return left

"""Work that outlives its acknowledgement: tracked, so that a stop can wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

GIVE_WAY_SECONDS = 0.5
"""Short enough that a form still opens within its trigger's three seconds."""

log = structlog.get_logger(__name__)


class Tasks:
    """Every task is held until it ends; none is lost on SIGTERM without a word.

    Acknowledgements go first: Slack waits three seconds for one, and a burst of commands must not keep the later ones
    of it from being taken by beginning the work of the earlier ones.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._acknowledging = 0
        self._held: list[tuple[Coroutine[Any, Any, None], str]] = []

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
        """Start it once no acknowledgement is pending, and at the latest after a short while."""
        if not self._acknowledging:
            self._start(work, name)
            return
        if not self._held:
            asyncio.get_running_loop().call_later(GIVE_WAY_SECONDS, self._release)
        self._held.append((work, name))

    def _release(self) -> None:
        held, self._held = self._held, []
        for work, name in held:
            self._start(work, name)

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

"""The running stand-in as tests and the sandbox hold it: everything about it may be changed while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.sandbox.api.estate import Estate
from bot.sandbox.api.faults import Faults
from bot.sandbox.api.journal import Journal
from bot.sandbox.api.switches import Switches


def utc_now() -> datetime:
    """The host's clock."""
    return datetime.now(UTC)


@dataclass(kw_only=True, repr=False)
class StandInApi:
    """Estates by key, what bends their answers, and what was asked of them: too much to be spelled out."""

    estates: dict[str, Estate]
    switches: Switches = field(default_factory=Switches)
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)
    clock: Callable[[], datetime] = utc_now
    url: str = ""
    _closing: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _later: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    @property
    def estate(self) -> Estate:
        """The first estate, where there is but one."""
        return next(iter(self.estates.values()))

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of serving."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    def later(self, seconds: float, work: Callable[[], Coroutine[None, None, object]]) -> None:
        """Do this after some seconds, unless serving ends first."""
        task = asyncio.create_task(self._after(seconds, work))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _after(self, seconds: float, work: Callable[[], Coroutine[None, None, object]]) -> None:
        await self.pause(seconds)
        if not self._closing.is_set():
            await work()

    async def close(self) -> None:
        """Let all that waits go on, and what was to come later be dropped."""
        self._closing.set()
        await asyncio.gather(*self._later)

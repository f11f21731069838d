"""The trail as the rest of the program uses it: write, ask, and whether it may be relied upon."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import structlog

from bot.db.audit_counts import Counted
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import (
    AuditAction,
    AuditEntry,
    AuditFilter,
    AuditKind,
    AuditOutcome,
    AuditPage,
    AuditRecord,
    AuditStory,
)
from bot.domain.audit_figures import AuditCount, AuditSummary
from bot.domain.errors import BotError, TrailUnavailable, Unavailable
from bot.domain.ids import new_story_id

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Trail:
    """The audit trail. A read may be answered without it, a change never."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._broken = ""
        self._counted = Counted()
        self._held = ""

    def distrust(self, problem: str) -> None:
        """Chain or triggers were found broken: changes and destructive operations are off from here on."""
        self._broken = problem

    @property
    def problem(self) -> str:
        """What is wrong with the trail, or ""."""
        return self._broken

    @property
    def unwritten(self) -> str:
        """Why its last row could not be written, or ""."""
        return self._database.unwritten

    async def catch_up(self) -> None:
        """After a row could not be written, write one that says so, as soon as one can be: it may be long to the next.

        Raises what `record` raises while none can.
        """
        problem = self.unwritten
        if not problem:
            return
        log.error("trail_unwritten", problem=problem)
        await self.record(
            AuditEntry(
                kind=AuditKind.SYSTEM,
                story=new_story_id(),
                action=AuditAction.SYSTEM_TRAIL,
                outcome=AuditOutcome.SUCCEEDED,
                payload={"problem": problem},
            )
        )
        log.info("trail_written_again")

    def hold(self, problem: str) -> None:
        """Changes are off while something passing is wrong that their rows' times depend on; "" ends it."""
        self._held = problem

    @property
    def held(self) -> str:
        """Why changes are off for now, or ""."""
        return self._held

    def require_sound(self) -> None:
        """Raise `Unavailable` where nothing may be changed for want of a trail, or of a clock, that holds."""
        if self._broken:
            raise TrailUnavailable(self._broken, retryable=False)
        if self._held:
            raise Unavailable(self._held, retryable=False)

    async def record(self, entry: AuditEntry) -> AuditRecord:
        """Write one row on its own; `TrailUnavailable` if it cannot be written."""
        return await self._written(self._database.append(entry))

    async def write(self, work: Callable[[Unit], T]) -> T:
        """Run a unit that is there for its rows; `TrailUnavailable` if they cannot be written."""
        return await self._written(self._database.write(work))

    async def _written(self, writing: Awaitable[T]) -> T:
        try:
            return await writing
        except BotError:
            raise
        except Exception as error:
            log.error("audit_write_failed", exc_info=error)
            raise TrailUnavailable("The audit trail cannot be written right now.") from error

    async def page(self, wanted: AuditFilter) -> AuditPage:
        """One page, newest first."""
        return await self._database.read(lambda unit: unit.audit.page(wanted))

    async def story(self, reference: str, *, page: int, size: int) -> AuditStory | None:
        """A page of what belongs to a seq, a request id or a story id; None where there is no such story."""
        return await self._database.read(lambda unit: unit.audit.story(reference, page=page, size=size))

    async def count(self, wanted: AuditFilter, *, limit: int) -> AuditCount:
        """How much fits, cursors apart, looking at `limit` rows at the most."""
        return await self._database.read(lambda unit: unit.audit.count(wanted, limit=limit, counted=self._counted))

    async def summary(self, *, since: datetime | None, until: datetime | None) -> AuditSummary:
        """Who did what, and how it ended."""
        return await self._database.read(lambda unit: unit.audit.summary(since=since, until=until))

    async def unknown_target(self, name: str) -> tuple[str, ...] | None:
        """Labels and ids near a target that no row is about; None where the trail knows it."""

        def work(unit: Unit) -> tuple[str, ...] | None:
            return None if unit.audit.knows_target(name) else unit.audit.targets_like(name)

        return await self._database.read(work)

    async def people_like(self, name: str) -> tuple[str, ...]:
        """Names of people in the trail that come near this one."""
        return await self._database.read(lambda unit: unit.audit.people_like(name))

    async def channels_like(self, name: str) -> tuple[str, ...]:
        """Names of channels in the trail that come near this one."""
        return await self._database.read(lambda unit: unit.audit.channels_like(name))

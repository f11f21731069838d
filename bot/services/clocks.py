"""What happens because time passes: expiry by two clocks, one reminder, and claims that ran out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditKind
from bot.domain.requests import Request, RequestState
from bot.services.clock_watch import ClockWatch
from bot.services.lifecycle import PROGRAM, OutboxKind, append_end, entry_for, owe, owe_card, owe_notices

BATCH = 50
BATCH_AT_START = 1_000


class Timekeeper:
    """One pass over what is due. Any replica may run it; rows are claimed in SQL."""

    def __init__(self, database: Database, first_reconcile_seconds: int, watch: ClockWatch | None = None) -> None:
        self._database = database
        self._watch = watch
        self._first_reconcile = timedelta(seconds=first_reconcile_seconds)

    async def tick(self) -> None:
        """Expire, remind, and give up claims that ran out. A clock that is off may not say that time has passed."""
        if self._watch is not None and await self._watch.look():
            return
        await self._database.write(self._expire)
        await self._database.write(self._remind)
        await self._database.write(self._give_up_claims)

    async def give_up_all_claims(self) -> None:
        """At start, where one process alone serves the database: whoever held a claim is dead."""
        await self._database.write(lambda unit: self._give_up(unit, unit.requests.claimed(BATCH_AT_START)))

    def _expire(self, unit: Unit) -> None:
        for request in unit.requests.expired(unit.now, BATCH):
            ended = unit.requests.move(
                request.id, before=request.state, after=RequestState.EXPIRED, end_reason="The time ran out."
            )
            if ended is not None:
                self._tell(unit, ended, AuditKind.EXPIRY)

    def _remind(self, unit: Unit) -> None:
        for request in unit.requests.reminders_due(unit.now, BATCH):
            unit.requests.set_columns(request.id, reminded_at=unit.now)
            owe(unit, request, OutboxKind.REMINDER)

    def _give_up_claims(self, unit: Unit) -> None:
        self._give_up(unit, unit.requests.expired_claims(unit.now, BATCH))

    def _give_up(self, unit: Unit, claimed: Sequence[Request]) -> None:
        """A claim whose owner is gone leads to UNKNOWN and to reading, never to a second send."""
        for request in claimed:
            unknown = unit.requests.move(
                request.id,
                before=RequestState.EXECUTING,
                after=RequestState.UNKNOWN,
                unknown_since=unit.now,
                reconcile_at=unit.now + self._first_reconcile,
            )
            if unknown is not None:
                self._tell(unit, unknown, AuditKind.OUTCOME)

    @staticmethod
    def _tell(unit: Unit, request: Request, kind: AuditKind) -> None:
        append_end(unit, request, entry_for(request, kind, PROGRAM))
        owe_card(unit, request)
        owe_notices(unit, request)

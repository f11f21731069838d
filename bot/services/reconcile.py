"""Unknown ends: found out by reading after a quiet period, or handed to a person. Nothing is ever sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.cloudsync.errors import CloudSyncError
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.access import Standing
from bot.domain.audit import AuditKind
from bot.domain.decisions import refusal
from bot.domain.ends import REACHED, SAID, after_open_look, end_of_items, items_settled
from bot.domain.errors import Conflict, Denied, Unavailable
from bot.domain.failpoints import Failpoint, reach
from bot.domain.requests import ItemResult, OperationKind, Request, RequestState, Result, Step
from bot.services.approval_words import too_late
from bot.services.environments import Environments
from bot.services.follow_ups import FollowUps
from bot.services.lifecycle import (
    Act,
    append_end,
    entry_for,
    owe_card,
    owe_notices,
    readings_row,
    redacted,
    what_was_read,
)
from bot.services.operations.observing import with_items
from bot.services.operations.operation import Finding, OperationHandler, Proof
from bot.services.receipts import Receipts

log = structlog.get_logger(__name__)

HUMAN_AFTER = timedelta(minutes=15)
"""Counted from the send: by then a person is asked, whatever reading gave."""

SETTLING_SECONDS = 5.0
"""What writing a look's end down may take."""
UNREAD = Finding(proof=Proof.OPEN, readings=("The Management API could not be read.",), was_read=False)
ANOTHER_ORGANISATION = Finding(
    proof=Proof.OPEN, readings=("The key now belongs to another organisation.",), was_read=False
)

_STATE_OF = {
    Proof.APPLIED: RequestState.SUCCEEDED,
    Proof.ABSENT_BEFORE: RequestState.ALREADY_ABSENT,
    Proof.NOT_APPLIED: RequestState.NOT_APPLIED,
    Proof.UNDECIDABLE: RequestState.NEEDS_HUMAN,
}


class Reconciler:
    """Resolves UNKNOWN requests, one reading at a time."""

    def __init__(
        self,
        database: Database,
        environments: Environments,
        handlers: Mapping[OperationKind, OperationHandler],
        rounds_seconds: Sequence[int],
        receipts: Receipts,
        follow_ups: FollowUps,
        *,
        look_seconds: float = 45.0,
    ) -> None:
        self._database = database
        self._environments = environments
        self._handlers = handlers
        self._rounds = tuple(rounds_seconds)
        self._receipts = receipts
        self._follow_ups = follow_ups
        self._look_seconds = look_seconds

    async def claim_due(self, limit: int) -> tuple[Request, ...]:
        """The unknown ends to look at now. No other replica looks at them for as long as a look may take."""
        lease = timedelta(seconds=self._look_seconds + SETTLING_SECONDS)
        return await self._database.note(lambda unit: unit.requests.claim_looks(unit.now, lease, limit))

    async def resolve(self, request: Request) -> Request:
        """One round for one request: settle it, put off the next look, or hand it to a person.

        What was found and cannot be written down is looked at again: it must not count as a look that saw nothing.
        """
        finding = await self._look(request)
        reach(Failpoint.IN_RECONCILE)
        try:
            settled = await self._database.write(lambda unit: self._settle(unit, request, finding))
        except Unavailable as error:
            log.warning("reconcile_unwritten", request=request.id, error=type(error).__name__)
            return request
        return await self._receipts.after(settled)

    async def give_up_look(self, request: Request) -> Request:
        """A look that broke off counts as one that could not be read: no defect puts a person's turn off for ever."""
        return await self._database.write(lambda unit: self._settle(unit, request, UNREAD))

    async def _look(self, request: Request) -> Finding:
        """One reading, within its time: whoever waits for ever would put off the others' looks too."""
        try:
            async with asyncio.timeout(self._look_seconds):
                return await self._read(request)
        except TimeoutError:
            log.warning("reconcile_reading_failed", request=request.id, error="TimeoutError")
            return UNREAD

    async def _read(self, request: Request) -> Finding:
        """A reading counts only if the organisation is the pinned one in the same pass."""
        environment = request.operation.environment
        handler = self._handlers.get(request.operation.kind)
        if handler is None:
            return Finding(proof=Proof.UNDECIDABLE, readings=("There is nothing to read for this operation.",))
        try:
            if not await self._environments.confirm(environment):
                return ANOTHER_ORGANISATION
            return await handler.find(self._environments.client(environment), request)
        except (CloudSyncError, Unavailable) as error:
            log.warning("reconcile_reading_failed", request=request.id, error=type(error).__name__)
            return UNREAD

    def _settle(self, unit: Unit, request: Request, finding: Finding) -> Request:
        current = unit.requests.lock(request.id)
        if current is None or current.state is not RequestState.UNKNOWN:
            return current or request
        if finding.proof is Proof.OPEN and current.reconcile_round != request.reconcile_round:
            return current  # another replica looked in this round: nothing seen twice is one round, not two
        state = self._state_after(unit, current, finding)
        if state is RequestState.UNKNOWN:
            return self._next_round(unit, current, finding)
        result = _found(current, finding, state)
        moved = unit.requests.move(current.id, before=RequestState.UNKNOWN, after=state, result=result)
        if moved is None:
            return current
        append_end(unit, moved, readings_row(moved, {**what_was_read(result), "round": current.reconcile_round + 1}))
        moved = self._receipts.owe(unit, self._follow_ups.owe(unit, moved))
        owe_card(unit, moved)
        owe_notices(unit, moved)
        return moved

    def _state_after(self, unit: Unit, current: Request, finding: Finding) -> RequestState:
        if finding.proof is Proof.APPLIED and finding.items:
            return end_of_items(items_settled(finding.items, RequestState.SUCCEEDED))
        return _STATE_OF.get(finding.proof) or after_open_look(
            is_last=current.reconcile_round + 1 >= len(self._rounds),
            is_overdue=current.claimed_at is not None and unit.now >= current.claimed_at + HUMAN_AFTER,
            was_read=finding.was_read,
        )

    def _next_round(self, unit: Unit, current: Request, finding: Finding) -> Request:
        upcoming = current.reconcile_round + 1
        at = (current.unknown_since or unit.now) + timedelta(seconds=self._rounds[upcoming])
        if current.claimed_at is not None:
            at = min(at, current.claimed_at + HUMAN_AFTER)  # however late its sender was given up
        unit.requests.set_columns(current.id, reconcile_round=upcoming, reconcile_at=at)
        read = redacted(finding.readings)
        unit.audit.append(readings_row(current, {"readings": read, "round": upcoming}))
        return replace(current, reconcile_round=upcoming, reconcile_at=at)

    async def settle_by_person(self, request: Request, step: Step, by: Standing, act: Act) -> Request:
        """**It happened** or **It did not**, said by somebody who could have decided."""
        short = refusal(step, request, by)
        if short is not None:
            raise Denied(short.missing, remedy=short.remedy)
        words, ended = SAID[step]

        def work(unit: Unit) -> Request:
            current = unit.requests.lock(request.id)
            if current is None:
                raise Conflict("This request is no longer known.")
            if current.state is not RequestState.NEEDS_HUMAN:
                raise too_late(current, act.surface)
            moved = unit.requests.move(
                request.id,
                before=RequestState.NEEDS_HUMAN,
                after=RequestState.RESOLVED,
                ended_by=by.person.id,
                end_reason=words,
                result=_with_items(current, items_settled(current.result.items, ended)),
            )
            if moved is None:
                raise Conflict("Somebody was quicker.", request_id=request.id)
            payload = {"said": words, **what_was_read(moved.result)}
            append_end(unit, moved, entry_for(moved, AuditKind.DECISION, act, payload=payload))
            moved = self._receipts.owe(unit, moved, happened=step is Step.HAPPENED)
            owe_card(unit, moved)
            owe_notices(unit, moved)
            return moved

        settled = await self._database.write(work)
        return await self._receipts.read(settled) if step is Step.HAPPENED else settled


def _found(current: Request, finding: Finding, state: RequestState) -> Result:
    """What is kept of a look that ended the doubt: readings, and how each of several items stands."""
    items = finding.items or current.result.items or _all_unknown(current)
    if state in (*REACHED, RequestState.NOT_APPLIED):
        items = items_settled(items, state)
    return replace(
        _with_items(current, items),
        readings=finding.readings,
        created_id=finding.created_id or current.result.created_id,
        inferred=state in REACHED,
    )


def _all_unknown(current: Request) -> tuple[ItemResult, ...]:
    """Where the sender died before it could say how far it came."""
    return tuple(ItemResult(item=item, state=RequestState.UNKNOWN) for item in current.operation.items)


def _with_items(current: Request, items: tuple[ItemResult, ...]) -> Result:
    return with_items(current.result, current.operation.kind, items) if items else current.result

"""From approved to ended: read again, claim and intent in one transaction, send once, outcome in one transaction."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog

from bot.cloudsync.errors import CloudSyncError
from bot.cloudsync.writing import HeldUp, WriteSlot
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditEntry, AuditKind, JsonValue
from bot.domain.ends import altered, holds_claim, may_be_sent_again, takes_answer
from bot.domain.errors import BotError, Conflict, PeopleUnavailable, TrailUnavailable, Unavailable
from bot.domain.failpoints import Failpoint, reach
from bot.domain.requests import (
    AUDIT_OUTCOME_OF,
    Operation,
    OperationKind,
    Request,
    RequestState,
    Result,
)
from bot.services.audit import Trail
from bot.services.environments import Environments
from bot.services.follow_ups import FollowUps
from bot.services.held_up import tell_held_up
from bot.services.lifecycle import PROGRAM, append_end, entry_for, owe_card, owe_notices
from bot.services.metrics import SENT
from bot.services.operations.local import LocalOperation, failed
from bot.services.operations.operation import OperationHandler, Sent
from bot.services.receipts import Receipts
from bot.services.recheck import Look, Lost, Recheck
from bot.services.secrets import Vault
from bot.services.sending import READING_SECONDS, Sending, calls_of

log = structlog.get_logger(__name__)


class Executor:
    """Carries one approved request through its send. Any replica may; the claim decides which one does."""

    def __init__(
        self,
        database: Database,
        trail: Trail,
        environments: Environments,
        recheck: Recheck,
        vault: Vault,
        handlers: Mapping[OperationKind, OperationHandler],
        local: Mapping[OperationKind, LocalOperation],
        sending: Sending,
        receipts: Receipts,
        follow_ups: FollowUps,
    ) -> None:
        self._database = database
        self._trail = trail
        self._environments = environments
        self._recheck = recheck
        self._vault = vault
        self._handlers = handlers
        self._local = local
        self._sending = sending
        self._receipts = receipts
        self._follow_ups = follow_ups
        self.owner = f"run-{secrets.token_hex(4)}"
        self._running: set[str] = set()

    async def run(self, request_id: str) -> Request | None:
        """Try to carry it through; the request as it stands afterwards, None where it is unknown.

        Never raises for what the API, Slack or the people look-up do: a reading that fails leaves the request
        APPROVED until its clock ends.
        """
        if request_id in self._running:
            return await self._current(request_id)
        self._running.add(request_id)
        try:
            return await self._run(request_id)
        except (CloudSyncError, PeopleUnavailable, Unavailable, HeldUp) as error:
            log.warning("send_postponed", request=request_id, error=type(error).__name__)
            if isinstance(error, TrailUnavailable):
                await tell_held_up(self._database, request_id, error)
            return await self._current(request_id)
        except Conflict:
            return await self._current(request_id)
        finally:
            self._running.discard(request_id)

    async def _current(self, request_id: str) -> Request | None:
        return await self._database.read(lambda unit: unit.requests.get(request_id))

    async def _run(self, request_id: str) -> Request | None:
        request = await self._current(request_id)
        if request is None or request.state is not RequestState.APPROVED:
            return request
        self._trail.require_sound()
        local = self._local.get(request.operation.kind)
        if local is not None:
            return await self._run_local(request, local)
        environment = request.operation.environment
        async with self._environments.client(environment).write_slot() as slot:
            return await self._through_slot(request, slot)

    async def _run_local(self, request: Request, local: LocalOperation) -> Request:
        lost = (await self._recheck.look(request, strict=True)).lost or (ALTERED if altered(request, "") else None)
        if lost is not None:
            return await self._stale(request, lost)
        claimed = await self._claim(request, {})
        try:
            sent = await local.perform(claimed)
        except BotError as error:
            sent = failed(error)
        return await self._outcome(claimed, sent)

    async def _through_slot(self, request: Request, slot: WriteSlot) -> Request:
        look = await self._reading(request)
        slot.read_from_now()
        if look.lost is not None:
            return await self._stale(request, look.lost)
        plain = self._vault.open(request.sealed)
        if altered(request, self._vault.mark(plain)):
            return await self._stale(request, ALTERED)
        reach(Failpoint.BEFORE_CLAIM)
        slot.check()
        claimed = await self._claim(request, look.keep)
        reach(Failpoint.AFTER_CLAIM)
        slot.rest_on(lambda: self._read_again(slot, claimed))
        sending = asyncio.ensure_future(self._send(slot, claimed, plain))
        return await asyncio.shield(sending)

    async def _reading(self, request: Request) -> Look:
        """Whose key it is, rights and target, at the same time and inside the slot: no waiting comes after them."""
        same, look = await asyncio.gather(
            self._environments.require_same(request.operation.environment),
            self._recheck.look(request, strict=True),
            return_exceptions=True,
        )
        for read in (same, look):
            if isinstance(read, BaseException):
                raise read
        assert isinstance(look, Look)
        return look

    async def _read_again(self, slot: WriteSlot, claimed: Request) -> str:
        """Before each further call of one request: "" where rights, target and claim hold, else why not."""
        try:
            async with asyncio.timeout(READING_SECONDS):
                look = await self._reading(claimed)
            if look.lost is not None:
                return look.lost.reason
            slot.read_from_now()
            holds = await self._database.read(
                lambda unit: holds_claim(unit.requests.get(claimed.id), self.owner, unit.now)
            )
        except (CloudSyncError, PeopleUnavailable, Unavailable, TimeoutError) as error:
            log.warning("rest_not_sent", request=claimed.id, error=type(error).__name__)
            return "Rights and target could not be read again."
        return "" if holds else "The time to send it had run out."

    async def _send(self, slot: WriteSlot, claimed: Request, plain: Mapping[str, str]) -> Request:
        handler = self._handlers[claimed.operation.kind]
        sent = await handler.send(slot, claimed.operation, plain)
        ended = await self._outcome(claimed, sent)
        return await self._receipts.after(ended)

    async def _claim(self, request: Request, keep: Mapping[str, JsonValue]) -> Request:
        """Claim and intent, committed before a byte is sent; `keep` is what was read of the target just before."""
        lease = self._sending.lease(calls_of(request))

        def work(unit: Unit) -> Request:
            current = unit.requests.lock(request.id)
            if current is None or current.state is not RequestState.APPROVED:
                raise Conflict("Somebody else is sending it.")
            if current.send_by is not None and unit.now >= current.send_by:
                raise Conflict("The time to send it has run out.")
            if _copy_of(current) != _copy_of(request):
                raise Conflict("The stored copy is not the one that was read.")
            claimed = unit.requests.move(
                request.id,
                before=RequestState.APPROVED,
                after=RequestState.EXECUTING,
                claimed_at=unit.now,
                claim_owner=self.owner,
                claim_expires=unit.now + lease,
                sends=current.sends + 1,
                result=Result(),  # what an earlier attempt came to says nothing of this one
                observation=replace(current.observation, keep={**current.observation.keep, **keep}),
            )
            if claimed is None:
                raise Conflict("Somebody else is sending it.")
            unit.audit.append(entry_for(claimed, AuditKind.INTENT, PROGRAM, payload={"digest": claimed.digest}))
            owe_card(unit, claimed)
            return claimed

        return await self._database.write(work)

    async def _stale(self, request: Request, lost: Lost) -> Request:
        def work(unit: Unit) -> Request:
            current = unit.requests.lock(request.id)
            if current is None or current.state is not RequestState.APPROVED:
                raise Conflict("Somebody else has ended it.")
            ended = unit.requests.move(
                request.id,
                before=RequestState.APPROVED,
                after=RequestState.STALE,
                end_reason=lost.reason,
                result=replace(current.result, difference=lost.difference),
            )
            if ended is None:
                raise Conflict("Somebody else has ended it.")
            payload: dict[str, JsonValue] = {"reason": lost.reason, "difference": [*lost.difference]}
            append_end(unit, ended, entry_for(ended, AuditKind.OUTCOME, PROGRAM, payload=payload))
            owe_card(unit, ended)
            owe_notices(unit, ended)
            return ended

        return await self._database.write(work)

    async def _outcome(self, claimed: Request, sent: Sent) -> Request:
        """Write how it ended, even where the claim has run out meanwhile: a late answer corrects.

        One that can correct nothing any more is kept in the trail, and raises `Conflict`.
        """
        SENT.labels(kind=claimed.operation.kind.value, state=sent.state.value).inc()
        log.info("request_sent", request=claimed.id, state=sent.state, codes=sent.result.codes)

        def work(unit: Unit) -> Request | None:
            current = unit.requests.lock(claimed.id)
            if current is None:
                raise Conflict("This request is no longer known.")
            if not takes_answer(current, sent.state, self.owner):
                append_end(unit, current, _outcome_row(current, sent, late=True))
                return None
            after = self._moved(unit, current, sent)
            append_end(unit, after, _outcome_row(after, sent))
            after = self._receipts.owe(unit, self._follow_ups.owe(unit, after))
            owe_card(unit, after)
            if after.state is not RequestState.APPROVED:
                owe_notices(unit, after)
            reach(Failpoint.BEFORE_OUTCOME)
            return after

        ended = await self._database.write(work)
        if ended is None:
            raise Conflict("It was settled meanwhile.")
        reach(Failpoint.AFTER_OUTCOME)
        return ended

    def _moved(self, unit: Unit, current: Request, sent: Sent) -> Request:
        columns: dict[str, Any] = {"result": sent.result}
        if sent.state is RequestState.UNKNOWN:
            columns["unknown_since"] = unit.now
            columns["reconcile_at"] = unit.now + timedelta(seconds=self._sending.first_reconcile_seconds)
        if sent.state is RequestState.NOT_SENT and may_be_sent_again(current, unit.now):
            moved = unit.requests.move(
                current.id, before=current.state, after=RequestState.APPROVED, through=RequestState.NOT_SENT, **columns
            )
        else:
            moved = unit.requests.move(current.id, before=current.state, after=sent.state, **columns)
        if moved is None:
            raise Conflict("It was settled meanwhile.")
        return moved


ALTERED = Lost(reason="The stored copy is not what was approved.")


def _copy_of(request: Request) -> tuple[Operation, str, bytes | None]:
    return request.operation, request.digest, request.sealed


def _outcome_row(after: Request, sent: Sent, *, late: bool = False) -> AuditEntry:
    """The row says how this send ended, even where the request itself goes back to APPROVED."""
    result = sent.result
    return entry_for(
        replace(after, result=result),
        AuditKind.OUTCOME,
        PROGRAM,
        outcome=AUDIT_OUTCOME_OF[sent.state],
        payload={
            "codes": [*result.codes],
            "messages": [*result.messages],
            "warnings": [*result.warnings],
            "items": [[item.item, item.state.value, item.note] for item in result.items],
            "attempt": after.sends,
            **({"late": True} if late else {}),
        },
    )

"""The state read again after a success, kept with the request and in its story: what the final card shows, and the way
back.

Owed in the very unit that writes the success: neither a crash nor a reading that fails leaves a change without one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.cloudsync.errors import CloudSyncError, NotFound
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.access import Gate
from bot.domain.audit import JsonValue
from bot.domain.ends import REACHED
from bot.domain.errors import Unavailable
from bot.domain.ports import MessageDelayed
from bot.domain.records import OutboxItem
from bot.domain.replies import LONGEST_COMMAND
from bot.domain.requests import OperationKind, Request, RequestState, Result
from bot.services.environments import Environments
from bot.services.lifecycle import (
    OutboxKind,
    notice_key,
    owe_card,
    owe_notices,
    owe_receipt,
    readings_row,
    receipt_key,
    redacted,
)
from bot.services.operations.databases import deletion_receipt
from bot.services.operations.observing import doubted
from bot.services.operations.operation import OperationHandler, Receipt
from bot.services.outbox import Drawer

log = structlog.get_logger(__name__)

GIVE_UP_AFTER = timedelta(minutes=5)
UNREAD = Receipt(lines=(("Read afterwards", "not possible, the Management API did not give it"),))

AT_ONCE: Mapping[OperationKind, Callable[[Request], Receipt]] = {OperationKind.DELETE_DATABASE: deletion_receipt}
"""Receipts that need no reading: they stand in the unit that writes the end."""


class Receipts:
    """Owes them, reads them and keeps them."""

    def __init__(
        self, database: Database, environments: Environments, handlers: Mapping[OperationKind, OperationHandler]
    ) -> None:
        self._database = database
        self._environments = environments
        self._handlers = handlers

    def drawers(self) -> Mapping[str, Drawer]:
        """How the outbox works off the readings that are owed."""
        return {OutboxKind.RECEIPT: self._owed}

    def owe(self, unit: Unit, ended: Request, *, happened: bool = False) -> Request:
        """The request with its receipt where that needs no reading; for all others a reading is owed from now on.

        `happened`: a person says so.
        """
        kind = ended.operation.kind
        if kind not in self._handlers or not (happened or ended.state in REACHED):
            return ended
        if kind in AT_ONCE:
            return _with(unit, ended, AT_ONCE[kind](ended))
        owe_receipt(unit, ended)
        return ended

    async def after(self, ended: Request) -> Request:
        """The request with its receipt, where the program knows that what was wanted holds."""
        return await self.read(ended) if ended.state in REACHED else ended

    async def read(self, ended: Request) -> Request:
        """The request with its receipt, whoever says that it happened.

        A reading that fails stays owed, and so does one that the trail does not take.
        """
        if ended.operation.kind not in self._handlers or ended.operation.kind in AT_ONCE:
            return ended
        try:
            receipt = await self._reading(ended)
            return await self._database.write(lambda unit: _kept(unit, ended, receipt))
        except (CloudSyncError, Unavailable) as error:
            log.warning("receipt_unread", request=ended.id, error=type(error).__name__)
            return ended

    async def _reading(self, ended: Request) -> Receipt:
        handler = self._handlers[ended.operation.kind]
        return await handler.receipt(self._environments.client(ended.operation.environment), ended)

    async def _owed(self, item: OutboxItem) -> None:
        """Try again what was not read at once, for some minutes; then say that it could not be read.

        What is gone by now will not be there later either.
        """
        request_id = item.request_id or ""
        ended, now = await self._database.read(lambda unit: (unit.requests.get(request_id), unit.now))
        if ended is None or ended.result.receipt or ended.operation.kind not in self._handlers:
            return
        try:
            is_late = now - item.created_at > GIVE_UP_AFTER
            receipt = UNREAD if is_late else await asyncio.shield(asyncio.ensure_future(self._reading(ended)))
        except NotFound:
            receipt = UNREAD
        except (CloudSyncError, Unavailable) as error:
            raise MessageDelayed(type(error).__name__) from None
        await self._database.write(lambda unit: _kept_later(unit, ended, receipt))


def _kept(unit: Unit, ended: Request, receipt: Receipt) -> Request:
    """Only with what it was read for: meanwhile the request may have gone on, or somebody else may have read."""
    current = unit.requests.lock(ended.id)
    unit.outbox.settle(receipt_key(ended))
    if current is None or current.state is not ended.state or current.result.receipt:
        return current or ended
    after = _with(unit, current, receipt)
    if receipt.lines:
        read = redacted(f"{label}: {value}" for label, value in receipt.lines)
        doubts = after.result.warnings[len(current.result.warnings) :]
        told: dict[str, JsonValue] = {"warnings": [*doubts]} if doubts else {}
        unit.audit.append(readings_row(after, {"readings": read, "afterwards": True, **told}))
    owe_card(unit, after)
    return after


def _kept_later(unit: Unit, ended: Request, receipt: Receipt) -> None:
    """Where there is no card, the requester read the end without it; a receipt that says nothing tells nobody more."""
    after = _kept(unit, ended, receipt)
    waits = unit.outbox.is_waiting(notice_key(after, after.requester_id))
    if receipt.lines and after.result.receipt == receipt.lines and after.gate is not Gate.APPROVE and not waits:
        owe_notices(unit, after)


def _with(unit: Unit, ended: Request, receipt: Receipt) -> Request:
    result = _shown(ended, receipt)
    unit.requests.set_columns(ended.id, result=result)
    return replace(ended, result=result)


def _shown(ended: Request, receipt: Receipt) -> Result:
    """What the API answered is doubted by what is read; what a person said, or a reading showed already, is not."""
    fits = len(receipt.undo_command) <= LONGEST_COMMAND
    is_answered = ended.state is RequestState.SUCCEEDED and not ended.result.inferred
    astray = receipt.astray if is_answered else ()
    return replace(
        doubted(ended.result, ended.operation.kind, astray),
        receipt=receipt.lines,
        undo_label=receipt.undo_label if fits else "",
        undo_command=receipt.undo_command if fits else "",
    )

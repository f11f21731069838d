"""The state read again after a success, kept with the request: what the final card shows, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cloudsync.errors import CloudSyncError
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.errors import Unavailable
from bot.domain.requests import OperationKind, Request, RequestState
from bot.services.environments import Environments
from bot.services.lifecycle import owe_card
from bot.services.operations.operation import OperationHandler, Receipt

REACHED = frozenset({RequestState.SUCCEEDED, RequestState.ALREADY_ABSENT})

LONGEST_COMMAND = 1_500
"""What fits into a button; a longer way back is left to the person."""


class Receipts:
    """Reads them and keeps them."""

    def __init__(
        self, database: Database, environments: Environments, handlers: Mapping[OperationKind, OperationHandler]
    ) -> None:
        self._database = database
        self._environments = environments
        self._handlers = handlers

    async def after(self, ended: Request) -> Request:
        """The request with its receipt, where the program knows that what was wanted holds."""
        return await self.read(ended) if ended.state in REACHED else ended

    async def read(self, ended: Request) -> Request:
        """The request with its receipt, whoever says that it happened; a reading that fails leaves it as it is."""
        handler = self._handlers.get(ended.operation.kind)
        if handler is None:
            return ended
        try:
            receipt = await handler.receipt(self._environments.client(ended.operation.environment), ended)
        except (CloudSyncError, Unavailable):
            return ended
        return await self._database.note(lambda unit: _kept(unit, ended, receipt))


def _kept(unit: Unit, ended: Request, receipt: Receipt) -> Request:
    fits = len(receipt.undo_command) <= LONGEST_COMMAND
    result = replace(
        ended.result,
        receipt=receipt.lines,
        undo_label=receipt.undo_label if fits else "",
        undo_command=receipt.undo_command if fits else "",
    )
    unit.requests.set_columns(ended.id, result=result)
    after = replace(ended, result=result)
    owe_card(unit, after)
    return after

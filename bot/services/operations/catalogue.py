"""Every operation of the Management API that changes something, by kind."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.requests import OperationKind
from bot.services.operations.databases import DeleteDatabase, RegisterDatabase
from bot.services.operations.devices import RemoveDevices
from bot.services.operations.notifications import DeleteToken, SetToken
from bot.services.operations.operation import OperationHandler
from bot.services.operations.tables import SwitchTables
from bot.services.operations.updates import UpdateDatabase


def handlers() -> Mapping[OperationKind, OperationHandler]:
    """The handlers, one a kind."""
    every: tuple[OperationHandler, ...] = (
        RegisterDatabase(),
        UpdateDatabase(),
        DeleteDatabase(),
        SwitchTables(enable=True),
        SwitchTables(enable=False),
        SetToken(),
        DeleteToken(),
        RemoveDevices(),
    )
    return {handler.kind: handler for handler in every}

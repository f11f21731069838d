"""Enabling and disabling CloudSync for tables: the one is the other's inverse."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.models import Database
from bot.cloudsync.writing import WriteSlot
from bot.domain.audit import JsonValue
from bot.domain.requests import ItemResult, Observation, Operation, OperationKind, Request, RequestState
from bot.services.operations.observing import all_in_words, identity_of, names_in_words, sent, whereabouts
from bot.services.operations.operation import Finding, Proof, Receipt, Sent


class SwitchTables:
    """`POST …/cloudsync/enable` or `…/disable`, one call for all tables of the request."""

    def __init__(self, *, enable: bool) -> None:
        self.kind = OperationKind.ENABLE_TABLES if enable else OperationKind.DISABLE_TABLES
        self._enable = enable

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The database, and the state of the tables concerned."""
        database, states = await self._read(api, operation)
        already = self._already(states, operation)
        facts = [*whereabouts(database), ("Tables", all_in_words(operation.items))]
        if already:
            facts.append(("Already so", all_in_words(already)))
        identity = _identity(database, states, operation)
        return Observation(identity=identity, facts=tuple(facts), keep={"already": [*already]})

    async def identify(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The same, without what is only shown."""
        database, states = await self._read(api, operation)
        keep: dict[str, JsonValue] = {"already": [*self._already(states, operation)]}
        return Observation(identity=_identity(database, states, operation), keep=keep)

    @staticmethod
    async def _read(api: CloudSyncClient, operation: Operation) -> tuple[Database, dict[str, bool | None]]:
        database_id = operation.database_id or ""
        database, tables = await asyncio.gather(api.get_database(database_id), api.list_tables(database_id))
        return database, {table.name: table.enabled for table in tables}

    def _already(self, states: Mapping[str, bool | None], operation: Operation) -> list[str]:
        return [name for name in operation.items if states.get(name) is self._enable]

    def _astray(self, states: Mapping[str, bool | None], operation: Operation) -> tuple[str, ...]:
        """What is told to be otherwise than wanted. A table that is gone is not enabled; one without a word may be."""
        return tuple(name for name in operation.items if states.get(name, False) is (not self._enable))

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        """One call for all of them."""
        del secrets
        call = slot.enable_tables if self._enable else slot.disable_tables
        return sent(await call(operation.database_id or "", operation.items), items=operation.items)

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        """All as wanted: it happened. None: not yet. Some: a person must say.

        Tables that were as wanted before the send prove nothing and are left out, unless there are no others.
        """
        asked = request.operation.items
        states = {t.name: t.enabled for t in await api.list_tables(request.operation.database_id or "")}
        as_wanted = [name for name in asked if states.get(name) is self._enable]
        reading = f"{'Enabled' if self._enable else 'Disabled'} now: {names_in_words(as_wanted)}."
        items = tuple(
            ItemResult(item=name, state=RequestState.SUCCEEDED if name in as_wanted else RequestState.NOT_APPLIED)
            for name in asked
        )
        return Finding(proof=_proof(_moved(request) or list(asked), as_wanted), readings=(reading,), items=items)

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """The tables as they are now, which were so before, and the way back for those that were changed."""
        states = {t.name: t.enabled for t in await api.list_tables(request.operation.database_id or "")}
        now = [f"{name} {_word(states[name]) if name in states else 'gone'}" for name in request.operation.items]
        astray = self._astray(states, request.operation)
        verb = "disable" if self._enable else "enable"
        moved = _moved(request)
        names = " ".join(f'"{name}"' if " " in name else name for name in moved if name not in astray)
        before = [name for name in request.operation.items if name not in moved]
        already = (("Enabled already" if self._enable else "Disabled already", names_in_words(before)),)
        lines = (*(already if before else ()), ("Read afterwards", names_in_words(now)))
        if not names:
            return Receipt(lines=lines, astray=astray)
        return Receipt(
            lines=lines,
            astray=astray,
            undo_label="Disable them" if self._enable else "Enable again",
            undo_command=f"tables {verb} {request.operation.database_id} {names}",
        )


def _identity(database: Database, states: Mapping[str, bool | None], operation: Operation) -> dict[str, JsonValue]:
    return {**identity_of(database), "tables": [f"{name}: {_word(states.get(name))}" for name in operation.items]}


def _moved(request: Request) -> list[str]:
    """The tables that the call had to change: only they prove anything, and only they are turned back."""
    already = request.observation.keep.get("already")
    known = {str(name) for name in already} if isinstance(already, list) else set()
    return [name for name in request.operation.items if name not in known]


def _proof(moved: list[str], as_wanted: list[str]) -> Proof:
    reached = [name for name in moved if name in as_wanted]
    if len(reached) == len(moved):
        return Proof.APPLIED
    return Proof.UNDECIDABLE if reached else Proof.OPEN


def _word(enabled: bool | None) -> str:
    return "unknown" if enabled is None else "enabled" if enabled else "disabled"

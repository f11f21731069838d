"""Operations and requests about the stand-in's databases, as the pipeline would make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.cloudsync.client import CloudSyncClient
from bot.domain.audit import JsonValue
from bot.domain.requests import Observation, Operation, OperationKind, Request
from bot.sandbox.api.estate import Database
from bot.sandbox.api.server import StandInApi
from bot.services.operations.catalogue import handlers
from bot.services.operations.operation import Finding, OperationHandler, Receipt, Sent
from tests.factories import make_request


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One operation on the stand-in, and the steps that the machinery would take with it."""

    client: CloudSyncClient
    operation: Operation
    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def handler(self) -> OperationHandler:
        """The operation's own."""
        return handlers()[self.operation.kind]

    async def observe(self) -> Observation:
        """Read the target."""
        return await self.handler.observe(self.client, self.operation)

    async def send(self) -> Sent:
        """Send it, in a slot of its own."""
        async with self.client.write_slot() as slot:
            return await self.handler.send(slot, self.operation, self.secrets)

    async def find(self, request: Request) -> Finding:
        """Look what became of it."""
        return await self.handler.find(self.client, request)

    async def receipt(self, request: Request) -> Receipt:
        """Read the state afterwards."""
        return await self.handler.receipt(self.client, request)

    async def requested(self) -> Request:
        """The request as it stands before the send, with what was observed."""
        return make_request(operation=self.operation, observation=await self.observe())


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Makes operations on databases by their label."""

    api: StandInApi
    client: CloudSyncClient

    def database(self, label: str = "orders-eu") -> Database:
        """The stand-in's own."""
        return self.api.estate.labelled(label)

    def ask(
        self,
        kind: OperationKind,
        label: str = "orders-eu",
        *items: str,
        arguments: Mapping[str, JsonValue] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> Asked:
        """An operation on the database of this label."""
        operation = Operation(
            kind=kind,
            environment="prod",
            database_id=self.database(label).id,
            items=items,
            arguments=arguments or {},
        )
        return Asked(client=self.client, operation=operation, secrets=secrets or {})

    def register(self, label: str = "billing-eu", name: str = "billing") -> Asked:
        """A registration."""
        operation = Operation(
            kind=OperationKind.REGISTER_DATABASE,
            environment="prod",
            arguments={"label": label, "provider": "postgres", "flavor": "vanilla", "databaseName": name, "host": "h"},
        )
        secrets = {"connectionString": "postgresql://owner:hunter2@h.example:5432/app"}
        return Asked(client=self.client, operation=operation, secrets=secrets)

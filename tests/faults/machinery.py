"""The real machinery of requests on a real database, with an operation whose ends a test decides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.writing import WriteSlot
from bot.db.engine import Database
from bot.domain.access import ChannelBinding, Gate, Grant, OperationClass, Role, Standing, SubjectKind
from bot.domain.audit import AuditAction
from bot.domain.ids import new_story_id
from bot.domain.requests import (
    Observation,
    Operation,
    OperationKind,
    Proposal,
    Request,
    RequestState,
    Result,
    Step,
    Target,
    Vote,
)
from bot.services.access import Access
from bot.services.approvals import Approvals, Clocks
from bot.services.audit import Trail
from bot.services.clocks import Timekeeper
from bot.services.environments import Environments
from bot.services.execution import Executor
from bot.services.follow_ups import FollowUps
from bot.services.lifecycle import Act, Asking
from bot.services.operations.operation import Finding, Proof, Receipt, Sent
from bot.services.receipts import Receipts
from bot.services.recheck import Recheck
from bot.services.reconcile import Reconciler
from bot.services.secrets import Vault
from bot.services.sending import Sending
from tests.clock import ManualClock
from tests.faults.model import ROUNDS
from tests.unit.commands.people import People

HERE = "C0PROD"
KIND = OperationKind.DELETE_TOKEN


class SenderDied(Exception):
    """The process that was sending is no more."""


@dataclass(kw_only=True)
class Scripted:
    """An operation that ends as it is told, and remembers how often it was sent."""

    kind: OperationKind = KIND
    identities: dict[str, int] = field(default_factory=dict)
    end: RequestState | None = RequestState.SUCCEEDED
    proof: Proof = Proof.OPEN
    sent: list[str] = field(default_factory=list)

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        return Observation(identity={"version": self.identities[operation.database_id or ""]})

    async def identify(self, api: CloudSyncClient, operation: Operation) -> Observation:
        return await self.observe(api, operation)

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        self.sent.append(operation.database_id or "")
        if self.end is None:
            raise SenderDied
        return Sent(state=self.end, result=Result())

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        return Finding(proof=self.proof, readings=("read",))

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        return Receipt()


class OneEnvironment:
    """An environment whose organisation never changes and whose API is never called."""

    @asynccontextmanager
    async def write_slot(self) -> AsyncIterator[WriteSlot]:
        yield WriteSlot(cast(Any, None))

    def client(self, name: str) -> OneEnvironment:
        return self

    async def confirm(self, name: str) -> bool:
        return True

    async def require_same(self, name: str) -> None:
        return


@dataclass(kw_only=True)
class Machinery:
    """Everything between a click and a call."""

    database: Database
    clock: ManualClock
    operation: Scripted
    approvals: Approvals
    executor: Executor
    timekeeper: Timekeeper
    reconciler: Reconciler
    access: Access

    @classmethod
    def on(cls, database: Database, clock: ManualClock, required: int) -> Machinery:
        """Put together as bootstrap does."""
        operation, trail, vault = Scripted(), Trail(database), Vault([b"s" * 32])
        access = Access(database, People(), frozenset(), trail)
        environments = cast(Environments, OneEnvironment())
        handlers = {KIND: operation}
        recheck = Recheck(access, environments, handlers)
        clocks = Clocks(decision_seconds=900, send_seconds=120, approvals_required=lambda name: required)
        receipts, follow_ups = Receipts(database, environments, handlers), FollowUps(120)
        sending = Sending(call_deadline_seconds=20, first_reconcile_seconds=ROUNDS[0])
        return cls(
            database=database,
            clock=clock,
            operation=operation,
            approvals=Approvals(database, access, trail, vault, recheck, clocks),
            executor=Executor(
                database, trail, environments, recheck, vault, handlers, {}, sending, receipts, follow_ups
            ),
            timekeeper=Timekeeper(database, ROUNDS[0]),
            reconciler=Reconciler(database, environments, handlers, ROUNDS, receipts, follow_ups),
            access=access,
        )

    async def open_channel(self) -> None:
        binding = ChannelBinding(channel_id=HERE, role=Role.ADMIN, member_role=Role.NONE, environment="default")
        await self.database.note(lambda unit: unit.roles.bind(binding, "test", unit.now))

    async def give(self, person: str, role: Role) -> None:
        grant = Grant(subject_kind=SubjectKind.USER, subject_id=person, role=role)
        await self.database.note(lambda unit: unit.roles.grant(grant, "test", unit.now))

    async def standing(self, person: str) -> Standing:
        return await self.access.standing(person, HERE, fresh=True)

    async def ask(self, person: str, target: str) -> Request:
        operation = Operation(kind=KIND, environment="default", database_id=target)
        proposal = Proposal(
            operation=operation,
            target=Target(key=f"default:{target}", id=target, label=target),
            observation=await self.operation.observe(cast(Any, None), operation),
            operation_class=OperationClass.DESTRUCTIVE,
            gate=Gate.APPROVE,
            action=AuditAction.TOKEN_DELETE,
            summary=f"delete the token of {target}",
        )
        standing = await self.standing(person)
        return await self.approvals.open(
            proposal, Asking(standing=standing, team_id="T", story=new_story_id(), act=Act(person_id=person))
        )

    async def request(self, request_id: str) -> Request:
        found = await self.approvals.get(request_id)
        assert found is not None
        return found

    async def vote(self, request_id: str, person: str, vote: Vote) -> None:
        request, by = await self.request(request_id), await self.standing(person)
        await self.approvals.decide(request, vote, by, Act(person_id=person))

    async def cancel(self, request_id: str, person: str) -> None:
        request, by = await self.request(request_id), await self.standing(person)
        await self.approvals.cancel(request, by, Act(person_id=person))

    async def settle(self, request_id: str, person: str) -> None:
        request, by = await self.request(request_id), await self.standing(person)
        await self.reconciler.settle_by_person(request, Step.HAPPENED, by, Act(person_id=person))

    async def look(self) -> None:
        for request in await self.reconciler.claim_due(50):
            await self.reconciler.resolve(request)

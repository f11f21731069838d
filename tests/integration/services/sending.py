"""The real machinery of requests in front of the stand-in API: Ada asks, Bob approves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.cloudsync.client import CloudSyncClient
from bot.db.engine import Database
from bot.domain.access import ChannelBinding, Gate, Grant, OperationClass, Role, SubjectKind
from bot.domain.audit import AuditAction, JsonValue
from bot.domain.ids import new_story_id
from bot.domain.requests import Operation, OperationKind, Proposal, Request, Step, Target, Vote
from bot.sandbox.api.server import StandInApi
from bot.services.access import Access
from bot.services.approvals import Approvals, Clocks
from bot.services.audit import Trail
from bot.services.environments import Environments
from bot.services.execution import Executor
from bot.services.follow_ups import FollowUps
from bot.services.lifecycle import Act, Asking
from bot.services.operations.catalogue import handlers
from bot.services.receipts import Receipts
from bot.services.recheck import Recheck
from bot.services.reconcile import Reconciler
from bot.services.secrets import Vault
from bot.services.sending import Sending
from tests.clock import ManualClock
from tests.unit.commands.people import People

ADA, BOB, HERE = "U0ADA", "U0BOB", "C0PROD"


@dataclass(kw_only=True)
class Office:
    """One process's share of the work, and the people it works for."""

    database: Database
    clock: ManualClock
    api: StandInApi
    client: CloudSyncClient
    access: Access
    environments: Environments
    approvals: Approvals
    executor: Executor
    reconciler: Reconciler
    vault: Vault = field(repr=False)

    async def give(self, person: str, role: Role) -> None:
        grant = Grant(subject_kind=SubjectKind.USER, subject_id=person, role=role)
        await self.database.note(lambda unit: unit.roles.grant(grant, "test", unit.now))

    async def request(self, request_id: str) -> Request:
        found = await self.approvals.get(request_id)
        assert found is not None
        return found

    async def approved(
        self,
        kind: OperationKind,
        *items: str,
        gate: Gate = Gate.APPROVE,
        label: str = "orders-eu",
        arguments: Mapping[str, JsonValue] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> Request:
        """A request that Ada made and, behind `approve`, Bob approved."""
        registers = kind is OperationKind.REGISTER_DATABASE
        database_id = None if registers else self.api.estate.labelled(label).id
        operation = Operation(
            kind=kind, environment="default", database_id=database_id, items=items, arguments=arguments or {}
        )
        standing = await self.access.standing(ADA, HERE, fresh=True)
        proposal = Proposal(
            operation=operation,
            target=Target(key=f"default:{database_id or label}", id=database_id or "", label=label),
            observation=await handlers()[kind].observe(self.client, operation),
            operation_class=OperationClass.DESTRUCTIVE if gate is Gate.APPROVE else OperationClass.CHANGE,
            gate=gate,
            action=AuditAction.DATABASES_DELETE,
            summary=f"do this to {label}",
            secrets=secrets or {},
        )
        asking = Asking(standing=standing, team_id="T", story=new_story_id(), act=Act(person_id=ADA))
        request = await self.approvals.open(proposal, asking)
        if gate is Gate.APPROVE:
            by = await self.access.standing(BOB, HERE, fresh=True)
            request = await self.approvals.decide(request, Vote.APPROVE, by, Act(person_id=BOB))
        return request

    async def approved_removal(self, *site_ids: str) -> Request:
        """Of devices of `orders-eu`."""
        return await self.approved(OperationKind.REMOVE_DEVICES, *site_ids)

    async def run(self, request: Request) -> Request:
        """Carry it through; the request as it stands afterwards."""
        await self.executor.run(request.id)
        return await self.request(request.id)

    async def says(self, request: Request, step: Step, person: str = BOB) -> Request:
        """Somebody says whether it happened."""
        by = await self.access.standing(person, HERE, fresh=True)
        return await self.reconciler.settle_by_person(request, step, by, Act(person_id=person))


async def open_office(database: Database, clock: ManualClock, api: StandInApi, client: CloudSyncClient) -> Office:
    """Put together as bootstrap does, with the channel bound and the roles given."""
    trail, vault = Trail(database), Vault([b"s" * 32])
    access = Access(database, People(), frozenset(), trail)
    environments, operations = Environments({"default": client}, database), handlers()
    recheck = Recheck(access, environments, operations)
    receipts, follow_ups = Receipts(database, environments, operations), FollowUps(120)
    sending = Sending(call_deadline_seconds=3, first_reconcile_seconds=60)
    clocks = Clocks(decision_seconds=900, send_seconds=120, approvals_required=lambda name: 1)
    office = Office(
        database=database,
        clock=clock,
        api=api,
        client=client,
        access=access,
        environments=environments,
        approvals=Approvals(database, access, trail, vault, recheck, clocks),
        executor=Executor(database, trail, environments, recheck, vault, operations, {}, sending, receipts, follow_ups),
        reconciler=Reconciler(database, environments, operations, (60, 120, 240, 480), receipts, follow_ups),
        vault=vault,
    )
    binding = ChannelBinding(channel_id=HERE, role=Role.ADMIN, member_role=Role.NONE, environment="default")
    await database.note(lambda unit: unit.roles.bind(binding, "test", unit.now))
    await office.give(ADA, Role.OPERATOR)
    await office.give(BOB, Role.ADMIN)
    return office

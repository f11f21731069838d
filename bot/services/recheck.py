"""Rights and target, read again at the decision and at the send: what was approved must still hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.cloudsync.errors import CloudSyncError, NotFound
from bot.domain.access import Gate, Standing, may_decide, shortfall
from bot.domain.audit import JsonValue
from bot.domain.decisions import needed_of_requester
from bot.domain.requests import OperationKind, Request
from bot.services.access import Access
from bot.services.environments import Environments
from bot.services.operations.operation import OperationHandler, differences


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Why a request no longer holds."""

    reason: str
    difference: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Look:
    """What reading again showed: what no longer holds, and what proving the end may need of just before the send."""

    lost: Lost | None = None
    keep: Mapping[str, JsonValue] = field(default_factory=dict)


class Recheck:
    """Reads afresh; raises `CloudSyncError` or `PeopleUnavailable` when the reading itself fails."""

    def __init__(
        self, access: Access, environments: Environments, handlers: Mapping[OperationKind, OperationHandler]
    ) -> None:
        self._access = access
        self._environments = environments
        self._handlers = handlers

    async def lost(self, request: Request) -> Lost | None:
        """At the decision: None while all holds, and a target that cannot be read does not block."""
        return (await self.look(request, strict=False)).lost

    async def look(self, request: Request, *, strict: bool) -> Look:
        """The target, which may take its time, and then the rights: what a send rests on is as fresh as can be.

        A target that cannot be read blocks only the send (`strict`); a right that was lost is told before that.
        """
        target: Look | CloudSyncError
        try:
            target = await self._target(request, strict=strict)
        except CloudSyncError as error:
            target = error
        right = await self._lost_right(request)
        if right is not None:
            return Look(lost=right)
        if isinstance(target, CloudSyncError):
            raise target
        return target

    async def _lost_right(self, request: Request) -> Lost | None:
        requester = await self._standing(request, request.requester_id)
        if requester.binding is None:
            return Lost(reason="The channel is no longer bound.")
        if request.operation.environment and requester.binding.environment != request.operation.environment:
            return Lost(reason="The channel is now bound to another environment.")
        if (
            shortfall(requester, operation_class=request.operation_class, needs=needed_of_requester(request))
            is not None
        ):
            return Lost(reason="Whoever asked no longer has the right to.")
        if request.gate is not Gate.APPROVE:
            return None
        for vote in request.approvals:
            if not may_decide(await self._standing(request, vote.person_id)):
                return Lost(reason="Somebody who approved it no longer has the right to.")
        return None

    async def _standing(self, request: Request, person_id: str) -> Standing:
        return await self._access.standing(person_id, request.channel_id, fresh=True)

    async def _target(self, request: Request, *, strict: bool) -> Look:
        handler = self._handlers.get(request.operation.kind)
        if handler is None:
            return Look()
        api = self._environments.client(request.operation.environment)
        try:
            found = await handler.identify(api, request.operation)
        except NotFound:
            gone = ("the target: approved present, now absent",)
            return Look(lost=Lost(reason="The target is no longer there.", difference=gone))
        except CloudSyncError:
            if strict:
                raise
            return Look()
        changed = differences(request.observation.identity, found.identity)
        lost = Lost(reason="The target is not what was approved.", difference=changed) if changed else None
        return Look(lost=lost, keep=found.keep)

"""Requests up to the send: asking, deciding, cancelling. Each step is one transaction, compare-and-set in SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.access import Gate, Role, Standing
from bot.domain.audit import AuditKind, AuditOutcome
from bot.domain.decisions import WITHDRAWABLE, after_vote, may_still_decide, refusal, time_to_decide_is_over
from bot.domain.errors import Conflict, Denied, UnknownTarget
from bot.domain.failpoints import Failpoint, reach
from bot.domain.ids import new_request_id
from bot.domain.requests import Proposal, Request, RequestState, Step, Vote, VoteRecord
from bot.services.access import Access
from bot.services.approval_words import too_few, too_late
from bot.services.audit import Trail
from bot.services.lifecycle import Act, Asking, entry_for, owe_card, owe_notices, owe_question
from bot.services.recheck import Recheck
from bot.services.secrets import Vault

OPEN_READ = 1_000
"""Open requests of one channel that are looked at, at most."""


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """The two clocks of a request, in seconds, and how many approvals an environment wants."""

    decision_seconds: int
    send_seconds: int
    approvals_required: Callable[[str], int]


class Approvals:
    """Opens, decides and cancels requests. Knows no endpoint and sends nothing."""

    def __init__(
        self, database: Database, access: Access, trail: Trail, vault: Vault, recheck: Recheck, clocks: Clocks
    ) -> None:
        self._database = database
        self._access = access
        self._trail = trail
        self._vault = vault
        self._recheck = recheck
        self._clocks = clocks

    async def open(self, proposal: Proposal, asking: Asking) -> Request:
        """Make a request of a proposal, with its audit row and its card, in one transaction.

        Raises `Denied` when too few others could decide, `Conflict` when one is open on the target,
        `TrailUnavailable` when nothing may be changed at all.
        """
        self._trail.require_sound()
        gate, required = await self._gate(proposal, asking)

        def work(unit: Unit) -> Request:
            request = self._new(unit, proposal, asking, gate, required)
            unit.requests.insert(request)
            unit.audit.append(
                entry_for(
                    request,
                    AuditKind.REQUEST,
                    asking.act,
                    payload={
                        "reason": request.reason,
                        "gate": gate.value,
                        "approvals_required": required,
                        "operation": {
                            "kind": request.operation.kind.value,
                            "items": list(request.operation.items),
                            "arguments": dict(request.operation.arguments),
                            "secrets": dict(self._vault.fingerprints(proposal.secrets)),
                        },
                        "shown": [list(fact) for fact in request.observation.facts],
                        "unread": list(request.observation.unread),
                        "digest": request.digest,
                    },
                )
            )
            owe_card(unit, request)
            owe_question(unit, request)
            return request

        opened = await self._database.write(work)
        reach(Failpoint.AFTER_REQUEST)
        return opened

    def others_needed(self, environment: str, asker: Role) -> int:
        """How many others must approve what needs approval; 0: the asker confirms it alone, which only an admin can."""
        required = self._clocks.approvals_required(environment)
        return required if asker is Role.ADMIN else max(required, 1)

    async def require_deciders(self, asker: Standing, *, environment: str, channel_id: str = "") -> int:
        """How many others must approve. Raises `Denied` where fewer than that could, there or where they ask."""
        required = self.others_needed(environment, asker.role)
        if required == 0:
            return 0
        able = await self._access.deciders(channel_id or asker.channel_id, excluding=asker.person.id)
        if len(able) < required:
            raise too_few(len(able), required, environment)
        return required

    async def _gate(self, proposal: Proposal, asking: Asking) -> tuple[Gate, int]:
        if proposal.gate is not Gate.APPROVE:
            return proposal.gate, 0
        required = await self.require_deciders(
            asking.standing, environment=proposal.operation.environment, channel_id=asking.channel_id
        )
        return (Gate.APPROVE if required else Gate.CONFIRM), required

    def _new(self, unit: Unit, proposal: Proposal, asking: Asking, gate: Gate, required: int) -> Request:
        born_approved = gate is Gate.NONE
        decide_by = unit.now + timedelta(seconds=self._clocks.decision_seconds)
        return Request(
            id=new_request_id(),
            story=asking.story,
            state=RequestState.APPROVED if born_approved else RequestState.PENDING,
            version=1,
            operation=proposal.operation,
            digest=proposal.operation.digest(self._vault.mark(proposal.secrets)),
            target=proposal.target,
            observation=proposal.observation,
            operation_class=proposal.operation_class,
            gate=gate,
            action=proposal.action,
            summary=proposal.summary,
            reason=proposal.reason,
            requester_id=asking.standing.person.id,
            requester_name=asking.standing.person.name,
            team_id=asking.team_id,
            channel_id=asking.channel_id or asking.standing.channel_id,
            approvals_required=required,
            created_at=unit.now,
            decide_by=decide_by,
            send_by=unit.now + timedelta(seconds=self._clocks.send_seconds) if born_approved else None,
            decided_at=unit.now if born_approved else None,
            sealed=self._vault.seal(proposal.secrets),
        )

    async def find(self, reference: str) -> Request:
        """A request by its id or an unambiguous beginning of it; `UnknownTarget` otherwise."""
        found = await self._database.read(lambda unit: tuple(unit.requests.match(reference)))
        if len(found) == 1:
            return found[0]
        raise UnknownTarget(
            "Several requests begin like that." if found else "There is no such request.",
            typed=reference,
            candidates=[(request.id, f"{request.id}: {request.summary}") for request in found[:10]],
            ambiguous=bool(found),
            look=("Open requests", "approvals list"),
        )

    async def get(self, request_id: str) -> Request | None:
        """A request by its exact id."""
        return await self._database.read(lambda unit: unit.requests.get(request_id))

    async def open_in(self, channel_id: str) -> tuple[Request, ...]:
        """The open requests of a channel, newest first, up to `OPEN_READ`."""
        return await self._database.read(
            lambda unit: tuple(unit.requests.open_requests(channel_id=channel_id, limit=OPEN_READ))
        )

    async def decide(self, request: Request, vote: Vote, by: Standing, act: Act, reason: str = "") -> Request:
        """Record one vote. Raises `Denied` or `Conflict`; the end of the request may be STALE instead.

        Approving raises `TrailUnavailable` where nothing may be sent afterwards; denying stays possible.
        """
        self.refuse(Step.APPROVE if vote is Vote.APPROVE else Step.DENY, request, by)
        if vote is Vote.APPROVE:
            self._trail.require_sound()
            lost = await self._recheck.lost(request)
            if lost is not None:
                return await self._end(request, RequestState.STALE, act, lost.reason, lost.difference)
        return await self._vote(request, vote, by, act, reason)

    async def confirm(self, request: Request, by: Standing, act: Act) -> Request:
        """The requester's own confirmation, which decides where the gate is `confirm`."""
        self.refuse(Step.CONFIRM, request, by)
        self._trail.require_sound()
        lost = await self._recheck.lost(request)
        if lost is not None:
            return await self._end(request, RequestState.STALE, act, lost.reason, lost.difference)
        return await self._vote(request, Vote.APPROVE, by, act, "")

    async def cancel(self, request: Request, by: Standing, act: Act) -> Request:
        """Withdraw it before it is sent: the requester, or an admin of the channel."""
        self.refuse(Step.CANCEL, request, by)
        return await self._end(request, RequestState.CANCELLED, act, "")

    @staticmethod
    def refuse(step: Step, request: Request, by: Standing) -> None:
        """Raise `Denied` where this person may not take this step, here and now."""
        short = refusal(step, request, by)
        if short is not None:
            raise Denied(short.missing, remedy=short.remedy)

    async def _vote(self, request: Request, vote: Vote, by: Standing, act: Act, reason: str) -> Request:
        def work(unit: Unit) -> Request:
            current = self._undecided(unit, request, vote, act)
            record = VoteRecord(person_id=by.person.id, vote=vote, reason=reason, at=unit.now)
            if not unit.requests.add_vote(current.id, record):
                raise Conflict("You have decided this already.", next_step="Others may still decide.")
            voted = replace(current, votes=(*current.votes, record))
            after = self._after_vote(unit, voted, vote, by, reason)
            unit.audit.append(
                entry_for(
                    after,
                    AuditKind.DECISION,
                    act,
                    outcome=AuditOutcome.DENIED if vote is Vote.DENY else AuditOutcome.SUCCEEDED,
                    payload={
                        "vote": vote.value,
                        "reason": reason,
                        "role": by.role.word,
                        "gate": request.gate.value,
                        "was": current.state.value,
                    },
                )
            )
            owe_card(unit, after)
            if vote is Vote.DENY:
                owe_notices(unit, after)
            return after

        decided = await self._database.write(work)
        reach(Failpoint.AFTER_DECISION)
        return decided

    def _after_vote(self, unit: Unit, voted: Request, vote: Vote, by: Standing, reason: str) -> Request:
        after = after_vote(voted, vote)
        if after is RequestState.PENDING:
            return voted
        columns: dict[str, Any] = {"ended_by": by.person.id, "end_reason": reason}
        if after is RequestState.APPROVED:
            columns = {"decided_at": unit.now, "send_by": unit.now + timedelta(seconds=self._clocks.send_seconds)}
        return _moved(unit, voted, after, **columns)

    def _undecided(self, unit: Unit, request: Request, vote: Vote, act: Act) -> Request:
        current = unit.requests.lock(request.id)
        if current is None:
            raise Conflict("This request is no longer known.")
        if not may_still_decide(current, vote):
            raise too_late(current, act.surface)
        if time_to_decide_is_over(current, unit.now):
            raise Conflict("The time to decide this has run out.", next_step="Ask anew.", request_id=current.id)
        return current

    async def _end(
        self,
        request: Request,
        state: RequestState,
        act: Act,
        reason: str,
        difference: tuple[str, ...] = (),
    ) -> Request:
        def work(unit: Unit) -> Request:
            current = unit.requests.lock(request.id)
            if current is None:
                raise Conflict("This request is no longer known.")
            if current.state not in WITHDRAWABLE:
                raise too_late(current, act.surface)
            ended = _moved(
                unit,
                current,
                state,
                ended_by=act.person_id or None,
                end_reason=reason,
                result=replace(current.result, difference=difference),
            )
            unit.audit.append(
                entry_for(ended, AuditKind.DECISION, act, payload={"reason": reason, "difference": list(difference)})
            )
            owe_card(unit, ended)
            if state is not RequestState.CANCELLED or act.person_id != request.requester_id:
                owe_notices(unit, ended)
            return ended

        return await self._database.write(work)


def _moved(unit: Unit, request: Request, after: RequestState, **columns: Any) -> Request:
    moved = unit.requests.move(request.id, before=request.state, after=after, **columns)
    if moved is None:
        raise Conflict("Somebody was quicker.", request_id=request.id)
    return moved

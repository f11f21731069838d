"""What requests should do, in a hundred lines without a database: the state machine is held against this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.access import Role
from bot.domain.requests import RequestState as S
from bot.services.operations.operation import Proof

DECISION, SEND, LEASE = timedelta(seconds=900), timedelta(seconds=120), timedelta(seconds=50)
ROUNDS = (60, 120, 240, 480)
OVERDUE = timedelta(minutes=15)
OPEN = frozenset({S.PENDING, S.APPROVED, S.EXECUTING, S.UNKNOWN, S.NEEDS_HUMAN})
LATE = {S.UNKNOWN, S.NOT_APPLIED, S.NEEDS_HUMAN, S.RESOLVED}
ANSWERS = {S.SUCCEEDED, S.ALREADY_ABSENT, S.REJECTED}
FOUND = {Proof.APPLIED: S.SUCCEEDED, Proof.ABSENT_BEFORE: S.ALREADY_ABSENT, Proof.UNDECIDABLE: S.NEEDS_HUMAN}


class RefusedByModel(Exception):
    """The step is not to be had."""


@dataclass(kw_only=True)
class Expected:
    """One request as it should stand."""

    requester: str
    target: str
    identity: int
    decide_by: datetime
    state: S = S.PENDING
    approvals: set[str] = field(default_factory=set)
    sends: int = 0
    send_by: datetime | None = None
    claimed_at: datetime | None = None
    unknown_since: datetime | None = None
    reconcile_at: datetime | None = None
    round: int = 0


@dataclass(kw_only=True)
class Model:
    """People's roles, targets' identities, and what follows from each step."""

    required: int
    roles: dict[str, Role]
    identities: dict[str, int]
    requests: dict[str, Expected] = field(default_factory=dict)

    def is_admin(self, person: str) -> bool:
        return self.roles[person] is Role.ADMIN

    def may_ask(self, person: str, target: str) -> None:
        able = [one for one in self.roles if one != person and self.is_admin(one)]
        is_taken = any(one.target == target and one.state in OPEN for one in self.requests.values())
        _refuse(len(able) < self.required or is_taken)

    def vote(self, request: Expected, person: str, *, approves: bool, now: datetime) -> None:
        _refuse(person == request.requester or not self.is_admin(person))
        if approves and self.is_lost(request):
            _refuse(request.state not in (S.PENDING, S.APPROVED))
            request.state = S.STALE
            return
        in_time = request.state is S.PENDING and now < request.decide_by
        ends_what_is_approved = request.state is S.APPROVED and not approves
        _refuse(not (in_time or ends_what_is_approved) or person in request.approvals)
        if not approves:
            request.state = S.DENIED
            return
        request.approvals.add(person)
        if len(request.approvals) >= self.required:
            request.state, request.send_by = S.APPROVED, now + SEND

    def cancel(self, request: Expected, person: str) -> None:
        _refuse(person != request.requester and not self.is_admin(person))
        _refuse(request.state not in (S.PENDING, S.APPROVED))
        request.state = S.CANCELLED

    def is_lost(self, request: Expected) -> bool:
        """A right, a vote or the target is no longer what it was."""
        return (
            self.roles[request.requester] < Role.OPERATOR
            or any(not self.is_admin(person) for person in request.approvals)
            or self.identities[request.target] != request.identity
        )

    def send(self, request: Expected, end: S | None, now: datetime) -> None:
        """`end` None: the sender dies over it."""
        if request.state is not S.APPROVED:
            return
        if self.is_lost(request):
            request.state = S.STALE
            return
        assert request.send_by is not None
        if now >= request.send_by:
            return
        request.sends, request.claimed_at, request.state = request.sends + 1, now, S.EXECUTING
        if end is not None:
            self.end(request, end, now)

    def end(self, request: Expected, end: S, now: datetime) -> None:
        """How a send ended, maybe late."""
        late = request.state in LATE and end in ANSWERS
        _refuse(request.state is not S.EXECUTING and not late)
        if end is S.NOT_SENT and request.sends <= 2 and request.send_by is not None and now < request.send_by:
            request.state = S.APPROVED
            return
        request.state = end
        if end is S.UNKNOWN:
            self._doubt(request, now)

    def pass_time(self, now: datetime) -> None:
        for request in self.requests.values():
            undecided = request.state is S.PENDING and request.decide_by <= now
            unsent = request.state is S.APPROVED and request.send_by is not None and request.send_by <= now
            if undecided or unsent:
                request.state = S.EXPIRED
            elif request.state is S.EXECUTING and request.claimed_at is not None and request.claimed_at + LEASE <= now:
                request.state = S.UNKNOWN
                self._doubt(request, now)

    def look(self, proof: Proof, now: datetime) -> None:
        for request in self.requests.values():
            if request.state is S.UNKNOWN and request.reconcile_at is not None and request.reconcile_at <= now:
                self._found(request, proof, now)

    def _found(self, request: Expected, proof: Proof, now: datetime) -> None:
        assert request.claimed_at is not None
        assert request.unknown_since is not None
        if proof in FOUND:
            request.state = FOUND[proof]
        elif now >= request.claimed_at + OVERDUE or request.round + 1 >= len(ROUNDS):
            request.state = S.NOT_APPLIED
        else:
            request.round += 1
            request.reconcile_at = request.unknown_since + timedelta(seconds=ROUNDS[request.round])

    def settle(self, request: Expected, person: str) -> None:
        _refuse(person == request.requester or not self.is_admin(person) or request.state is not S.NEEDS_HUMAN)
        request.state = S.RESOLVED

    @staticmethod
    def _doubt(request: Expected, now: datetime) -> None:
        request.unknown_since, request.reconcile_at = now, now + timedelta(seconds=ROUNDS[0])

    @property
    def states(self) -> Mapping[str, tuple[S, int]]:
        """State and number of sends of every request."""
        return {request_id: (request.state, request.sends) for request_id, request in self.requests.items()}


def _refuse(refused: bool) -> None:
    if refused:
        raise RefusedByModel

"""Requests: what is to be done, to which target, and the legal ways through its states. Pure.

The states and transitions are those of the design; nothing else decides a transition.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.access import Gate, OperationClass
from bot.domain.audit import AuditAction, AuditOutcome, JsonValue


class RequestState(StrEnum):
    """Where a request stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STALE = "stale"
    EXECUTING = "executing"
    SUCCEEDED = "succeeded"
    ALREADY_ABSENT = "already_absent"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    NOT_APPLIED = "not_applied"
    NEEDS_HUMAN = "needs_human"
    RESOLVED = "resolved"


S = RequestState
_ENDS_BEFORE_SENDING = frozenset({S.DENIED, S.CANCELLED, S.EXPIRED, S.STALE})
LATE_ANSWERS = frozenset({S.SUCCEEDED, S.ALREADY_ABSENT, S.REJECTED})
SENT_ENDS = frozenset({S.SUCCEEDED, S.ALREADY_ABSENT, S.REJECTED, S.NOT_SENT, S.UNKNOWN})

TRANSITIONS: Mapping[RequestState, frozenset[RequestState]] = {
    S.PENDING: frozenset({S.APPROVED}) | _ENDS_BEFORE_SENDING,
    S.APPROVED: frozenset({S.EXECUTING}) | _ENDS_BEFORE_SENDING,
    S.EXECUTING: SENT_ENDS,
    S.NOT_SENT: frozenset({S.APPROVED}),
    S.UNKNOWN: frozenset({S.NOT_APPLIED, S.NEEDS_HUMAN}) | LATE_ANSWERS,
    S.NOT_APPLIED: LATE_ANSWERS,
    S.NEEDS_HUMAN: frozenset({S.RESOLVED}) | LATE_ANSWERS,
    S.RESOLVED: LATE_ANSWERS,
}

OPEN_STATES = frozenset({S.PENDING, S.APPROVED, S.EXECUTING, S.UNKNOWN, S.NEEDS_HUMAN})
"""NOT_SENT is stored only when it is final: one that may still be sent goes straight back to APPROVED."""

MAY_STILL_SEND = frozenset({S.PENDING, S.APPROVED, S.EXECUTING})
"""What still needs its secrets. Afterwards an end is proved by reading, and the fingerprints do."""

MAX_SENDS_NOT_SENT = 2
"""How often a call that never left may be tried again within the execution clock."""

AUDIT_OUTCOME_OF: Mapping[RequestState, AuditOutcome] = {
    S.PENDING: AuditOutcome.PENDING,
    S.APPROVED: AuditOutcome.PENDING,
    S.EXECUTING: AuditOutcome.PENDING,
    S.DENIED: AuditOutcome.DENIED,
    S.CANCELLED: AuditOutcome.CANCELLED,
    S.EXPIRED: AuditOutcome.EXPIRED,
    S.STALE: AuditOutcome.STALE,
    S.SUCCEEDED: AuditOutcome.SUCCEEDED,
    S.ALREADY_ABSENT: AuditOutcome.ALREADY_ABSENT,
    S.REJECTED: AuditOutcome.REJECTED,
    S.NOT_SENT: AuditOutcome.NOT_SENT,
    S.UNKNOWN: AuditOutcome.UNKNOWN,
    S.NOT_APPLIED: AuditOutcome.FAILED,
    S.NEEDS_HUMAN: AuditOutcome.UNKNOWN,
}
"""RESOLVED is as somebody said: see `bot.domain.ends.outcome_of`."""


def may_move(before: RequestState, after: RequestState) -> bool:
    """Whether the table above allows this step."""
    return after in TRANSITIONS.get(before, frozenset())


class OperationKind(StrEnum):
    """What can be sent: the eight calls that change something, and the rehearsal that sends nothing."""

    REGISTER_DATABASE = "register_database"
    UPDATE_DATABASE = "update_database"
    DELETE_DATABASE = "delete_database"
    ENABLE_TABLES = "enable_tables"
    DISABLE_TABLES = "disable_tables"
    SET_TOKEN = "set_token"  # noqa: S105
    DELETE_TOKEN = "delete_token"  # noqa: S105
    REMOVE_DEVICES = "remove_devices"
    BIND_CHANNEL = "bind_channel"
    GRANT_ROLE = "grant_role"
    REHEARSAL = "rehearsal"


class Step(StrEnum):
    """What a button on a request asks for."""

    APPROVE = "approve"
    DENY = "deny"
    CANCEL = "cancel"
    CONFIRM = "confirm"
    HAPPENED = "happened"
    DID_NOT = "did_not"


class Vote(StrEnum):
    """A decision as it is stored: one per person and request."""

    APPROVE = "approve"
    DENY = "deny"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """The frozen copy of what will be sent. Secrets never stand in `arguments`."""

    kind: OperationKind
    environment: str
    database_id: str | None = None
    items: tuple[str, ...] = ()
    """Tables or site ids; the request ends per item."""
    arguments: Mapping[str, JsonValue] = field(default_factory=dict)

    def digest(self, secret_fingerprint: str = "") -> str:
        """SHA-256 over the copy and the keyed fingerprint of its secrets: what was approved is what is sent."""
        body = {
            "kind": self.kind.value,
            "environment": self.environment,
            "database_id": self.database_id,
            "items": list(self.items),
            "arguments": dict(self.arguments),
            "secrets": secret_fingerprint,
        }
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The target as just read. `identity` is compared before sending; `facts` are only shown."""

    identity: Mapping[str, JsonValue] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    unread: tuple[str, ...] = ()
    """What could not be read, each as a phrase: it is said on the card and does not block."""
    keep: Mapping[str, JsonValue] = field(default_factory=dict)
    """What a receipt needs afterwards (to register again, to turn back), never a secret."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the request is about, for people and for the one-open-request rule."""

    key: str
    """`<environment>:<database id>[:<site id>…]`, or for a registration label and database name."""
    id: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What a handler wants done. The pipeline makes a request of it, behind the gate."""

    operation: Operation
    target: Target
    observation: Observation
    operation_class: OperationClass
    gate: Gate
    action: AuditAction
    summary: str
    """In words, as an infinitive phrase: `delete the database "orders-eu"`."""
    reason: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    channel_id: str = ""
    """Where it is decided, when not where it was asked: role changes asked for in a direct message."""


@dataclass(frozen=True, kw_only=True)
class ItemResult:
    """How one table or device ended."""

    item: str
    state: RequestState
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a request: the API's words, warnings, and what was read afterwards."""

    codes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    http_status: int | None = None
    duration_ms: int | None = None
    items: tuple[ItemResult, ...] = ()
    created_id: str | None = None
    readings: tuple[str, ...] = ()
    """What reading showed: before and after, for reconcile and for a person's decision."""
    difference: tuple[str, ...] = ()
    """For STALE: what was approved against what is there."""
    receipt: tuple[tuple[str, str], ...] = ()
    undo_label: str = ""
    """With `undo_command`: the button that turns it back, through the same pipeline."""
    undo_command: str = ""
    inferred: bool = False
    retryable: bool | None = None
    reference: str = ""
    held_up: str = ""
    """Why an approved request is not sent yet, once its people were told: the trail does not take the intent."""


@dataclass(frozen=True, kw_only=True)
class VoteRecord:
    """One person's vote."""

    person_id: str
    vote: Vote
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Request:
    """One run of a change or destructive operation, as stored."""

    id: str
    story: str
    state: RequestState
    version: int
    operation: Operation
    digest: str
    target: Target
    observation: Observation
    operation_class: OperationClass
    gate: Gate
    action: AuditAction
    summary: str
    reason: str
    requester_id: str
    requester_name: str
    team_id: str
    channel_id: str
    approvals_required: int
    created_at: datetime
    decide_by: datetime
    send_by: datetime | None = None
    decided_at: datetime | None = None
    claimed_at: datetime | None = None
    claim_expires: datetime | None = None
    claim_owner: str | None = None
    sends: int = 0
    unknown_since: datetime | None = None
    reconcile_at: datetime | None = None
    reconcile_round: int = 0
    reminded_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    end_reason: str = ""
    result: Result = field(default_factory=Result)
    votes: tuple[VoteRecord, ...] = ()
    card_channel: str | None = None
    card_ts: str | None = None
    sealed: bytes | None = field(default=None, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether something may still happen to it."""
        return self.state in OPEN_STATES

    @property
    def approvals(self) -> tuple[VoteRecord, ...]:
        """The votes in favour."""
        return tuple(vote for vote in self.votes if vote.vote is Vote.APPROVE)

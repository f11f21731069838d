"""Requests to rows and back: the one place that knows how a request's parts are stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from bot.domain.access import Gate, OperationClass
from bot.domain.audit import AuditAction
from bot.domain.requests import (
    ItemResult,
    Observation,
    Operation,
    OperationKind,
    Request,
    RequestState,
    Result,
    Target,
    Vote,
    VoteRecord,
)

PLAIN = (
    "id",
    "story",
    "version",
    "digest",
    "summary",
    "reason",
    "requester_id",
    "requester_name",
    "team_id",
    "channel_id",
    "approvals_required",
    "created_at",
    "decide_by",
    "send_by",
    "decided_at",
    "claimed_at",
    "claim_expires",
    "claim_owner",
    "sends",
    "unknown_since",
    "reconcile_at",
    "reconcile_round",
    "reminded_at",
    "ended_at",
    "ended_by",
    "end_reason",
    "card_channel",
    "card_ts",
    "sealed",
)


def to_row(request: Request) -> dict[str, Any]:
    """The columns of a new request."""
    return {
        **{name: getattr(request, name) for name in PLAIN},
        "state": request.state.value,
        "operation": dumped(request.operation),
        "target": dumped(request.target),
        "observation": dumped(request.observation),
        "operation_class": request.operation_class.value,
        "gate": request.gate.value,
        "action": request.action.value,
        "result": dumped(request.result),
        "remind_at": request.decide_by - (request.decide_by - request.created_at) / 3,
    }


def dumped(part: Operation | Target | Observation | Result) -> str:
    """One part as JSON text."""
    return json.dumps(asdict(part), default=dict, sort_keys=True)


def from_row(row: Row[Any], votes: Sequence[Row[Any]]) -> Request:
    """The request that a row and its votes describe."""
    return Request(
        **{name: getattr(row, name) for name in PLAIN},
        state=RequestState(row.state),
        operation=_operation(json.loads(row.operation)),
        target=Target(**json.loads(row.target)),
        observation=_observation(json.loads(row.observation)),
        operation_class=OperationClass(row.operation_class),
        gate=Gate(row.gate),
        action=AuditAction(row.action),
        result=_result(json.loads(row.result)),
        votes=tuple(_vote(vote) for vote in votes),
    )


def _operation(stored: dict[str, Any]) -> Operation:
    return Operation(
        **{**stored, "kind": OperationKind(stored["kind"]), "items": tuple(stored["items"])},
    )


def _observation(stored: dict[str, Any]) -> Observation:
    return Observation(
        identity=stored["identity"],
        facts=_pairs(stored["facts"]),
        unread=tuple(stored["unread"]),
        keep=stored["keep"],
    )


def _result(stored: dict[str, Any]) -> Result:
    lists = {name: tuple(stored[name]) for name in ("codes", "messages", "warnings", "readings", "difference")}
    items = tuple(ItemResult(**{**item, "state": RequestState(item["state"])}) for item in stored["items"])
    return Result(**{**stored, **lists, "items": items, "receipt": _pairs(stored["receipt"])})


def _pairs(stored: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in stored)


def _vote(row: Row[Any]) -> VoteRecord:
    return VoteRecord(person_id=row.person_id, vote=Vote(row.vote), reason=row.reason, at=row.at)

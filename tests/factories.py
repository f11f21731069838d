"""Believable domain records for tests: name what matters, the rest is filled in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

from bot.db.unit import Unit
from bot.domain.access import Gate, OperationClass
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, AuditOutcome, AuditRecord, AuditStory
from bot.domain.ids import new_request_id, new_story_id
from bot.domain.records import FormRecord, FormState, InboxDelivery, OutboxItem
from bot.domain.requests import Observation, Operation, OperationKind, Request, RequestState, Target, Vote, VoteRecord
from tests.clock import START

_NUMBERS = count(1)


def make_entry(**given: Any) -> AuditEntry:
    """An audit row to be written: Ada lists the databases."""
    usual: dict[str, Any] = {
        "kind": AuditKind.READ,
        "story": "st-1",
        "action": AuditAction.DATABASES_LIST,
        "outcome": AuditOutcome.SUCCEEDED,
        "actor": "U0ADA",
        "channel": "C0OPS",
        "environment": "prod",
    }
    return AuditEntry(**{**usual, **given})


def make_request(**given: Any) -> Request:
    """A request to delete a database, just asked for by Ada."""
    database_id = given.pop("database_id", f"db_{next(_NUMBERS)}")
    operation = Operation(kind=OperationKind.DELETE_DATABASE, environment="prod", database_id=database_id)
    usual: dict[str, Any] = {
        "id": new_request_id(),
        "story": new_story_id(),
        "state": RequestState.PENDING,
        "version": 1,
        "operation": operation,
        "digest": operation.digest(),
        "target": Target(key=f"prod:{database_id}", id=database_id, label="orders-eu"),
        "observation": Observation(
            identity={"id": database_id}, facts=(("provider", "postgres"),), unread=("devices",)
        ),
        "operation_class": OperationClass.DESTRUCTIVE,
        "gate": Gate.APPROVE,
        "action": AuditAction.DATABASES_DELETE,
        "summary": "delete the database “orders-eu”",
        "reason": "moved to another region",
        "requester_id": "U0ADA",
        "requester_name": "Ada",
        "team_id": "T0ACME",
        "channel_id": "C0OPS",
        "approvals_required": 1,
        "created_at": START,
        "decide_by": START + timedelta(minutes=15),
    }
    return Request(**{**usual, **given})


def make_device_request(*site_ids: str, **given: Any) -> Request:
    """A request to remove devices from one database."""
    operation = Operation(
        kind=OperationKind.REMOVE_DEVICES, environment="prod", database_id="db_devices", items=site_ids
    )
    target = Target(key="prod:db_devices", id="db_devices", label="field")
    return replace(make_request(**given), operation=operation, target=target)


def make_vote(person_id: str = "U0GRACE", vote: Vote = Vote.APPROVE, reason: str = "") -> VoteRecord:
    """Grace agrees."""
    return VoteRecord(person_id=person_id, vote=vote, reason=reason, at=START)


def make_delivery(key: str = "Ev1", **given: Any) -> InboxDelivery:
    """A slash command as it arrived."""
    usual: dict[str, Any] = {
        "surface": "slash",
        "person_id": "U0ADA",
        "channel_id": "C0OPS",
        "story": "st-1",
        "received_at": START,
    }
    return InboxDelivery(key=key, **{**usual, **given})


def make_item(item_id: str = "", key: str = "card:rq-1", **given: Any) -> OutboxItem:
    """A message that is owed now."""
    usual: dict[str, Any] = {
        "kind": "card",
        "request_id": "rq-1",
        "person_id": None,
        "channel_id": "C0OPS",
        "due_at": START,
        "created_at": START,
    }
    return OutboxItem(id=item_id or f"out-{next(_NUMBERS)}", key=key, **{**usual, **given})


def make_form(form_id: str = "fm-1", **given: Any) -> FormRecord:
    """A form that is open on Ada's screen."""
    usual: dict[str, Any] = {
        "command": "databases register",
        "story": "st-1",
        "person_id": "U0ADA",
        "team_id": "T0ACME",
        "channel_id": "C0OPS",
        "environment": "prod",
        "arguments": {"database": "db_1"},
        "state": FormState.OPEN,
        "request_id": None,
        "created_at": START,
    }
    return FormRecord(id=form_id, **{**usual, **given})


def story_rows(unit: Unit, reference: str) -> tuple[AuditRecord, ...]:
    """The rows of a short story; none where there is no such story."""
    story = unit.audit.story(reference)
    return story.shown if story else ()


def make_story(*records: AuditRecord) -> AuditStory:
    """A short story of these rows."""
    return AuditStory(
        story=records[0].story,
        rows=len(records),
        first_seq=records[0].seq,
        last_seq=records[-1].seq,
        page=1,
        pages=1,
        shown=records,
        telling=records,
    )

"""Rows that are not requests, roles or audit: deliveries, messages to be sent, and open forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.audit import JsonValue


class InboxState(StrEnum):
    """Where a delivery stands."""

    TAKEN = "taken"
    ANSWERED = "answered"
    ABANDONED = "abandoned"


@dataclass(frozen=True, kw_only=True)
class InboxDelivery:
    """One delivery from Slack, kept for 24 hours so that a repeat runs nothing. Never holds what was typed."""

    key: str
    surface: str
    person_id: str
    channel_id: str
    story: str
    received_at: datetime
    state: InboxState = InboxState.TAKEN
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class OutboxItem:
    """One message that is owed. What it says is drawn when it is sent."""

    id: str
    key: str
    """Messages of one key go out in order."""
    kind: str
    request_id: str | None
    person_id: str | None
    channel_id: str | None
    body: Mapping[str, JsonValue] = field(default_factory=dict)
    attempts: int = 0
    due_at: datetime
    created_at: datetime
    version: int = 0


class FormState(StrEnum):
    """Where a form stands; WORKING admits no second submission."""

    OPEN = "open"
    WORKING = "working"
    DONE = "done"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class FormRecord:
    """An open form. Outside it is known by `id` alone, and what is typed is never stored."""

    id: str
    command: str
    story: str
    person_id: str
    team_id: str
    channel_id: str
    environment: str
    arguments: Mapping[str, JsonValue]
    state: FormState
    request_id: str | None
    created_at: datetime

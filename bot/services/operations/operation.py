"""What the request machinery needs to know of one kind of operation. The machinery knows no endpoint itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.writing import WriteSlot
from bot.domain.audit import JsonValue
from bot.domain.requests import ItemResult, Observation, Operation, OperationKind, Request, RequestState, Result


class Proof(StrEnum):
    """What a reading shows about a call whose end is unknown."""

    APPLIED = "applied"
    NOT_APPLIED = "not_applied"
    ABSENT_BEFORE = "absent_before"
    OPEN = "open"
    """Nothing yet: look again at the next round."""
    UNDECIDABLE = "undecidable"
    """No reading can tell: a person must."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """How the send ended: `state` is one of SENT_ENDS."""

    state: RequestState
    result: Result


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What reconciling found, with the readings in words, before and after."""

    proof: Proof
    readings: tuple[str, ...]
    items: tuple[ItemResult, ...] = ()
    created_id: str | None = None
    was_read: bool = True
    """False where nothing could be read, or not of the pinned organisation: then no effect seen proves nothing."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was read after a success: lines (label, value) and the command that turns it back, if there is one."""

    lines: tuple[tuple[str, str], ...] = ()
    astray: tuple[str, ...] = ()
    """Items that are not as wanted, whatever the call was answered."""
    undo_label: str = ""
    undo_command: str = ""


class OperationHandler(Protocol):
    """One kind of operation: reading its target, sending it, proving what became of it."""

    kind: OperationKind

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """Read the target. Raises CloudSyncError only when the identity itself cannot be read."""
        ...

    async def identify(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """Read again what must still hold, and nothing that is only shown: `identity`, and of `keep` what may be newer.

        Raises CloudSyncError when the identity itself cannot be read. What does not block is left out of it.
        """
        ...

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        """Send the stored copy, each item at most once. Never raises for what the API does."""
        ...

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        """Resolve an unknown end by reading. Raises CloudSyncError when the reading itself fails."""
        ...

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """Read the state after a success, and what could turn it back."""
        ...


def differences(approved: Mapping[str, JsonValue], found: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """What changed in a target's identity, one sentence each; empty: it is the one that was approved.

    What one of the two readings could not read is in it under no name at all, and is not compared.
    """
    return tuple(
        f"{name.replace('_', ' ')}: approved {_shown(value)}, now {_shown(found[name])}"
        for name, value in approved.items()
        if name in found and value != found[name]
    )


def _shown(value: JsonValue) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)

"""What a send may take, and for how long its claim holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.cloudsync.writing import FRESH_SECONDS
from bot.domain.requests import OperationKind, Request

WRITING_SECONDS = 5.0
"""What writing an outcome down may take."""
READING_SECONDS = 5.0
"""What reading rights and target again between two calls of one request may take."""


@dataclass(frozen=True, kw_only=True)
class Sending:
    """The send's own settings."""

    call_deadline_seconds: float
    first_reconcile_seconds: int

    def lease(self, calls: int) -> timedelta:
        """How long a claim holds: longer than a sender that lives can take, so that only a dead one loses its claim.

        Each call to its deadline and the freshest readings before it, the readings between the calls, one deadline
        more in hand, and the writing.
        """
        each, readings = self.call_deadline_seconds + FRESH_SECONDS, READING_SECONDS * (calls - 1)
        return timedelta(seconds=each * calls + readings + self.call_deadline_seconds + WRITING_SECONDS)


def calls_of(request: Request) -> int:
    """How many calls a request needs at most: devices are removed one by one."""
    return max(1, len(request.operation.items)) if request.operation.kind is OperationKind.REMOVE_DEVICES else 1

"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
"""Three in the morning, when it matters."""


class ManualClock:
    """Implements `bot.domain.ports.Clock`; both of its clocks move together, and it remembers when it was asked."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._monotonic = 0.0
        self.asked: list[datetime] = []

    def now(self) -> datetime:
        self.asked.append(self._now)
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float = 0, **span: float) -> datetime:
        """Let time pass: `advance(90)`, `advance(minutes=15)`. Returns the new time."""
        step = timedelta(seconds=seconds, **span)
        self._now += step
        self._monotonic += step.total_seconds()
        return self._now

    def turn_back(self, **span: float) -> None:
        """What a corrected host clock does: the wall clock goes back, the monotonic one does not."""
        self._now -= timedelta(**span)

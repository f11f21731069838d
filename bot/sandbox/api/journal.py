"""Every call that reached the stand-in, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """How a call's connection fared."""

    OPEN = "open"
    """The call is still under way."""
    ANSWERED = "answered"
    """The whole answer was sent."""
    CLOSED = "closed"
    """Closed without an answer, or before its end."""
    RESET = "reset"
    """Reset without an answer."""
    ABANDONED = "abandoned"
    """Whoever called was gone before the answer."""


@dataclass(kw_only=True)
class Call:
    """One call, and what became of it."""

    method: str
    path: str
    """As it came, escapes and all."""
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)
    """By lower-case name."""
    started: datetime
    body: Any = field(default=None, repr=False)
    """Decoded where it is JSON, else text; None where there was none."""
    organisation: str = ""
    """Whose key it was; empty where the key is not known, or nobody looked."""
    status: int | None = None
    """Of the answer; None where none was sent."""
    took_effect: bool = False
    fault: str = ""
    """The kind of the fault it met."""
    fate: Fate = Fate.OPEN
    ended: datetime | None = None

    @property
    def changes(self) -> bool:
        """Whether it is of a kind that changes something."""
        return self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def is_authorised(self) -> bool:
        """Whether its key was found to be known."""
        return bool(self.organisation)


@dataclass(kw_only=True)
class Journal:
    """All calls; tests ask it what was really sent."""

    calls: list[Call] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self.calls)

    def sent(self, method: str, path: str = "") -> list[Call]:
        """The calls of this method whose path holds this text."""
        return [call for call in self.calls if call.method == method and path in call.path]

    @property
    def changing(self) -> list[Call]:
        """The calls that change something."""
        return [call for call in self.calls if call.changes]

    def clear(self) -> None:
        """Forget all."""
        self.calls.clear()

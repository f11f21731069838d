"""Every call that reached the stand-in, in order."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Call:
    """One call, and what became of it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    organisation: str = ""
    status: int | None = None
    took_effect: bool = False
    fault: str = ""
    started: float = field(default_factory=time.time)
    ended: float | None = None

    @property
    def changes(self) -> bool:
        """Whether it is of a kind that changes something."""
        return self.method != "GET"


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

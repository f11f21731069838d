"""Two ways of doing the same thing, timed in turn in one run, so that both meet the same machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Seconds of ours and of what it is measured against; `goal` bounds their ratio, from above or, `floor`, below."""

    what: str
    ours: float
    theirs: float
    goal: float | None = None
    floor: bool = False
    remark: str = ""

    @property
    def ratio(self) -> float:
        """Ours to theirs in time; with `floor` in throughput, so that more is better."""
        return self.theirs / self.ours if self.floor else self.ours / self.theirs

    @property
    def is_met(self) -> bool:
        """Whether the goal holds; without one it does."""
        if self.goal is None:
            return True
        return self.ratio >= self.goal if self.floor else self.ratio <= self.goal

    def __str__(self) -> str:
        sign = "≥" if self.floor else "≤"
        goal = "" if self.goal is None else f"{sign} {self.goal:g}x {'met' if self.is_met else 'MISSED'}"
        return (
            f"{self.what:<44} {self.ours * 1000:>10.3f} ms {self.theirs * 1000:>10.3f} ms {self.ratio:>7.2f}x  "
            f"{goal:<14} {self.remark}"
        ).rstrip()


async def seconds_of(work: Work) -> float:
    """How long it takes."""
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def in_turn(ours: Work, theirs: Work, *, rounds: int) -> tuple[float, float]:
    """The medians of both, one after the other so many times, after one of each that does not count."""
    await ours()
    await theirs()
    taken = [(await seconds_of(ours), await seconds_of(theirs)) for _ in range(rounds)]
    return statistics.median(one for one, _ in taken), statistics.median(other for _, other in taken)

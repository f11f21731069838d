"""How soon a request that could not be sent is tried again: each process waits by itself, longer each time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

PAUSES_SECONDS = (1.0, 2.0, 4.0, 5.0)
"""After the first postponement, the second and so on; the last for all that follow."""


class Pacing:
    """Which requests have to wait. Kept in memory: several processes share no clock, and each of them pauses."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._held: dict[str, tuple[int, float]] = {}

    @property
    def held(self) -> int:
        """How many wait."""
        return len(self._held)

    def put_off(self, request_id: str) -> None:
        """It was tried, and is still to be sent."""
        tries, _ = self._held.get(request_id, (0, 0.0))
        pause = PAUSES_SECONDS[min(tries, len(PAUSES_SECONDS) - 1)]
        self._held[request_id] = tries + 1, self._now() + pause

    def is_due(self, request_id: str) -> bool:
        """Whether it may be tried now."""
        return self._now() >= self._held.get(request_id, (0, 0.0))[1]

    def forget(self, request_id: str) -> None:
        """It has gone on."""
        self._held.pop(request_id, None)

    def keep(self, request_ids: Iterable[str]) -> None:
        """Forget all others: they ended elsewhere, or their time ran out."""
        self._held = {one: self._held[one] for one in request_ids if one in self._held}

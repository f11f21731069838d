"""Ids and timestamps as Slack hands them out: unique, and timestamps only grow."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from datetime import datetime

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


class Identifiers:
    """The only source of ids in a workspace."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._last_microsecond = 0
        self._counter = itertools.count(1)

    def new(self, prefix: str) -> str:
        """An id such as `U0K3V9Z1QX`."""
        return prefix + "0" + "".join(secrets.choice(_ALPHABET) for _ in range(9))

    def short(self) -> str:
        """An id for a block or an element that the app left anonymous: another one each time."""
        return secrets.token_urlsafe(4)

    def message_ts(self) -> str:
        """Seconds and microseconds; no two alike, each later than the one before."""
        now = int(self._clock().timestamp() * 1_000_000)
        self._last_microsecond = max(now, self._last_microsecond + 1)
        return f"{self._last_microsecond // 1_000_000}.{self._last_microsecond % 1_000_000:06d}"

    def view_hash(self) -> str:
        """The version of a view, as `views.update` compares it."""
        return f"{int(self._clock().timestamp())}.{secrets.token_hex(4)}"

    def number(self) -> int:
        """A number never given before."""
        return next(self._counter)

"""Faults, armed for matching calls: what networks, proxies and servers do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong, and on which side of the effect."""

    REFUSE = "refuse"
    """The connection is closed before a byte is read."""
    RESET = "reset"
    """The connection is reset after the request, before the effect."""
    CLOSE_BEFORE_EFFECT = "close_before_effect"
    CLOSE_AFTER_EFFECT = "close_after_effect"
    LATE_EFFECT = "late_effect"
    """The connection hangs and closes; the effect comes afterwards."""
    SERVER_ERROR_BEFORE_EFFECT = "server_error_before_effect"
    SERVER_ERROR_AFTER_EFFECT = "server_error_after_effect"
    TRUNCATED = "truncated"
    """The effect happens; the body ends too early."""
    GARBAGE = "garbage"
    HTML = "html"
    """The effect happens; a proxy answers 200 with HTML."""
    BAD_GATEWAY = "bad_gateway"
    """No effect; a proxy answers 502 with HTML."""
    EMPTY = "empty"
    """The effect happens; 200 and nothing."""
    DRIP = "drip"
    HANG = "hang"
    """No answer for `seconds`, then the connection closes; no effect."""
    SLOW = "slow"
    """The right answer, after `seconds`."""
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND_BARE = "not_found_bare"
    """404 without the documented envelope."""
    TIMEOUT_STATUS = "timeout_status"
    CONFLICT = "conflict"
    UNPROCESSABLE = "unprocessable"
    TOO_EARLY = "too_early"
    RATE_LIMITED = "rate_limited"
    RATE_LIMITED_SILENT = "rate_limited_silent"
    """429 without `Retry-After`."""
    REDIRECT = "redirect"
    SEVERAL_ERRORS = "several_errors"
    DATABASE_ERROR = "database_error"
    """422 with a `database_*` code, given by `code`."""


@dataclass(kw_only=True)
class Fault:
    """One armed fault."""

    kind: FaultKind
    method: str = "*"
    path: str = ".*"
    times: int = 1
    """How often; -1: for ever."""
    seconds: float = 1.0
    code: str = "database_unreachable"

    def fits(self, method: str, path: str) -> bool:
        """Whether this call meets it."""
        return self.times != 0 and self.method in ("*", method) and re.fullmatch(self.path, path) is not None


@dataclass(kw_only=True)
class Faults:
    """The armed faults; the first that fits is met."""

    armed: list[Fault] = field(default_factory=list)

    def arm(
        self,
        kind: FaultKind,
        *,
        method: str = "*",
        path: str = ".*",
        times: int = 1,
        seconds: float = 1.0,
        code: str = "database_unreachable",
    ) -> Fault:
        """Let matching calls meet it."""
        fault = Fault(kind=kind, method=method, path=path, times=times, seconds=seconds, code=code)
        self.armed.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this call meets, used up by one."""
        for fault in self.armed:
            if fault.fits(method, path):
                fault.times -= 1 if fault.times > 0 else 0
                return fault
        return None

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.armed.clear()

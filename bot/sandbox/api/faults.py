"""Faults, armed for matching calls: what networks, proxies and servers do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

FOREVER = -1


class FaultKind(StrEnum):
    """What goes wrong, and on which side of the effect."""

    REFUSE = "refuse"
    """The connection is closed before the body is read; no effect."""
    RESET = "reset"
    """The connection is reset after the request, before the effect."""
    RESET_AFTER_EFFECT = "reset_after_effect"
    CLOSE_BEFORE_EFFECT = "close_before_effect"
    CLOSE_AFTER_EFFECT = "close_after_effect"
    LATE_EFFECT = "late_effect"
    """The connection closes; the effect comes `seconds` later."""
    GATEWAY_TIMEOUT = "gateway_timeout"
    """A proxy answers 504 with HTML; the effect comes `seconds` later."""
    SERVER_ERROR_BEFORE_EFFECT = "server_error_before_effect"
    """`status`, 500 unless given, in the documented envelope."""
    SERVER_ERROR_AFTER_EFFECT = "server_error_after_effect"
    """The effect happens; `status`, 500 unless given, in the documented envelope."""
    TRUNCATED = "truncated"
    """The effect happens; the body ends too early."""
    GARBAGE = "garbage"
    """The effect happens; the body is no JSON."""
    HTML = "html"
    """The effect happens; a proxy answers 200 with HTML."""
    BAD_GATEWAY = "bad_gateway"
    """No effect; a proxy answers 502 with HTML."""
    EMPTY = "empty"
    """The effect happens; 200 and nothing."""
    DRIP = "drip"
    """The effect happens; the answer comes in ten pieces, `seconds` apart: longer than any one read's timeout."""
    HANG = "hang"
    """No answer for `seconds`, then the connection closes; no effect."""
    SLOW = "slow"
    """The right answer, after `seconds`."""
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND_BARE = "not_found_bare"
    """404 without the documented envelope."""
    TIMEOUT_STATUS = "timeout_status"
    """408."""
    CONFLICT = "conflict"
    UNPROCESSABLE = "unprocessable"
    TOO_EARLY = "too_early"
    RATE_LIMITED = "rate_limited"
    """429 with `Retry-After`, in whole `seconds`, at least one."""
    RATE_LIMITED_SILENT = "rate_limited_silent"
    """429 without `Retry-After`."""
    REDIRECT = "redirect"
    """302 to another host."""
    SEVERAL_ERRORS = "several_errors"
    """422 with two entries under `errors`."""
    DATABASE_ERROR = "database_error"
    """422 with a `database_*` code, given by `code`."""


@dataclass(kw_only=True)
class Fault:
    """One armed fault."""

    kind: FaultKind
    method: str = "*"
    path: str = ".*"
    """A regular expression for the whole path, without the query."""
    times: int = 1
    """How often; `FOREVER`: until disarmed."""
    seconds: float = 1.0
    status: int = 500
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
        status: int = 500,
        code: str = "database_unreachable",
    ) -> Fault:
        """Let matching calls meet it. Raises re.error for a path that is no regular expression."""
        re.compile(path)
        fault = Fault(kind=kind, method=method, path=path, times=times, seconds=seconds, status=status, code=code)
        self.armed.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this call meets, used up by one; what is used up is disarmed."""
        met = next((fault for fault in self.armed if fault.fits(method, path)), None)
        if met is not None and met.times != FOREVER:
            met.times -= 1
            if met.times == 0:
                self.armed.remove(met)
        return met

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.armed.clear()

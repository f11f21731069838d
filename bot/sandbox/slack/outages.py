"""Bad days on Slack's side, armed by tests: outages, refusals, slowness, for the Web API and for response URLs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

RESPONSE_URL = "response_url"
"""The name under which response URLs are matched, beside the method names such as `chat.postMessage`."""


class Outage(StrEnum):
    """What happens to a matching call."""

    RATE_LIMITED = "rate_limited"
    """429 with Retry-After; no effect."""
    SERVER_ERROR = "server_error"
    """500 without effect."""
    UNAVAILABLE = "unavailable"
    """503 and a page of HTML, without effect."""
    REFUSED = "refused"
    """200 with `ok: false` and the armed code, without effect."""
    RESET_BEFORE = "reset_before"
    """The connection breaks before anything happened."""
    RESET_AFTER = "reset_after"
    """It happened, and the connection breaks before the answer."""
    SLOW = "slow"
    """It happens after the armed seconds, and is answered."""


@dataclass(kw_only=True)
class Armed:
    """One outage waiting for its calls. `times` None means until disarmed."""

    method: str
    outage: Outage
    times: int | None = 1
    retry_after: int | None = 1
    seconds: float = 0.0
    code: str = "fatal_error"


@dataclass(kw_only=True)
class Outages:
    """All that is armed; the first match takes effect."""

    armed: list[Armed] = field(default_factory=list)

    def arm(
        self,
        method: str,
        outage: Outage,
        *,
        times: int | None = 1,
        retry_after: int | None = 1,
        seconds: float = 0.0,
        code: str = "fatal_error",
    ) -> None:
        """Let the next calls of this method (a pattern such as `chat.*`) meet the outage."""
        self.armed.append(
            Armed(method=method, outage=outage, times=times, retry_after=retry_after, seconds=seconds, code=code)
        )

    def clear(self) -> None:
        """A good day again."""
        self.armed.clear()

    def take(self, method: str) -> Armed | None:
        """The outage that this call meets, counted."""
        for armed in self.armed:
            if fnmatchcase(method, armed.method):
                if armed.times is not None:
                    armed.times -= 1
                    if armed.times <= 0:
                        self.armed.remove(armed)
                return armed
        return None

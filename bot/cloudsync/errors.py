"""What can go wrong while reading from the Management API. Writes do not raise: they end in a `SendOutcome`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors import BotError


@dataclass(frozen=True, kw_only=True)
class ApiFault:
    """One member of the API's `errors` array."""

    code: str = ""
    title: str = ""
    detail: str = ""
    status: str = ""


class CloudSyncError(BotError):
    """Root of the reading errors. The text never holds an address's query, a key or a body."""

    retryable = False
    own_code = "failed"
    """Our own name for it, where the answer holds no code."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        faults: tuple[ApiFault, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.faults = faults
        self.retry_after = retry_after
        """Seconds to wait, where the API asked for it."""

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes of the answer."""
        return tuple(fault.code for fault in self.faults if fault.code)

    @property
    def code(self) -> str:
        """The answer's first code, or our own: what the trail is searched by."""
        return next(iter(self.codes), self.own_code)


class Unsendable(CloudSyncError):
    """What was asked cannot be written as a request: an id that would change the path, text that is no Unicode.

    Nothing was sent.
    """

    own_code = "unsendable"


class ApiUnreachable(CloudSyncError):
    """No connection came about, or it broke."""

    retryable = True
    own_code = "unreachable"


class ApiTimeout(CloudSyncError):
    """No whole answer came within the deadline."""

    retryable = True
    own_code = "timeout"


class ApiRefused(CloudSyncError):
    """A 4xx with the documented envelope."""

    own_code = "refused"


class Unauthorized(ApiRefused):
    """401 or 403: the management key is not accepted."""

    own_code = "unauthorized"


class NotFound(ApiRefused):
    """404 with the documented envelope."""

    own_code = "not_found"


class RateLimited(ApiRefused):
    """429."""

    retryable = True
    own_code = "rate_limited"


class ApiBroken(CloudSyncError):
    """A 5xx, HTML, garbage, nothing, a redirect, or a 404 that is not the API's own."""

    retryable = True
    own_code = "unreadable"

    @property
    def code(self) -> str:
        """A status says more than that the answer could not be read."""
        status = self.status or 0
        own = "server_error" if status >= 500 else "redirected" if 300 <= status < 400 else self.own_code
        return next(iter(self.codes), own)

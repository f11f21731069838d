"""One call to an estate, and reading it as strictly as an honest server would."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.sandbox.api.answers import JSON_TYPE, RefusedError
from bot.sandbox.api.estate import Database, Estate
from bot.sandbox.api.switches import Switches

LISTS = ("jwtAllowedIssuers", "jwtExpectedAudiences", "tables")
"""Fields that hold several texts; all others hold one."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A call whose key is known, and what answering it needs."""

    estate: Estate
    switches: Switches
    clock: Callable[[], datetime]
    pause: Callable[[float], Awaitable[None]]
    method: str
    path: str
    query: Mapping[str, str]
    content_type: str
    body: Any
    parts: tuple[str, ...] = ()
    """What stands in the path for `:databaseID` and `:siteId`."""

    def database(self) -> Database:
        """The database in the path."""
        found = self.estate.databases.get(self.parts[0])
        if found is None:
            raise RefusedError(404, "not_found", "managed database not found")
        return found

    def reachable_database(self) -> Database:
        """The database in the path, for what has to ask the tenant database itself."""
        found = self.database()
        if found.failure is not None:
            raise RefusedError(502 if found.failure.retryable else 422, found.failure.code, found.failure.message)
        return found

    def fields(self, *known: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
        """The body, which holds these fields at most, and all that are required."""
        if self.content_type.partition(";")[0].strip().lower() != JSON_TYPE:
            raise RefusedError(400, "invalid_content_type", f"Content-Type must be {JSON_TYPE}")
        if not isinstance(self.body, dict):
            raise RefusedError(400, "invalid_body", "a JSON object is expected")
        if "workspaceId" in self.body:
            raise RefusedError(403, "forbidden", "workspaceId is not accepted with a workspace key")
        if unknown := sorted(self.body.keys() - {*known, *required}):
            raise self.invalid(f"unknown: {', '.join(unknown)}")
        if missing := [name for name in required if not self.body.get(name)]:
            raise self.invalid(f"missing: {', '.join(missing)}")
        if mistyped := [name for name, value in self.body.items() if not _fits(name, value)]:
            raise self.invalid(f"of the wrong type: {', '.join(mistyped)}")
        return self.body

    def invalid(self, detail: str) -> RefusedError:
        """A body that is understood and not acceptable."""
        return RefusedError(self.switches.invalid.value, "validation_failed", detail)

    def whole(self, name: str, *, default: int, most: int) -> int:
        """A whole number from 1 in the query."""
        text = self.query.get(name, str(default))
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise RefusedError(400, "invalid_parameter", f"{name} must be from 1 to {most}")
        return int(text)


def _fits(name: str, value: object) -> bool:
    if name in LISTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, str)

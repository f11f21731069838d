"""Verifying a tenant connection: the host's name decides how it ends."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.sandbox.api.answers import RefusedError
from bot.sandbox.api.asked import Asked

SCHEMES = {
    "postgres": ("postgres", "postgresql"),
    "sqlitecloud": ("sqlitecloud",),
}
"""How a provider's connection strings begin."""

FAILURES = {
    "paused": ("database_paused", "tenant database is paused"),
    "badauth": ("database_auth_failed", "password authentication failed"),
    "unreachable": ("database_unreachable", "tenant database is unreachable"),
    "denied": ("database_permission_denied", "permission denied for schema public"),
    "notready": ("database_cloudsync_not_ready", "CloudSync extension is not installed"),
    "broken": ("database_error", "unexpected error from the tenant database"),
}
"""A host that holds one of these words fails verification with its code."""


async def verify(asked: Asked, connection_string: str, provider: str) -> None:
    """Take the estate's time over it. Raises `RefusedError` as the API would."""
    host = _host(connection_string, provider)
    if not host:
        raise asked.invalid("connectionString is malformed")
    await asked.pause(asked.estate.verification_seconds)
    for word, (code, detail) in FAILURES.items():
        if word in host:
            raise RefusedError(asked.switches.verification.value, code, detail)


def _host(connection_string: str, provider: str) -> str:
    """Empty where it is none that fits the provider."""
    try:
        parts = urlsplit(connection_string)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return ""
    return parts.hostname or "" if parts.scheme in SCHEMES[provider] else ""

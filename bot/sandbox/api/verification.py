"""Verifying a tenant connection: the host's name decides how it ends."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.sandbox.api.answers import RefusedError

VERIFICATION = {
    "paused": ("database_paused", "tenant database is paused"),
    "badauth": ("database_auth_failed", "password authentication failed"),
    "unreachable": ("database_unreachable", "tenant database is unreachable"),
    "denied": ("database_permission_denied", "permission denied for schema public"),
    "notready": ("database_cloudsync_not_ready", "CloudSync extension is not installed"),
    "broken": ("database_error", "unexpected error from the tenant database"),
}
"""A host that holds one of these words fails verification with its code."""


def verify(connection_string: str) -> None:
    """Raise `RefusedError` as the API would."""
    try:
        host = urlsplit(connection_string).hostname or ""
    except ValueError:
        host = ""
    if not host:
        raise RefusedError(422, "validation_failed", "connectionString is malformed")
    for word, (code, detail) in VERIFICATION.items():
        if word in host:
            raise RefusedError(422, code, detail)

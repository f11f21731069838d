"""The tenant database's failure codes in plain words. Source: the Management API's `POST /v1/databases`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DATABASE_FAILURES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "database_paused": (
            "The database is paused by its provider.",
            "Wake it up in the provider's dashboard, then try again.",
        ),
        "database_auth_failed": (
            "The database refused the user name or password.",
            "Put working credentials into the connection string; trying again as it is will not help.",
        ),
        "database_unreachable": (
            "The database could not be reached over the network.",
            "Check host, port and firewall; if they are right, try again in a minute.",
        ),
        "database_permission_denied": (
            "The database let CloudSync in, but the user may not do what is needed there.",
            "Give the database user the missing rights, then try again.",
        ),
        "database_cloudsync_not_ready": (
            "The database answers, but CloudSync is not installed or not ready in it.",
            "Install the CloudSync extension there, then try again.",
        ),
        "database_error": (
            "The database answered with an error of its own.",
            "Look at the database's log; trying again helps only if the cause was passing.",
        ),
    }
)
"""Code → what happened, and what to do next including whether trying again helps."""


def sentence_for(code: str) -> tuple[str, str] | None:
    """What a `database_*` code means and what to do; None for a code that is not known."""
    return DATABASE_FAILURES.get(code)

"""The sixteen calls as data: what exactly is sent. Pure; `bot.cloudsync.client` does the sending.

Each raises `Unsendable` for an id that cannot be a segment of a path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from bot.cloudsync.errors import Unsendable
from bot.cloudsync.models import UNSET, DatabaseChanges, Registration

DOT_SEGMENTS = frozenset({".", ".."})
"""What every URL library takes out of a path: `devices/..` would be the database itself (RFC 3986 §5.2.4)."""


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """One call. `body` may hold a secret and is not shown."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    verifies: bool = False
    """The API checks the tenant connection in this call: a `database_*` code is a refusal at any status."""

    @property
    def is_delete(self) -> bool:
        """Whether a 404 means that there was nothing left to do."""
        return self.method == "DELETE"


def _database(database_id: str, *rest: str) -> str:
    return "/".join(["/v1/databases", _segment(database_id), *rest])


def _segment(name: str) -> str:
    """One segment of a path, and never less or more, also behind a proxy that undoes `%2F`."""
    if not name or DOT_SEGMENTS & set(name.replace("\\", "/").split("/")):
        raise Unsendable("This id cannot stand in an address; nothing was sent.")
    try:
        return quote(name, safe="")
    except UnicodeEncodeError:
        raise Unsendable("This id is no valid text; nothing was sent.") from None


def get_organisation() -> ApiRequest:
    """`GET /v1/orgs`."""
    return ApiRequest(method="GET", path="/v1/orgs")


def list_databases(project_id: str | None = None) -> ApiRequest:
    """`GET /v1/databases`."""
    return ApiRequest(method="GET", path="/v1/databases", query={"projectId": project_id} if project_id else {})


def register_database(registration: Registration) -> ApiRequest:
    """`POST /v1/databases`."""
    optional = {
        "schemaName": registration.schema_name,
        "jwtAllowedIssuers": _listed(registration.jwt_allowed_issuers),
        "jwtExpectedAudiences": _listed(registration.jwt_expected_audiences),
        "jwksUri": registration.jwks_uri,
        "jwtSecret": registration.jwt_secret,
        "projectId": registration.project_id,
    }
    body = {
        "label": registration.label,
        "connectionString": registration.connection_string,
        "provider": registration.provider,
        "flavor": registration.flavor,
        "databaseName": registration.database_name,
        **{name: value for name, value in optional.items() if value},
    }
    return ApiRequest(method="POST", path="/v1/databases", body=body, verifies=True)


def get_database(database_id: str) -> ApiRequest:
    """`GET /v1/databases/:databaseID`."""
    return ApiRequest(method="GET", path=_database(database_id))


def update_database(database_id: str, changes: DatabaseChanges) -> ApiRequest:
    """`PATCH /v1/databases/:databaseID`."""
    named = {
        "label": changes.label,
        "connectionString": changes.connection_string,
        "jwtAllowedIssuers": changes.jwt_allowed_issuers,
        "jwtExpectedAudiences": changes.jwt_expected_audiences,
        "jwksUri": changes.jwks_uri,
        "jwtSecret": changes.jwt_secret,
    }
    body = {
        name: list(value) if isinstance(value, tuple) else value for name, value in named.items() if value is not UNSET
    }
    verifies = changes.connection_string is not UNSET
    return ApiRequest(method="PATCH", path=_database(database_id), body=body, verifies=verifies)


def delete_database(database_id: str) -> ApiRequest:
    """`DELETE /v1/databases/:databaseID`."""
    return ApiRequest(method="DELETE", path=_database(database_id))


def check_connection(database_id: str) -> ApiRequest:
    """`GET /v1/databases/:databaseID/connection`."""
    return ApiRequest(method="GET", path=_database(database_id, "connection"))


def list_tables(database_id: str) -> ApiRequest:
    """`GET /v1/databases/:databaseID/cloudsync/tables`."""
    return ApiRequest(method="GET", path=_database(database_id, "cloudsync", "tables"))


def enable_tables(database_id: str, tables: Sequence[str]) -> ApiRequest:
    """`POST /v1/databases/:databaseID/cloudsync/enable`."""
    return ApiRequest(method="POST", path=_database(database_id, "cloudsync", "enable"), body={"tables": list(tables)})


def disable_tables(database_id: str, tables: Sequence[str]) -> ApiRequest:
    """`POST /v1/databases/:databaseID/cloudsync/disable`."""
    return ApiRequest(method="POST", path=_database(database_id, "cloudsync", "disable"), body={"tables": list(tables)})


def set_expo_token(database_id: str, token: str) -> ApiRequest:
    """`PUT /v1/databases/:databaseID/notifications/expo-access-token`."""
    return ApiRequest(method="PUT", path=_expo_token(database_id), body={"expoAccessToken": token})


def get_expo_token(database_id: str) -> ApiRequest:
    """`GET /v1/databases/:databaseID/notifications/expo-access-token`."""
    return ApiRequest(method="GET", path=_expo_token(database_id))


def delete_expo_token(database_id: str) -> ApiRequest:
    """`DELETE /v1/databases/:databaseID/notifications/expo-access-token`."""
    return ApiRequest(method="DELETE", path=_expo_token(database_id))


def notification_status(database_id: str) -> ApiRequest:
    """`GET /v1/databases/:databaseID/notifications/status`."""
    return ApiRequest(method="GET", path=_database(database_id, "notifications", "status"))


def list_devices(database_id: str, *, page: int, page_size: int) -> ApiRequest:
    """`GET /v1/databases/:databaseID/devices`."""
    query = {"page": str(page), "page_size": str(page_size)}
    return ApiRequest(method="GET", path=_database(database_id, "devices"), query=query)


def remove_device(database_id: str, site_id: str) -> ApiRequest:
    """`DELETE /v1/databases/:databaseID/devices/:siteId`."""
    return ApiRequest(method="DELETE", path=_database(database_id, "devices", _segment(site_id)))


def _expo_token(database_id: str) -> str:
    return _database(database_id, "notifications", "expo-access-token")


def _listed(values: tuple[str, ...] | None) -> list[str] | None:
    return list(values) if values else None

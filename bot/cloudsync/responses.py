"""Answers of the Management API, decoded. Pure and tolerant: odd names, unknown and missing fields are all taken."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.cloudsync.errors import ApiBroken, ApiFault, ApiRefused, CloudSyncError, NotFound, RateLimited, Unauthorized
from bot.cloudsync.fields import Json, identifier, mapping, moment, pick, port, rows, text, texts
from bot.cloudsync.models import (
    ConnectionCheck,
    ConnectionFailure,
    Database,
    Device,
    ExpoToken,
    NotificationStatus,
    Organisation,
    Page,
    Table,
)
from bot.domain.secrecy import redact

SIGNS_OF_LIFE = (
    *("lastSyncAt", "last_sync_at", "lastSync", "last_sync", "lastSeenAt", "last_seen_at", "lastSeen", "last_seen"),
    *("lastActiveAt", "last_active_at"),
)
"""Names for when a device was last heard of."""

TOKEN_FLAGS = ("configured", "present", "exists", "isSet", "is_set", "hasToken", "has_token")
"""Names for whether a token is set."""


@dataclass(frozen=True, kw_only=True)
class ApiResponse:
    """An answer as it came off the wire."""

    status: int
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None

    def json(self) -> object:
        """The decoded body; None where it is not JSON."""
        try:
            decoded: object = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return decoded

    @property
    def is_html(self) -> bool:
        """Whether a proxy answered in the API's place."""
        head = self.body[:200].lstrip().lower()
        return "html" in self.content_type.lower() or head.startswith((b"<!doctype", b"<html"))


def faults_of(response: ApiResponse) -> tuple[ApiFault, ...] | None:
    """The `errors` array; None where the answer has no such envelope."""
    decoded = response.json()
    errors = decoded.get("errors") if isinstance(decoded, dict) else None
    if not isinstance(errors, list) or not errors:
        return None
    return tuple(_fault(error) for error in errors)


def _fault(error: object) -> ApiFault:
    if not isinstance(error, dict):
        return ApiFault(detail=_said(error))
    return ApiFault(
        code=_said(error.get("code"))[:100],
        title=_said(error.get("title")),
        detail=_said(error.get("detail") or error.get("message")),
        status=_said(error.get("status")),
    )


def _said(value: object) -> str:
    """Untrusted text, cut and without what looks secret."""
    return redact(str(value))[:500] if value is not None else ""


def data_of(response: ApiResponse) -> object:
    """What a successful read holds under `data`. Raises the error that fits any other answer."""
    if 300 <= response.status < 400:
        raise ApiBroken("The API answered with a redirect, which is never followed.", status=response.status)
    if response.status >= 400:
        raise error_of(response)
    decoded = response.json()
    if response.is_html or not isinstance(decoded, dict) or "data" not in decoded:
        raise ApiBroken("The answer is not what the API documents.", status=response.status)
    return decoded["data"]


def error_of(response: ApiResponse) -> CloudSyncError:
    """The one function that owns status → error for reads."""
    faults = faults_of(response)
    status = response.status
    if status == 429:
        return RateLimited(
            "The API asks to slow down.", status=status, faults=faults or (), retry_after=response.retry_after
        )
    if status in (401, 403):
        return Unauthorized("The management key was not accepted.", status=status, faults=faults or ())
    if faults is None or status >= 500:
        return ApiBroken(
            f"The API answered {status}.", status=status, faults=faults or (), retry_after=response.retry_after
        )
    kind = NotFound if status == 404 else ApiRefused
    return kind(f"The API refused with {status}.", status=status, faults=faults)


def organisation(data: object) -> Organisation:
    """`GET /v1/orgs`."""
    found = data if isinstance(data, dict) else next(iter(rows(data)), {})
    return Organisation(
        id=identifier(found, "organizationId", "organisationId", "id"),
        slug=text(found, "slug"),
        name=text(found, "name"),
        status=text(found, "status"),
    )


def databases(data: object) -> tuple[Database, ...]:
    """`GET /v1/databases`."""
    return tuple(database(row) for row in rows(data))


def database(data: object) -> Database:
    """`GET /v1/databases/:databaseID` and each member of the list."""
    found = mapping(data)
    if isinstance(found.get("database"), dict):
        found = mapping(found["database"])
    host, port_number = _whereabouts(found)
    return Database(
        id=identifier(found, "managedDatabaseId", "id", "databaseId", "managed_database_id", "database_id"),
        label=text(found, "label", "name"),
        provider=text(found, "provider"),
        flavor=text(found, "flavor"),
        database_name=text(found, "databaseName", "database_name", "database"),
        schema_name=text(found, "schemaName", "schema_name"),
        project_id=text(found, "projectId", "project_id"),
        host=host,
        port=port_number,
        jwt_allowed_issuers=texts(found, "jwtAllowedIssuers", "jwt_allowed_issuers"),
        jwt_expected_audiences=texts(found, "jwtExpectedAudiences", "jwt_expected_audiences"),
        jwks_uri=text(found, "jwksUri", "jwks_uri"),
        created_at=moment(pick(found, "createdAt", "created_at")),
        updated_at=moment(pick(found, "updatedAt", "updated_at")),
    )


def _whereabouts(found: Json) -> tuple[str | None, int | None]:
    """Host and port, also out of a connection string that should not have been there."""
    host = text(found, "host", "hostname")
    connection = pick(found, "connectionString", "connection_string")
    if host is None and isinstance(connection, str):
        return host_of(connection)
    return host, port(found, "port")


def host_of(connection_string: str) -> tuple[str | None, int | None]:
    """Where a connection string points; never its credentials, also where a `/` or `#` in them ends the host early."""
    try:
        parts = urlsplit(connection_string)
        astray = "@" in f"{parts.path}{parts.fragment}"
        return (None, None) if astray else (parts.hostname, parts.port)
    except ValueError:
        return None, None


def connection_check(data: object) -> ConnectionCheck:
    """`GET …/connection`; an `ok` that is missing counts as failed."""
    found = mapping(data)
    failure = mapping(found.get("failure"))
    retryable = failure.get("retryable")
    return ConnectionCheck(
        ok=found.get("ok") is True,
        checked_at=moment(pick(found, "checkedAt", "checked_at")),
        failure=ConnectionFailure(
            code=text(failure, "code") or "",
            message=text(failure, "message", "detail") or "",
            retryable=retryable if isinstance(retryable, bool) else None,
        )
        if failure
        else None,
    )


def tables(data: object) -> tuple[Table, ...]:
    """`GET …/cloudsync/tables`."""
    found = []
    for row in rows(data):
        name, enabled = identifier(row, "name", "table", "tableName"), row.get("enabled")
        if name is not None:
            found.append(Table(name=name, enabled=enabled if isinstance(enabled, bool) else None))
    return tuple(found)


def expo_token(data: object) -> ExpoToken:
    """`GET …/expo-access-token`: a null, an empty object and a flag that says no are all an absent token."""
    found = mapping(data)
    flags = [found[name] for name in TOKEN_FLAGS if name in found]
    said_no = any(flag is False for flag in flags)
    return ExpoToken(
        present=bool(found) and not said_no,
        updated_at=moment(pick(found, "updatedAt", "updated_at", "createdAt", "created_at")),
    )


def notification_status(data: object) -> NotificationStatus:
    """`GET …/notifications/status`."""
    found = mapping(data)
    return NotificationStatus(
        status=text(found, "status") or (data if isinstance(data, str) else None), reason=text(found, "reason")
    )


def devices(response: ApiResponse, data: object, *, page: int, page_size: int) -> Page[Device]:
    """`GET …/devices`, with whatever `meta` tells of a total or of more."""
    items = []
    for row in rows(data):
        site_id = identifier(row, "siteId", "site_id", "id")
        if site_id is not None:
            items.append(Device(site_id=site_id, last_sync_at=moment(pick(row, *SIGNS_OF_LIFE))))
    total, more = page_facts(response, page=page, page_size=page_size, count=len(items))
    return Page(items=tuple(items), page=page, page_size=page_size, total=total, more=more)


def page_facts(response: ApiResponse, *, page: int, page_size: int, count: int) -> tuple[int | None, bool | None]:
    """Total and whether more follow, from `meta` in any of its plausible shapes."""
    decoded = mapping(response.json())
    meta = mapping(decoded.get("meta"))
    nested = mapping(meta.get("pagination") or meta.get("page") if not isinstance(meta.get("page"), int) else None)
    total = next(
        (
            value
            for source in (meta, nested)
            for name in ("total", "totalCount", "total_count", "totalItems")
            if isinstance(value := source.get(name), int) and not isinstance(value, bool)
        ),
        None,
    )
    if total is not None and count and total < (page - 1) * page_size + count:
        total = None
    for name in ("hasMore", "has_more", "hasNext", "has_next"):
        said = meta.get(name, nested.get(name))
        if isinstance(said, bool):
            return total, said
    return total, count >= page_size if total is None else page * page_size < total


def warnings_of(response: ApiResponse) -> tuple[str, ...]:
    """Warnings of a success, wherever the answer carries them."""
    decoded = mapping(response.json())
    places = (mapping(decoded.get("data")), mapping(decoded.get("meta")), decoded)
    said: list[str] = []
    for place in places:
        found = place.get("warnings") or place.get("cleanupWarnings")
        for warning in found if isinstance(found, list) else [found] if found else []:
            said.append(_warning(warning))
    return tuple(dict.fromkeys(said))


def _warning(warning: object) -> str:
    if isinstance(warning, dict):
        words = [_said(warning[name]) for name in ("code", "message", "detail", "title") if warning.get(name)]
        return ": ".join(words) or "a warning without words"
    return _said(warning)


def created_id(response: ApiResponse) -> str | None:
    """The id of what was registered."""
    return database(mapping(response.json()).get("data")).id

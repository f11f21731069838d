"""The sixteen endpoints over an estate, as an honest server."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from bot.sandbox.api.answers import (
    Answer,
    RefusedError,
    confirmed,
    data,
    database_json,
    deleted,
    device_json,
    list_meta,
    named,
    when,
)
from bot.sandbox.api.estate import Database, Estate, new_id
from bot.sandbox.api.switches import AbsentToken, PastEnd, Switches
from bot.sandbox.api.verification import verify

REQUIRED = ("label", "connectionString", "provider", "flavor", "databaseName")
PROVIDERS = ("postgres", "sqlitecloud")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One call, decoded."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    parts: tuple[str, ...] = ()


Endpoint = Callable[[Estate, Switches, Asked], Answer]


def respond(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """Find the endpoint and let it answer; refusals come in the documented envelope."""
    for method, pattern, endpoint in ROUTES:
        match = re.fullmatch(pattern, asked.path)
        if match and method == asked.method:
            parts = tuple(unquote(part) for part in match.groups())
            try:
                return endpoint(estate, switches, Asked(**{**asked.__dict__, "parts": parts}))
            except RefusedError as refused:
                return refused.answer
    return RefusedError(404, "not_found", "no such endpoint").answer


def _database(estate: Estate, asked: Asked) -> Database:
    found = estate.databases.get(asked.parts[0])
    if found is None:
        raise RefusedError(404, "not_found", "managed database not found")
    return found


def _fields(asked: Asked) -> dict[str, Any]:
    if not isinstance(asked.body, dict):
        raise RefusedError(400, "invalid_body", "a JSON object is expected")
    if "workspaceId" in asked.body:
        raise RefusedError(403, "forbidden", "workspaceId is not accepted with a workspace key")
    return asked.body


def get_organisation(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """GET /v1/orgs."""
    del switches, asked
    found = estate.organisation
    return data({"organizationId": found.id, "slug": found.slug, "name": found.name, "status": found.status})


def list_databases(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """GET /v1/databases."""
    wanted = asked.query.get("projectId")
    found = [one for one in estate.databases.values() if wanted is None or one.project_id == wanted]
    return data([database_json(switches, one) for one in found], meta=list_meta(switches, total=len(found)))


def register_database(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """POST /v1/databases: the connection is verified first."""
    given = _fields(asked)
    missing = [name for name in REQUIRED if not given.get(name)]
    if missing:
        raise RefusedError(422, "validation_failed", f"missing: {', '.join(missing)}")
    if given["provider"] not in PROVIDERS:
        raise RefusedError(422, "validation_failed", "provider must be postgres or sqlitecloud")
    if given.get("schemaName") and given["provider"] != "postgres":
        raise RefusedError(422, "validation_failed", "schemaName is for postgres only")
    verify(given["connectionString"])
    now = datetime.now(UTC)
    made = estate.add(
        Database(
            id=new_id("db"),
            label=given["label"],
            provider=given["provider"],
            flavor=given["flavor"],
            database_name=given["databaseName"],
            connection_string=given["connectionString"],
            created_at=now,
            updated_at=now,
            schema_name=given.get("schemaName"),
            project_id=given.get("projectId"),
            jwt_allowed_issuers=list(given.get("jwtAllowedIssuers") or ()),
            jwt_expected_audiences=list(given.get("jwtExpectedAudiences") or ()),
            jwks_uri=given.get("jwksUri"),
            jwt_secret=given.get("jwtSecret") or "",
            tables={"users": False, "orders": False},
        )
    )
    return data(named(switches, {"managedDatabaseId": made.id}, "managedDatabaseId"), status=switches.creation.value)


def get_database(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """GET /v1/databases/:databaseID."""
    return data(database_json(switches, _database(estate, asked)))


def update_database(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """PATCH /v1/databases/:databaseID: only what is sent is modified."""
    database, given = _database(estate, asked), _fields(asked)
    if "connectionString" in given:
        verify(given["connectionString"])
        database.connection_string = given["connectionString"]
        database.failure = None
    database.label = given.get("label", database.label)
    database.jwt_allowed_issuers = list(given.get("jwtAllowedIssuers", database.jwt_allowed_issuers))
    database.jwt_expected_audiences = list(given.get("jwtExpectedAudiences", database.jwt_expected_audiences))
    database.jwks_uri = given.get("jwksUri", database.jwks_uri) or None
    database.jwt_secret = given.get("jwtSecret", database.jwt_secret)
    database.updated_at = datetime.now(UTC)
    return confirmed(switches, database_json(switches, database))


def delete_database(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """DELETE /v1/databases/:databaseID: deleted even where the cleanup warns."""
    database = _database(estate, asked)
    del estate.databases[database.id]
    body = named(switches, {"managedDatabaseId": database.id}, "managedDatabaseId")
    return deleted(switches, body, database.deletion_warnings)


def check_connection(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """GET …/connection: a failure is an answer."""
    database = _database(estate, asked)
    checked: dict[str, Any] = {"ok": database.failure is None, "checkedAt": when(switches, datetime.now(UTC))}
    if database.failure is not None:
        checked["failure"] = database.failure.__dict__
    return data({name: value for name, value in checked.items() if value is not None})


def list_tables(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """GET …/cloudsync/tables."""
    database = _reachable(_database(estate, asked))
    tables = [{"name": name, "enabled": enabled} for name, enabled in database.tables.items()]
    return data(tables, meta=list_meta(switches, total=len(tables)))


def _reachable(database: Database) -> Database:
    if database.failure is not None:
        raise RefusedError(502 if database.failure.retryable else 422, database.failure.code, database.failure.message)
    return database


def _switch(enable: bool) -> Endpoint:
    def endpoint(estate: Estate, switches: Switches, asked: Asked) -> Answer:
        database, given = _reachable(_database(estate, asked)), _fields(asked)
        wanted = given.get("tables")
        if not isinstance(wanted, list) or not wanted:
            raise RefusedError(422, "validation_failed", "tables must be a non-empty list")
        unknown = [name for name in wanted if name not in database.tables]
        if unknown:
            raise RefusedError(422, "unknown_table", f"unknown tables: {', '.join(map(str, unknown))}")
        database.tables.update(dict.fromkeys(wanted, enable))
        return confirmed(switches, {"tables": [{"name": name, "enabled": enable} for name in wanted]})

    return endpoint


def set_token(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """PUT …/expo-access-token."""
    database, given = _database(estate, asked), _fields(asked)
    if not given.get("expoAccessToken"):
        raise RefusedError(422, "validation_failed", "expoAccessToken is required")
    database.expo_token = given["expoAccessToken"]
    database.expo_token_updated_at = datetime.now(UTC)
    database.pause_reason = None
    return confirmed(switches, _token_json(switches, database))


def _token_json(switches: Switches, database: Database) -> dict[str, Any]:
    return named(switches, {"configured": True, "updatedAt": when(switches, database.expo_token_updated_at)}, "")


def get_token(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """GET …/expo-access-token: metadata only."""
    database = _database(estate, asked)
    if database.expo_token is not None:
        return data(_token_json(switches, database))
    match switches.absent_token:
        case AbsentToken.NOT_FOUND:
            raise RefusedError(404, "not_found", "expo access token not found")
        case AbsentToken.NULL:
            return data(None)
        case AbsentToken.FLAG:
            return data({"configured": False})
        case _:
            return data({})


def delete_token(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """DELETE …/expo-access-token."""
    database = _database(estate, asked)
    if database.expo_token is None:
        raise RefusedError(404, "not_found", "expo access token not found")
    database.expo_token = database.expo_token_updated_at = None
    return confirmed(switches, {})


def notification_status(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """GET …/notifications/status."""
    del switches
    database = _database(estate, asked)
    if database.expo_token is None:
        return data({"status": "disabled"})
    if database.pause_reason:
        return data({"status": "paused", "reason": database.pause_reason})
    return data({"status": "enabled"})


def list_devices(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """GET …/devices, paged."""
    database = _database(estate, asked)
    page, size = _whole(asked, "page", 1, 10**6), _whole(asked, "page_size", 50, 500)
    found = database.devices[(page - 1) * size : page * size]
    if not found and page > 1 and switches.past_end is PastEnd.NOT_FOUND:
        raise RefusedError(404, "not_found", "page not found")
    meta = list_meta(switches, total=len(database.devices), page=page, page_size=size)
    return data([device_json(switches, device) for device in found], meta=meta)


def _whole(asked: Asked, name: str, default: int, most: int) -> int:
    text = asked.query.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise RefusedError(400, "invalid_parameter", f"{name} must be from 1 to {most}")
    return int(text)


def remove_device(estate: Estate, switches: Switches, asked: Asked) -> Answer:
    """DELETE …/devices/:siteId."""
    database = _database(estate, asked)
    left = [device for device in database.devices if device.site_id != asked.parts[1]]
    if len(left) == len(database.devices):
        raise RefusedError(404, "not_found", "device not found")
    database.devices = left
    return confirmed(switches, {})


_ONE = "/v1/databases/([^/]+)"
ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/v1/orgs", get_organisation),
    ("GET", "/v1/databases", list_databases),
    ("POST", "/v1/databases", register_database),
    ("GET", _ONE, get_database),
    ("PATCH", _ONE, update_database),
    ("DELETE", _ONE, delete_database),
    ("GET", f"{_ONE}/connection", check_connection),
    ("GET", f"{_ONE}/cloudsync/tables", list_tables),
    ("POST", f"{_ONE}/cloudsync/enable", _switch(True)),
    ("POST", f"{_ONE}/cloudsync/disable", _switch(False)),
    ("PUT", f"{_ONE}/notifications/expo-access-token", set_token),
    ("GET", f"{_ONE}/notifications/expo-access-token", get_token),
    ("DELETE", f"{_ONE}/notifications/expo-access-token", delete_token),
    ("GET", f"{_ONE}/notifications/status", notification_status),
    ("GET", f"{_ONE}/devices", list_devices),
    ("DELETE", f"{_ONE}/devices/([^/]+)", remove_device),
)

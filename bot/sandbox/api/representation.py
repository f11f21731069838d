"""What is shown of a database, a device, a token: spelled as the switches say, and never a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.api.estate import Database, Device
from bot.sandbox.api.switches import Fields, Names, PresentToken, Switches, Times, Unset

DATABASE_ID = "managedDatabaseId"
SITE_ID = "siteId"
TOKEN_FLAGS = {
    "FLAG": "configured",
    "PRESENT": "present",
    "EXISTS": "exists",
    "IS_SET": "isSet",
    "HAS_TOKEN": "hasToken",
}
"""The flag that says whether a token is set, by the switches' choice."""


def named(switches: Switches, values: dict[str, Any]) -> dict[str, Any]:
    """Fields in the chosen spelling, with those that have no value told as chosen."""
    return {
        _spelled(switches.names, name): value
        for name, value in values.items()
        if value is not None or switches.unset is Unset.NULL
    }


def _spelled(names: Names, name: str) -> str:
    match names:
        case Names.CAMEL:
            return name
        case Names.PLAIN_ID:
            return "id" if name in (DATABASE_ID, SITE_ID) else name
        case Names.DATABASE_ID:
            return "databaseId" if name == DATABASE_ID else name
        case Names.SNAKE:
            return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def when(switches: Switches, moment: datetime | None) -> str | float | None:
    """A time in the chosen form."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC)
    match switches.times:
        case Times.ISO:
            return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        case Times.OFFSET:
            return utc.isoformat(timespec="microseconds")
        case Times.EPOCH:
            return utc.timestamp()
        case Times.MILLISECONDS:
            return int(utc.timestamp() * 1000)
        case Times.MISSING:
            return None


def database_id(switches: Switches, database: Database) -> dict[str, Any]:
    """A database by its id alone, as a registration and a deletion answer."""
    return named(switches, {DATABASE_ID: database.id})


def database_json(switches: Switches, database: Database) -> dict[str, Any]:
    """A database without its secrets."""
    shown: dict[str, Any] = {DATABASE_ID: database.id, "label": database.label}
    if switches.fields is not Fields.FEW:
        shown |= _details(switches, database)
    if switches.fields is Fields.EXTRA:
        shown |= {"region": "eu-1", "flags": {"beta": True}, "quota": 17}
    return named(switches, shown)


def _details(switches: Switches, database: Database) -> dict[str, Any]:
    place = urlsplit(database.connection_string)
    return {
        "provider": database.provider,
        "flavor": database.flavor,
        "databaseName": database.database_name,
        "schemaName": database.schema_name,
        "projectId": database.project_id,
        "host": place.hostname,
        "port": place.port,
        "jwtAllowedIssuers": database.jwt_allowed_issuers,
        "jwtExpectedAudiences": database.jwt_expected_audiences,
        "jwksUri": database.jwks_uri,
        "createdAt": when(switches, database.created_at),
        "updatedAt": when(switches, database.updated_at),
    }


def device_json(switches: Switches, device: Device) -> dict[str, Any]:
    """A device."""
    return named(switches, {SITE_ID: device.site_id, switches.device_time.value: when(switches, device.last_sync_at)})


def token_json(switches: Switches, database: Database) -> dict[str, Any]:
    """That a token is set, and since when; not the token."""
    updated = when(switches, database.expo_token_updated_at)
    if switches.present_token is PresentToken.TIMES:
        return named(switches, {"createdAt": when(switches, database.created_at), "updatedAt": updated})
    return named(switches, {TOKEN_FLAGS[switches.present_token.name]: True, "updatedAt": updated})


def no_token_json(switches: Switches) -> dict[str, Any]:
    """That no token is set, by the chosen flag."""
    return named(switches, {TOKEN_FLAGS[switches.absent_token.name]: False})

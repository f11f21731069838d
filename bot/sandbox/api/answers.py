"""Answers as the documentation shows them, bent by the switches."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.api.estate import Database, Device
from bot.sandbox.api.switches import Confirmation, Fields, Meta, Names, Switches, Times, Warnings


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Status, headers and body."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The call is refused with the documented envelope."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(code)
        self.answer = errors(status, (code, detail))


def data(value: Any, *, status: int = 200, meta: dict[str, Any] | None = None) -> Answer:
    """The success envelope."""
    envelope: dict[str, Any] = {"data": value}
    if meta:
        envelope["meta"] = meta
    return Answer(status=status, body=json.dumps(envelope).encode())


TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    422: "Unprocessable",
}


def errors(status: int, *faults: tuple[str, str]) -> Answer:
    """The error envelope; `status` inside it is a string, as documented."""
    listed = [
        {"status": str(status), "code": code, "title": TITLES.get(status, "Error"), "detail": detail}
        for code, detail in faults
    ]
    return Answer(status=status, body=json.dumps({"errors": listed}).encode())


def confirmed(switches: Switches, value: dict[str, Any]) -> Answer:
    """The success of a change, in the chosen shape."""
    match switches.confirmation:
        case Confirmation.OBJECT:
            return data(value)
        case Confirmation.EMPTY_DATA:
            return data({})
        case Confirmation.NULL_DATA:
            return data(None)
        case Confirmation.NO_CONTENT:
            return Answer(status=204)
        case _:
            return Answer(status=200)


def deleted(switches: Switches, value: dict[str, Any], warnings: list[str]) -> Answer:
    """The success of a deletion, with its warnings in the chosen place."""
    if not warnings:
        return confirmed(switches, value)
    match switches.warnings:
        case Warnings.IN_META:
            return data(value, meta={"warnings": warnings})
        case Warnings.OBJECTS:
            return data({**value, "warnings": [{"code": "cleanup_failed", "message": text} for text in warnings]})
        case _:
            return data({**value, "warnings": warnings})


def list_meta(switches: Switches, *, total: int, page: int = 1, page_size: int = 50) -> dict[str, Any] | None:
    """What a list says about itself."""
    match switches.meta:
        case Meta.FULL:
            return {"page": page, "page_size": page_size, "total": total}
        case Meta.TOTAL:
            return {"total": total}
        case Meta.MORE:
            return {"hasMore": page * page_size < total}
        case _:
            return None


def named(switches: Switches, values: dict[str, Any], id_name: str) -> dict[str, Any]:
    """Fields in the chosen spelling, without those that are None."""
    given = {name: value for name, value in values.items() if value is not None}
    if switches.names is Names.PLAIN_ID and id_name in given:
        given = {("id" if name == id_name else name): value for name, value in given.items()}
    if switches.names is Names.SNAKE:
        given = {_snake(name): value for name, value in given.items()}
    return given


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def when(switches: Switches, moment: datetime | None) -> str | float | None:
    """A time in the chosen form."""
    if moment is None or switches.times is Times.MISSING:
        return None
    return moment.timestamp() if switches.times is Times.EPOCH else moment.astimezone(UTC).isoformat()[:19] + "Z"


def database_json(switches: Switches, database: Database) -> dict[str, Any]:
    """A database without its secrets."""
    full: dict[str, Any] = {"managedDatabaseId": database.id, "label": database.label}
    if switches.fields is not Fields.FEW:
        host = database.connection_string.split("@")[-1].split("/")[0]
        full |= {
            "provider": database.provider,
            "flavor": database.flavor,
            "databaseName": database.database_name,
            "schemaName": database.schema_name,
            "projectId": database.project_id,
            "host": host.split(":")[0],
            "port": int(host.split(":")[1]) if ":" in host else None,
            "jwtAllowedIssuers": database.jwt_allowed_issuers,
            "jwtExpectedAudiences": database.jwt_expected_audiences,
            "jwksUri": database.jwks_uri,
            "createdAt": when(switches, database.created_at),
            "updatedAt": when(switches, database.updated_at),
        }
    if switches.fields is Fields.EXTRA:
        full |= {"region": "eu-1", "flags": {"beta": True}, "quota": 17}
    return named(switches, full, "managedDatabaseId")


def device_json(switches: Switches, device: Device) -> dict[str, Any]:
    """A device."""
    return named(switches, {"siteId": device.site_id, "lastSyncAt": when(switches, device.last_sync_at)}, "siteId")

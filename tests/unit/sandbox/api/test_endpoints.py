"""The stand-in against the document itself: the endpoints of its summary, and the answers that it prints."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.sandbox.api.endpoints import ENDPOINTS
from bot.sandbox.api.estate import Database
from bot.sandbox.api.seed import UNREACHABLE
from bot.sandbox.api.server import StandInApi
from bot.sandbox.api.switches import Meta, Switches
from tests.unit.sandbox.api.conftest import path_of

SPECIFICATION = (Path(__file__).parents[3] / "specification" / "management-api.txt").read_text()
PRINTED: list[Any] = [
    json.JSONDecoder().raw_decode(SPECIFICATION, match.start())[0]
    for match in re.finditer(r'^\{\n"(?:data|errors)"', SPECIFICATION, re.MULTILINE)
]
NOT_FOUND, REGISTERED, ORGANISATION, CONNECTED, NOT_CONNECTED, TABLES = PRINTED
"""The six answers that are printed, in their order."""

REGISTRATION = {
    "label": "Primary DB",
    "connectionString": "sqlitecloud://project.sqlite.cloud:8860?apikey=xxxx",
    "provider": "sqlitecloud",
    "flavor": "sqlitecloud",
    "databaseName": "appdb",
}
ALWAYS_DIFFERENT = {"managedDatabaseId", "organizationId", "checkedAt"}
"""Ids and times: as long as the printed ones, and otherwise their own."""


def shape(value: Any, name: str = "") -> Any:
    """The value, with the pattern of what differs each time in its place."""
    if isinstance(value, dict):
        return {key: shape(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return re.sub(r"\d", "0", re.sub(r"_\w+", "_id", value)) if name in ALWAYS_DIFFERENT else value


def test_the_stand_in_has_exactly_the_documented_endpoints() -> None:
    summary = SPECIFICATION.partition("Endpoint Summary")[2].partition("\nOrganization\n")[0]
    listed = re.findall(r"(GET|POST|PUT|PATCH|DELETE) (/v1/[\w/:-]+)", summary)
    assert len(listed) == 16
    assert set(listed) == set(ENDPOINTS)


async def test_the_printed_organisation_is_answered(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/orgs")
    assert (answer.status_code, shape(answer.json())) == (200, shape(ORGANISATION))


async def test_the_printed_registration_is_answered_with_an_id_as_long_as_the_printed_one(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post("/v1/databases", json=REGISTRATION)
    assert shape(answer.json()) == shape(REGISTERED)
    assert len(answer.json()["data"]["managedDatabaseId"]) == len(REGISTERED["data"]["managedDatabaseId"])


async def test_the_printed_error_is_answered_for_every_endpoint_of_an_unknown_database(
    http: httpx.AsyncClient,
) -> None:
    bodies = {"POST": {"tables": ["users"]}, "PUT": {"expoAccessToken": "x"}, "PATCH": {"label": "x"}}
    below = [(method, path) for method, path in ENDPOINTS if ":databaseID" in path]
    assert len(below) == 13
    for method, path in below:
        address = path.replace(":databaseID", "db_gone").replace(":siteId", "site_123")
        answer = await http.request(method, address, json=bodies.get(method))
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND), (method, path)


async def test_the_printed_checks_are_answered(http: httpx.AsyncClient, orders: Database) -> None:
    answer = await http.get(path_of(orders, "/connection"))
    assert (answer.status_code, shape(answer.json())) == (200, shape(CONNECTED))
    orders.failure = UNREACHABLE
    answer = await http.get(path_of(orders, "/connection"))
    assert (answer.status_code, shape(answer.json())) == (200, shape(NOT_CONNECTED))


async def test_the_printed_tables_are_answered(api: StandInApi, http: httpx.AsyncClient, orders: Database) -> None:
    api.switches = Switches(meta=Meta.MISSING)
    orders.tables = {"users": True, "orders": False}
    answer = await http.get(path_of(orders, "/cloudsync/tables"))
    assert (answer.status_code, answer.json()) == (200, TABLES)


@pytest.mark.parametrize(
    ("method", "below", "body"),
    [
        ("PATCH", "", {"label": "Primary DB (updated)", "jwtSecret": ""}),
        ("POST", "/cloudsync/enable", {"tables": ["users", "orders"]}),
        ("POST", "/cloudsync/disable", {"tables": ["orders"]}),
        ("PUT", "/notifications/expo-access-token", {"expoAccessToken": "expo-access-token-value"}),
        ("DELETE", "/notifications/expo-access-token", None),
        ("DELETE", "/devices/site_00001", None),
        ("DELETE", "", None),
        ("GET", "", None),
        ("GET", "/notifications/expo-access-token", None),
        ("GET", "/notifications/status", None),
        ("GET", "/devices?page=1&page_size=50", None),
    ],
)
async def test_what_is_not_printed_is_answered_in_the_documented_envelope(
    method: str, below: str, body: dict[str, Any] | None, http: httpx.AsyncClient, orders: Database
) -> None:
    answer = await http.request(method, path_of(orders, below), json=body)
    assert answer.status_code == 200
    assert set(answer.json()) <= {"data", "meta"}
    assert "data" in answer.json()

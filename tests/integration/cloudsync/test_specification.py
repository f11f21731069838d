"""Each curl example of the specification: the client sends exactly that request."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import CloudSyncError
from bot.cloudsync.models import DatabaseChanges, Registration
from bot.cloudsync.writing import WriteSlot
from bot.sandbox.api.server import StandInApi
from tests.integration.cloudsync.conftest import KEY

SPECIFICATION = Path(__file__).parents[2] / "specification" / "management-api.txt"
DATABASE = "db_xxxxxxxxxxxxxxxxxxxxxxxx"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One curl command, read."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


def examples() -> list[Example]:
    text = SPECIFICATION.read_text()
    commands = re.findall(r"^(curl .*?)(?=\n(?:Response|Use that|[A-Z#\d{])|\Z)", text, re.MULTILINE | re.DOTALL)
    return [read(command) for command in commands]


def read(command: str) -> Example:
    command = command.replace("$BASE_URL", "http://base").replace("$MGMT_DB_ID", DATABASE).replace("$APIKEY", KEY)
    words = shlex.split(command.replace("\\\n", " "))
    method, headers, body, address = "GET", {}, None, ""
    rest = iter(words[1:])
    for word in rest:
        if word == "--request":
            method = next(rest)
        elif word == "--header":
            name, _, value = next(rest).partition(": ")
            headers[name.lower()] = value
        elif word == "--data":
            body = json.loads(next(rest))
        else:
            address = word
    target = urlsplit(address)
    return Example(method=method, path=target.path, query=dict(parse_qsl(target.query)), headers=headers, body=body)


async def register(slot: WriteSlot, body: dict[str, Any]) -> None:
    await slot.register_database(
        Registration(
            label=body["label"],
            connection_string=body["connectionString"],
            provider=body["provider"],
            flavor=body["flavor"],
            database_name=body["databaseName"],
        )
    )


async def update(slot: WriteSlot, body: dict[str, Any]) -> None:
    changes = DatabaseChanges(
        label=body["label"],
        jwt_allowed_issuers=tuple(body["jwtAllowedIssuers"]),
        jwt_expected_audiences=tuple(body["jwtExpectedAudiences"]),
        jwks_uri=body["jwksUri"],
        jwt_secret=body["jwtSecret"],
    )
    await slot.update_database(DATABASE, changes)


Reading = Callable[[CloudSyncClient], Awaitable[object]]
Writing = Callable[[WriteSlot, Any], Awaitable[object]]
READS: dict[str, Reading] = {
    "/v1/orgs": lambda client: client.get_organisation(),
    "/v1/databases": lambda client: client.list_databases(),
    f"/v1/databases/{DATABASE}": lambda client: client.get_database(DATABASE),
    f"/v1/databases/{DATABASE}/connection": lambda client: client.check_connection(DATABASE),
    f"/v1/databases/{DATABASE}/cloudsync/tables": lambda client: client.list_tables(DATABASE),
    f"/v1/databases/{DATABASE}/notifications/expo-access-token": lambda client: client.get_expo_token(DATABASE),
    f"/v1/databases/{DATABASE}/notifications/status": lambda client: client.notification_status(DATABASE),
    f"/v1/databases/{DATABASE}/devices": lambda client: client.list_devices(DATABASE, page=1, page_size=50),
}
TOKEN = f"/v1/databases/{DATABASE}/notifications/expo-access-token"
WRITES: dict[tuple[str, str], Writing] = {
    ("POST", "/v1/databases"): register,
    ("PATCH", f"/v1/databases/{DATABASE}"): update,
    ("DELETE", f"/v1/databases/{DATABASE}"): lambda slot, body: slot.delete_database(DATABASE),
    ("POST", f"/v1/databases/{DATABASE}/cloudsync/enable"): lambda slot, body: slot.enable_tables(
        DATABASE, body["tables"]
    ),
    ("POST", f"/v1/databases/{DATABASE}/cloudsync/disable"): lambda slot, body: slot.disable_tables(
        DATABASE, body["tables"]
    ),
    ("PUT", TOKEN): lambda slot, body: slot.set_expo_token(DATABASE, body["expoAccessToken"]),
    ("DELETE", TOKEN): lambda slot, body: slot.delete_expo_token(DATABASE),
    ("DELETE", f"/v1/databases/{DATABASE}/devices/site_123"): lambda slot, body: slot.remove_device(
        DATABASE, "site_123"
    ),
}
EXAMPLES = examples()


def test_the_specification_shows_every_endpoint() -> None:
    shown = {(example.method, example.path) for example in EXAMPLES}
    assert shown == {*WRITES, *(("GET", path) for path in READS)}
    assert len(shown) == 16


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.method} {one.path}")
async def test_the_client_sends_exactly_the_documented_request(
    example: Example, api: StandInApi, client: CloudSyncClient
) -> None:
    if example.method == "GET":
        try:
            await READS[example.path](client)
        except CloudSyncError:
            assert DATABASE in example.path, "only the made-up database is unknown"
    else:
        async with client.write_slot() as slot:
            await WRITES[example.method, example.path](slot, example.body)
    sent = next(call for call in api.journal if call.path == example.path)
    assert (sent.method, sent.path, sent.query) == (example.method, example.path, example.query)
    assert sent.body == example.body
    for name, value in example.headers.items():
        assert sent.headers[name] == value

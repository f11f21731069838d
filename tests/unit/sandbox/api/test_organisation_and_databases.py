"""The organisation's and the databases' endpoints, against what the specification prints."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest

from bot.sandbox.api.estate import Database
from bot.sandbox.api.server import StandInApi
from tests.unit.sandbox.api.conftest import OTHER_KEY, path_of

REGISTRATION: dict[str, Any] = {
    "label": "Primary DB",
    "connectionString": "sqlitecloud://project.sqlite.cloud:8860?apikey=xxxx",
    "provider": "sqlitecloud",
    "flavor": "sqlitecloud",
    "databaseName": "appdb",
}
SECRETS = ("hunter2", "apikey", "jwtSecret", "connectionString", "a-jwt-secret")


def code_of(answer: httpx.Response) -> tuple[int, str]:
    (error,) = answer.json()["errors"]
    assert error["status"] == str(answer.status_code)
    return answer.status_code, error["code"]


async def test_the_key_decides_the_organisation(api: StandInApi, http: httpx.AsyncClient) -> None:
    first = (await http.get("/v1/orgs")).json()["data"]
    assert {**first, "organizationId": ""} == {
        "organizationId": "",
        "slug": "acme",
        "name": "Acme Corp",
        "status": "active",
    }
    assert re.fullmatch(r"org_\w{24}", first["organizationId"])
    second = await http.get("/v1/orgs", headers={"Authorization": f"Bearer {OTHER_KEY}"})
    assert second.json()["data"]["slug"] == "staging"
    assert [call.organisation for call in api.journal] == [one.organisation.id for one in api.estates.values()]


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Bearer", "Basic key-of-production", "key-of-production"])
async def test_a_wrong_key_is_told_in_the_envelope(header: str, api: StandInApi, http: httpx.AsyncClient) -> None:
    assert code_of(await http.get("/v1/orgs", headers={"Authorization": header})) == (401, "unauthorized")
    assert not api.journal.calls[0].is_authorised


async def test_an_unknown_database_gets_the_printed_error(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/databases/db_gone")
    assert answer.status_code == 404
    assert answer.json() == {
        "errors": [{"status": "404", "code": "not_found", "title": "Not Found", "detail": "managed database not found"}]
    }


async def test_an_organisation_sees_its_own_databases_only(
    api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    elsewhere = await http.get(path_of(orders), headers={"Authorization": f"Bearer {OTHER_KEY}"})
    assert code_of(elsewhere) == (404, "not_found")


async def test_the_list_is_whole_and_says_how_long_it_is(api: StandInApi, http: httpx.AsyncClient) -> None:
    listed = (await http.get("/v1/databases")).json()
    assert [one["label"] for one in listed["data"]] == [one.label for one in api.estate.databases.values()]
    assert listed["meta"] == {"page": 1, "page_size": 12, "total": 12}


@pytest.mark.parametrize(
    ("query", "labels"),
    [({"projectId": "project"}, ["Primary DB"]), ({"database": "orders_us"}, ["orders-us"]), ({"database": "x"}, [])],
)
async def test_the_list_takes_the_newer_filters(
    query: dict[str, str], labels: list[str], http: httpx.AsyncClient
) -> None:
    listed = (await http.get("/v1/databases", params=query)).json()
    assert [one["label"] for one in listed["data"]] == labels


async def test_a_database_is_shown_without_its_secrets(http: httpx.AsyncClient, orders: Database) -> None:
    orders.jwt_secret = "a-jwt-secret"
    answer = await http.get(path_of(orders))
    assert answer.json()["data"] == {
        "managedDatabaseId": orders.id,
        "label": "orders-eu",
        "provider": "postgres",
        "flavor": "supabase",
        "databaseName": "orders_eu",
        "schemaName": "public",
        "host": "orders-eu.db.example",
        "port": 5432,
        "jwtAllowedIssuers": ["https://project.supabase.co/auth/v1"],
        "jwtExpectedAudiences": ["authenticated"],
        "jwksUri": "https://project.supabase.co/auth/v1/.well-known/jwks.json",
        "createdAt": "2026-04-16T03:00:00Z",
        "updatedAt": "2026-10-30T03:00:00Z",
    }
    assert not any(secret in answer.text for secret in SECRETS)


async def test_a_registration_answers_the_new_id_alone(api: StandInApi, http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/databases", json=REGISTRATION)
    assert answer.status_code == 201
    made = api.estate.databases[answer.json()["data"]["managedDatabaseId"]]
    assert answer.json() == {"data": {"managedDatabaseId": made.id}}
    assert re.fullmatch(r"db_\w{24}", made.id)
    assert (made.label, made.connection_string) == ("Primary DB", REGISTRATION["connectionString"])
    assert len(api.estate.databases) == 13, "two databases may share a label"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        *(({name: None}, 422, "validation_failed") for name in REGISTRATION),
        *(({name: ""}, 422, "validation_failed") for name in REGISTRATION),
        ({"provider": "oracle"}, 422, "validation_failed"),
        ({"schemaName": "public"}, 422, "validation_failed"),
        ({"connectionString": "no connection string"}, 422, "validation_failed"),
        ({"connectionString": "postgresql://host/app"}, 422, "validation_failed"),
        ({"connectionString": "sqlitecloud://host:port/app"}, 422, "validation_failed"),
        ({"jwtAllowedIssuers": "not a list"}, 422, "validation_failed"),
        ({"jwtExpectedAudiences": [1]}, 422, "validation_failed"),
        ({"label": 17}, 422, "validation_failed"),
        ({"lable": "mistyped"}, 422, "validation_failed"),
        ({"workspaceId": "ws_1"}, 403, "forbidden"),
    ],
    ids=str,
)
async def test_an_unacceptable_registration_registers_nothing(
    change: dict[str, Any], status: int, code: str, api: StandInApi, http: httpx.AsyncClient
) -> None:
    answer = await http.post("/v1/databases", json={**REGISTRATION, **change})
    assert code_of(answer) == (status, code)
    assert len(api.estate.databases) == 12
    assert not api.journal.calls[0].took_effect


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        ('{"label": "x"}', "text/plain", "invalid_content_type"),
        ("", "application/json", "invalid_body"),
        ("{", "application/json", "invalid_body"),
        ("[]", "application/json; charset=utf-8", "invalid_body"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    content: str, content_type: str, code: str, http: httpx.AsyncClient
) -> None:
    answer = await http.post("/v1/databases", content=content, headers={"Content-Type": content_type})
    assert code_of(answer) == (400, code)


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("paused", "database_paused"),
        ("badauth", "database_auth_failed"),
        ("unreachable", "database_unreachable"),
        ("denied", "database_permission_denied"),
        ("notready", "database_cloudsync_not_ready"),
        ("broken", "database_error"),
    ],
)
async def test_what_cannot_be_verified_is_neither_registered_nor_stored(
    host: str, code: str, api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    before = orders.connection_string
    registration = {**REGISTRATION, "connectionString": f"sqlitecloud://{host}.sqlite.cloud:8860"}
    assert code_of(await http.post("/v1/databases", json=registration)) == (422, code)
    change = {"connectionString": f"postgresql://{host}.example/app", "label": "new"}
    assert code_of(await http.patch(path_of(orders), json=change)) == (422, code)
    assert (len(api.estate.databases), orders.connection_string, orders.label) == (12, before, "orders-eu")


async def test_verification_takes_the_estates_time_where_there_is_something_to_verify(
    api: StandInApi, http: httpx.AsyncClient, orders: Database
) -> None:
    api.estate.verification_seconds = 0.3
    started = time.monotonic()
    await http.post("/v1/databases", json={**REGISTRATION, "provider": "oracle"})
    await http.patch(path_of(orders), json={"label": "new"})
    quick = time.monotonic()
    await http.patch(path_of(orders), json={"connectionString": "postgresql://host/app"})
    slow = time.monotonic()
    assert slow - quick >= 0.3 > quick - started


async def test_an_update_modifies_only_what_is_sent(http: httpx.AsyncClient, orders: Database) -> None:
    orders.jwt_secret = "a-jwt-secret"
    changed = (await http.patch(path_of(orders), json={"label": "orders-europe", "jwksUri": ""})).json()["data"]
    assert (changed["label"], changed["updatedAt"]) == ("orders-europe", "2026-11-02T03:00:00Z")
    assert "jwksUri" not in changed
    assert (orders.jwks_uri, orders.jwt_secret) == (None, "a-jwt-secret")
    assert orders.jwt_expected_audiences == ["authenticated"]


async def test_an_empty_secret_clears_the_secret(http: httpx.AsyncClient, orders: Database) -> None:
    orders.jwt_secret = "a-jwt-secret"
    answer = await http.patch(path_of(orders), json={"jwtSecret": "", "jwtAllowedIssuers": []})
    assert (answer.status_code, orders.jwt_secret, orders.jwt_allowed_issuers) == (200, "", [])


@pytest.mark.parametrize("change", [{"label": ""}, {"provider": "postgres"}, {"jwksUri": None}], ids=str)
async def test_an_update_of_what_cannot_be_updated_is_refused(
    change: dict[str, Any], http: httpx.AsyncClient, orders: Database
) -> None:
    assert code_of(await http.patch(path_of(orders), json=change)) == (422, "validation_failed")


async def test_a_deletion_deletes_even_where_the_cleanup_warns(api: StandInApi, http: httpx.AsyncClient) -> None:
    database = api.estate.labelled("orders-archive")
    answer = await http.delete(path_of(database))
    assert answer.json()["data"]["warnings"] == ["could not disable table invoices: tenant database is unreachable"]
    assert database.id not in api.estate.databases
    assert code_of(await http.delete(path_of(database))) == (404, "not_found")
    assert [call.took_effect for call in api.journal] == [True, False]


async def test_a_connection_that_answers_is_told_as_printed(http: httpx.AsyncClient, orders: Database) -> None:
    answer = await http.get(path_of(orders, "/connection"))
    assert answer.json() == {"data": {"ok": True, "checkedAt": "2026-11-02T03:00:00Z"}}


async def test_a_connection_that_fails_is_an_answer_as_printed(api: StandInApi, http: httpx.AsyncClient) -> None:
    answer = await http.get(path_of(api.estate.labelled("billing"), "/connection"))
    assert answer.status_code == 200
    assert answer.json()["data"] == {
        "ok": False,
        "checkedAt": "2026-11-02T03:00:00Z",
        "failure": {
            "code": "database_unreachable",
            "message": "tenant database is unreachable",
            "retryable": True,
        },
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/v2/orgs", 404), ("DELETE", "/v1/orgs", 405), ("PUT", "/v1/databases/db_x", 405)],
)
async def test_what_is_no_endpoint_is_told_apart_from_what_is_not_there(
    method: str, path: str, status: int, http: httpx.AsyncClient
) -> None:
    answer = await http.request(method, path)
    assert code_of(answer) == (status, "not_found" if status == 404 else "method_not_allowed")

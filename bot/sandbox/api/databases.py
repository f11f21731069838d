"""The organisation and its databases."""

from __future__ import annotations

from typing import Any

from bot.sandbox.api.answers import Answer, RefusedError, confirmed, data, deleted, list_meta, listed, registered
from bot.sandbox.api.asked import Asked
from bot.sandbox.api.estate import Database, new_id
from bot.sandbox.api.representation import database_id, database_json, when
from bot.sandbox.api.switches import SameLabel, Unset
from bot.sandbox.api.verification import verify

PROVIDERS = ("postgres", "sqlitecloud")
REQUIRED = ("label", "connectionString", "provider", "flavor", "databaseName")
SIGN_IN = ("jwtAllowedIssuers", "jwtExpectedAudiences", "jwksUri", "jwtSecret")
"""How a database's tenants prove who they are."""

NEW_TABLES = {"users": False, "orders": False}
"""What is found in a database that was just registered."""


async def get_organisation(asked: Asked) -> Answer:
    """GET /v1/orgs."""
    found = asked.estate.organisation
    return data({"organizationId": found.id, "slug": found.slug, "name": found.name, "status": found.status})


async def list_databases(asked: Asked) -> Answer:
    """GET /v1/databases, whole; newer documentation has the two filters."""
    project, name = asked.query.get("projectId"), asked.query.get("database")
    found = [
        one
        for one in asked.estate.databases.values()
        if project in (None, one.project_id) and name in (None, one.database_name)
    ]
    shown = [database_json(asked.switches, one) for one in found]
    return listed(asked.switches, shown, meta=list_meta(asked.switches, total=len(found)))


async def register_database(asked: Asked) -> Answer:
    """POST /v1/databases: nothing is registered unless the connection is verified."""
    given = asked.fields("schemaName", "projectId", *SIGN_IN, required=REQUIRED)
    if given["provider"] not in PROVIDERS:
        raise asked.invalid(f"provider must be {' or '.join(PROVIDERS)}")
    if given.get("schemaName") and given["provider"] != "postgres":
        raise asked.invalid("schemaName is for postgres only")
    _refuse_same_label(asked, given["label"])
    await verify(asked, given["connectionString"], given["provider"])
    made = asked.estate.add(_registered(asked, given))
    return registered(asked.switches, database_id(asked.switches, made), database_json(asked.switches, made))


def _refuse_same_label(asked: Asked, label: str, *, but: str = "") -> None:
    taken = any(one.label == label and one.id != but for one in asked.estate.databases.values())
    if taken and asked.switches.same_label is SameLabel.CONFLICT:
        raise RefusedError(409, "conflict", "another database has this label")


def _registered(asked: Asked, given: dict[str, Any]) -> Database:
    now = asked.clock()
    return Database(
        id=new_id("db"),
        label=given["label"],
        provider=given["provider"],
        flavor=given["flavor"],
        database_name=given["databaseName"],
        connection_string=given["connectionString"],
        created_at=now,
        updated_at=now,
        schema_name=given.get("schemaName") or None,
        project_id=given.get("projectId") or None,
        jwt_allowed_issuers=given.get("jwtAllowedIssuers", []),
        jwt_expected_audiences=given.get("jwtExpectedAudiences", []),
        jwks_uri=given.get("jwksUri") or None,
        jwt_secret=given.get("jwtSecret", ""),
        tables=dict.fromkeys(asked.estate.tenants.get(given["databaseName"], ()), False) or dict(NEW_TABLES),
    )


async def get_database(asked: Asked) -> Answer:
    """GET /v1/databases/:databaseID."""
    return data(database_json(asked.switches, asked.database()))


async def update_database(asked: Asked) -> Answer:
    """PATCH /v1/databases/:databaseID: only what is sent is modified, and nothing if the connection fails."""
    database, given = asked.database(), asked.fields("label", "connectionString", *SIGN_IN)
    if given.get("label") == "":
        raise asked.invalid("label must not be empty")
    _refuse_same_label(asked, given.get("label", ""), but=database.id)
    if "connectionString" in given:
        await verify(asked, given["connectionString"], database.provider)
        database.connection_string = given["connectionString"]
        database.failure = None
    database.label = given.get("label", database.label)
    database.jwt_allowed_issuers = given.get("jwtAllowedIssuers", database.jwt_allowed_issuers)
    database.jwt_expected_audiences = given.get("jwtExpectedAudiences", database.jwt_expected_audiences)
    database.jwks_uri = given.get("jwksUri", database.jwks_uri) or None
    database.jwt_secret = given.get("jwtSecret", database.jwt_secret)
    database.updated_at = asked.clock()
    return confirmed(asked.switches, database_json(asked.switches, database))


async def delete_database(asked: Asked) -> Answer:
    """DELETE /v1/databases/:databaseID: deleted even where the cleanup warns."""
    database = asked.database()
    del asked.estate.databases[database.id]
    asked.estate.tenants[database.database_name] = list(database.tables)
    return deleted(asked.switches, database_id(asked.switches, database), database.deletion_warnings)


async def check_connection(asked: Asked) -> Answer:
    """GET …/connection: a failure is an answer."""
    failure = asked.database().failure
    checked: dict[str, Any] = {"ok": failure is None}
    if (checked_at := when(asked.switches, asked.clock())) is not None:
        checked["checkedAt"] = checked_at
    if failure is None and asked.switches.unset is Unset.NULL:
        checked["failure"] = None
    if failure is not None:
        checked["failure"] = {"code": failure.code, "message": failure.message, "retryable": failure.retryable}
    return data(checked)

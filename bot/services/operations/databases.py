"""Registering and deleting databases."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import NotFound
from bot.cloudsync.models import Registration, kind_of
from bot.cloudsync.writing import WriteSlot
from bot.domain.audit import JsonValue
from bot.domain.requests import Observation, Operation, OperationKind, Request
from bot.services.follow_ups import are_left_out
from bot.services.operations.observing import (
    Reading,
    devices_in_words,
    identity_of,
    if_readable,
    names_in_words,
    push_in_words,
    sent,
    text_of,
    texts_of,
    whereabouts,
)
from bot.services.operations.operation import Finding, Proof, Receipt, Sent


class RegisterDatabase:
    """`POST /v1/databases`: the slowest call, and the least repeatable."""

    kind = OperationKind.REGISTER_DATABASE

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """Which databases of that label and name there are already: afterwards a new one proves the registration."""
        existing = await self._alike(api, operation)
        facts = (("Same label and database name already", names_in_words(existing)),) if existing else ()
        return Observation(facts=facts, keep={"before": [*existing]})

    async def identify(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The same list, as it is now: what appeared between asking and sending is not of this registration."""
        return Observation(keep={"before": [*await self._alike(api, operation)]})

    @staticmethod
    async def _alike(api: CloudSyncClient, operation: Operation) -> list[str]:
        label, name = text_of(operation.arguments, "label"), text_of(operation.arguments, "databaseName")
        return [
            database.id or ""
            for database in await api.list_databases()
            if database.label == label and database.database_name in (name, None)
        ]

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        """Register; the API verifies the connection first."""
        given = operation.arguments
        registration = Registration(
            label=text_of(given, "label") or "",
            provider=text_of(given, "provider") or "",
            flavor=text_of(given, "flavor") or "",
            database_name=text_of(given, "databaseName") or "",
            connection_string=secrets.get("connectionString", ""),
            schema_name=text_of(given, "schemaName"),
            jwt_allowed_issuers=texts_of(given, "jwtAllowedIssuers"),
            jwt_expected_audiences=texts_of(given, "jwtExpectedAudiences"),
            jwks_uri=text_of(given, "jwksUri"),
            jwt_secret=secrets.get("jwtSecret"),
            project_id=text_of(given, "projectId"),
        )
        return sent(await slot.register_database(registration))

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        """A database of that label and name that was not there before."""
        before = request.observation.keep.get("before")
        known = {str(item) for item in before} if isinstance(before, list) else set()
        new = [found for found in await self._alike(api, request.operation) if found not in known]
        if len(new) == 1:
            return Finding(proof=Proof.APPLIED, readings=(f"Registered now as {new[0]}.",), created_id=new[0])
        if new:
            return Finding(proof=Proof.UNDECIDABLE, readings=(f"Several new ones: {names_in_words(new)}.",))
        return Finding(proof=Proof.OPEN, readings=("No new database of that label is in the list.",))

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """The new database's id, or how to find it where the API did not tell."""
        wanted = [*(texts_of(request.operation.arguments, "thenEnable") or ())]
        tables = names_in_words(wanted) if wanted else ""
        created = request.result.created_id
        by_hand = (("Tables to enable by hand", tables),) if tables else ()
        if created:
            follows = (("Tables enabled next", tables),) if tables else ()
            return Receipt(lines=(("Database ID", created), *(by_hand if are_left_out(request) else follows)))
        new = (await self.find(api, request)).created_id
        return Receipt(lines=(("Database ID", new or "see `databases list`"), *by_hand))


class DeleteDatabase:
    """`DELETE /v1/databases/:databaseID`: the record goes, whatever its cleanup reports."""

    kind = OperationKind.DELETE_DATABASE

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """Identity and enabled tables are compared later; the rest is shown."""
        database_id = operation.database_id or ""
        database = await api.get_database(database_id)
        identity, reading = identity_of(database), Reading()
        reading.facts += whereabouts(database)

        async def enabled() -> str:
            names = await _enabled_tables(api, database_id)
            identity["enabled_tables"] = [*names]
            return names_in_words(names)

        await reading.add("Enabled tables", enabled)
        await reading.add("Devices", lambda: devices_in_words(api, database_id))
        await reading.add("Push", lambda: push_in_words(api, database_id))
        keep: dict[str, JsonValue] = {
            "schema_name": database.schema_name,
            "project_id": database.project_id,
            "jwks_uri": database.jwks_uri,
            "jwt_allowed_issuers": [*(database.jwt_allowed_issuers or ())],
            "jwt_expected_audiences": [*(database.jwt_expected_audiences or ())],
        }
        return Observation(identity=identity, facts=tuple(reading.facts), unread=tuple(reading.unread), keep=keep)

    async def identify(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The record, and the enabled tables where they can be read in time."""
        database_id = operation.database_id or ""
        database, names = await asyncio.gather(
            api.get_database(database_id), if_readable(_enabled_tables(api, database_id))
        )
        tables: dict[str, JsonValue] = {} if names is None else {"enabled_tables": [*names]}
        return Observation(identity={**identity_of(database), **tables})

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        """Delete the record once."""
        del secrets
        return sent(await slot.delete_database(operation.database_id or ""))

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        """A 404 with the API's envelope means that it is gone."""
        try:
            await api.get_database(request.operation.database_id or "")
        except NotFound:
            return Finding(proof=Proof.APPLIED, readings=("Before the send it was there, now it is not (404).",))
        return Finding(proof=Proof.OPEN, readings=("It is still there.",))

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """See `deletion_receipt`: the database is gone, so nothing is left to be read."""
        del api
        return deletion_receipt(request)


def deletion_receipt(request: Request) -> Receipt:
    """What is needed to register it again, from what was observed before; never a secret."""
    identity, keep = request.observation.identity, request.observation.keep
    kind = kind_of(_single(identity.get("provider")), _single(identity.get("flavor")))
    was = " / ".join(part for part in (kind, _single(identity.get("database_name"))) if part)
    lines = (
        ("Was", was),
        ("Tables that were enabled", _several(identity.get("enabled_tables", ["could not be read"]))),
        ("Schema", _single(keep.get("schema_name"))),
        ("Project", _single(keep.get("project_id"))),
        ("JWT issuers", _several(keep.get("jwt_allowed_issuers"))),
        ("JWT audiences", _several(keep.get("jwt_expected_audiences"))),
        ("JWKS URI", _single(keep.get("jwks_uri"))),
    )
    return Receipt(
        lines=tuple((name, value) for name, value in lines if value),
        undo_label="Register again",
        undo_command=f"databases register --again {request.id}",
    )


async def _enabled_tables(api: CloudSyncClient, database_id: str) -> list[str]:
    return sorted(table.name for table in await api.list_tables(database_id) if table.enabled)


def _single(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def _several(value: JsonValue) -> str:
    """ "" where it was never read or there was none: an empty line says nothing on a phone."""
    return names_in_words([str(item) for item in value]) if isinstance(value, list) and value else ""

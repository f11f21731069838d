"""Registering, updating and deleting databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from bot.cloudsync.client import CloudSyncClient, WriteSlot
from bot.cloudsync.errors import NotFound
from bot.cloudsync.models import UNSET, Database, DatabaseChanges, Registration, Unset
from bot.domain.audit import JsonValue
from bot.domain.requests import Observation, Operation, OperationKind, Request
from bot.services.operations.observing import (
    Reading,
    devices_in_words,
    identity_of,
    names_in_words,
    push_in_words,
    sent,
    whereabouts,
)
from bot.services.operations.operation import Finding, Proof, Receipt, Sent

T = TypeVar("T")

READABLE = {"label": "label", "jwksUri": "jwks_uri"}
LISTS = {"jwtAllowedIssuers": "jwt_allowed_issuers", "jwtExpectedAudiences": "jwt_expected_audiences"}


def text_of(arguments: Mapping[str, JsonValue], name: str) -> str | None:
    """An argument as text."""
    value = arguments.get(name)
    return value if isinstance(value, str) else None


def texts_of(arguments: Mapping[str, JsonValue], name: str) -> tuple[str, ...] | None:
    """An argument as several texts."""
    value = arguments.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list) else None


class RegisterDatabase:
    """`POST /v1/databases`: the slowest call, and the least repeatable."""

    kind = OperationKind.REGISTER_DATABASE

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """Which databases of that label and name there are already: afterwards a new one proves the registration."""
        existing = await self._alike(api, operation)
        facts = (("Same label and database name already", names_in_words(existing)),) if existing else ()
        return Observation(facts=facts, keep={"before": [*existing]})

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
        created = request.result.created_id
        if created:
            return Receipt(lines=(("Database ID", created),))
        new = (await self.find(api, request)).created_id
        return Receipt(lines=(("Database ID", new or "see `databases list`"),))


class UpdateDatabase:
    """`PATCH /v1/databases/:databaseID`: only what differs."""

    kind = OperationKind.UPDATE_DATABASE

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The database as it is, and when it was last updated."""
        database = await api.get_database(operation.database_id or "")
        return Observation(
            identity=identity_of(database),
            facts=(*whereabouts(database), ("Changes", ", ".join(self._changed(operation)))),
            keep={"updated_at": database.updated_at.isoformat() if database.updated_at else None},
        )

    @staticmethod
    def _changed(operation: Operation) -> list[str]:
        words = {
            "label": "label",
            "jwtAllowedIssuers": "JWT allowed issuers",
            "jwtExpectedAudiences": "JWT expected audiences",
            "jwksUri": "JWKS URI",
            "new_host": "connection string",
            "clear_jwt_secret": "JWT secret (cleared)",
            "new_jwt_secret": "JWT secret",
        }
        return [word for name, word in words.items() if name in operation.arguments]

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        """Send the changes once."""
        given = operation.arguments
        jwt_secret: str | Unset = secrets.get("jwtSecret", UNSET)
        if given.get("clear_jwt_secret") is True:
            jwt_secret = ""
        changes = DatabaseChanges(
            label=_or_unset(text_of(given, "label")),
            connection_string=secrets.get("connectionString", UNSET),
            jwt_allowed_issuers=_or_unset(texts_of(given, "jwtAllowedIssuers")),
            jwt_expected_audiences=_or_unset(texts_of(given, "jwtExpectedAudiences")),
            jwks_uri=_or_unset(text_of(given, "jwksUri")),
            jwt_secret=jwt_secret,
        )
        return sent(await slot.update_database(operation.database_id or "", changes))

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        """What can be read back is compared; what cannot is told by the update time, if the API has one."""
        database = await api.get_database(request.operation.database_id or "")
        wanted = self._readable(request.operation)
        reads = {name: _value(database, name) for name in wanted}
        known = {name: value for name, value in reads.items() if value is not None}
        reading = f"Read now: {', '.join(f'{name} {value}' for name, value in reads.items()) or 'nothing to compare'}."
        if known and all(known[name] != wanted[name] for name in known):
            return Finding(proof=Proof.OPEN, readings=(reading,))
        if any(known[name] != wanted[name] for name in known):
            return Finding(proof=Proof.UNDECIDABLE, readings=(reading,))
        if known and not self._has_unreadable(request.operation):
            return Finding(proof=Proof.APPLIED, readings=(reading,))
        return self._by_update_time(database, request, reading)

    @staticmethod
    def _readable(operation: Operation) -> dict[str, JsonValue]:
        return {name: operation.arguments[name] for name in (*READABLE, *LISTS) if name in operation.arguments}

    @staticmethod
    def _has_unreadable(operation: Operation) -> bool:
        return any(name in operation.arguments for name in ("new_host", "new_jwt_secret", "clear_jwt_secret"))

    @staticmethod
    def _by_update_time(database: Database, request: Request, reading: str) -> Finding:
        before = request.observation.keep.get("updated_at")
        if database.updated_at is not None and isinstance(before, str):
            moved = database.updated_at > datetime.fromisoformat(before)
            words = f"Last updated {database.updated_at:%Y-%m-%d %H:%M:%S} UTC, before the send {before[:19]}."
            return Finding(proof=Proof.APPLIED if moved else Proof.OPEN, readings=(reading, words))
        return Finding(proof=Proof.UNDECIDABLE, readings=(reading, "The secret parts cannot be read back."))

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """The label as it is now; a label can be turned back."""
        database = await api.get_database(request.operation.database_id or "")
        return Receipt(lines=(("Label now", database.label or "none"),))


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
            names = sorted(table.name for table in await api.list_tables(database_id) if table.enabled)
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
        """What is needed to register it again; never a secret."""
        del api
        identity, keep = request.observation.identity, request.observation.keep
        enabled = identity.get("enabled_tables")
        lines = [
            (
                "Was",
                " / ".join(
                    str(identity[name]) for name in ("provider", "flavor", "database_name") if identity.get(name)
                ),
            ),
            (
                "Tables that were enabled",
                names_in_words([str(item) for item in enabled]) if isinstance(enabled, list) else "",
            ),
            ("Schema", str(keep.get("schema_name") or "")),
            ("JWKS URI", str(keep.get("jwks_uri") or "")),
        ]
        return Receipt(lines=tuple((name, value) for name, value in lines if value))


def _value(database: Database, name: str) -> JsonValue:
    if name in LISTS:
        found = getattr(database, LISTS[name])
        return [*found] if found is not None else None
    value = getattr(database, READABLE[name])
    return value if isinstance(value, str) else None


def _or_unset(value: T | None) -> T | Unset:
    return UNSET if value is None else value

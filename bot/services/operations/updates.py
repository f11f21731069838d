"""Updating a database: label, connection, JWT settings. Some of it can be read back afterwards, some never."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.models import UNSET, Database, DatabaseChanges, Unset
from bot.cloudsync.writing import WriteSlot
from bot.domain.audit import JsonValue
from bot.domain.requests import Observation, Operation, OperationKind, Request
from bot.domain.secrecy import redact
from bot.services.operations.observing import identity_of, sent, text_of, texts_of, whereabouts
from bot.services.operations.operation import Finding, Proof, Receipt, Sent

T = TypeVar("T")

CLOCK_SKEW = timedelta(seconds=60)
"""How far the API's clock may lie behind ours when it says when a database was last updated."""

WORDS = {
    "label": "Label",
    "jwksUri": "JWKS URI",
    "jwtAllowedIssuers": "JWT allowed issuers",
    "jwtExpectedAudiences": "JWT expected audiences",
}
UNREADABLE = ("new_host", "new_jwt_secret", "clear_jwt_secret")
"""Arguments that stand for what no reading returns."""

NEW_CONNECTION, NEW_JWT_SECRET = "New connection", "JWT secret"
"""What a card calls them."""


class UpdateDatabase:
    """`PATCH /v1/databases/:databaseID`: only what differs."""

    kind = OperationKind.UPDATE_DATABASE

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The database as it is, what would change in it, and when it was last updated."""
        database = await api.get_database(operation.database_id or "")
        return Observation(
            identity=identity_of(database),
            facts=(*whereabouts(database), *changes_in_words(database, operation)),
            keep={
                "updated_at": database.updated_at.isoformat() if database.updated_at else None,
                "label": database.label,
            },
        )

    async def identify(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """The database, and when it was last updated before this update."""
        database = await api.get_database(operation.database_id or "")
        updated_at = database.updated_at.isoformat() if database.updated_at else None
        return Observation(identity=identity_of(database), keep={"updated_at": updated_at})

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
        """What can be read back is compared; the rest is told by the update time, or by nobody but a person."""
        database = await api.get_database(request.operation.database_id or "")
        wanted = {name: value for name, value in request.operation.arguments.items() if name in WORDS}
        known = {name: value for name in wanted if (value := _value(database, name)) is not None}
        as_wanted = [name for name, value in known.items() if value == wanted[name]]
        reading = f"Read now: {', '.join(f'{WORDS[name]} {_plain(known[name])}' for name in known) or 'nothing of it'}."
        if known and not as_wanted:
            return Finding(proof=Proof.OPEN, readings=(reading,))
        if len(as_wanted) < len(known):
            return Finding(proof=Proof.UNDECIDABLE, readings=(reading,))
        everything_read = len(known) == len(wanted) and not any(
            name in request.operation.arguments for name in UNREADABLE
        )
        if everything_read:
            return Finding(proof=Proof.APPLIED, readings=(reading,))
        return _by_update_time(database, request, reading)

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """What was changed, as it reads now."""
        database = await api.get_database(request.operation.database_id or "")
        changed = [name for name in WORDS if name in request.operation.arguments]
        lines = [
            (f"{WORDS[name]} now", _plain(value))
            for name in changed
            if (value := _value(database, name)) is not None or not request.operation.arguments[name]
        ]
        before = request.observation.keep.get("label")
        renamed_only = changed == ["label"] and isinstance(before, str)
        return Receipt(
            lines=tuple(lines) or (("Label", database.label or "none"),),
            undo_label="Rename it back" if renamed_only else "",
            undo_command=f"databases update {database.id} --back {request.id}" if renamed_only else "",
        )


def changes_in_words(database: Database, operation: Operation) -> tuple[tuple[str, str], ...]:
    """What whoever approves must know: values before and after; of secrets only where they lead and a fingerprint."""
    given = operation.arguments
    facts = [
        (word, f"{_plain(_value(database, name))} → {_plain(given[name])}")
        for name, word in WORDS.items()
        if name in given
    ]
    if "new_host" in given:
        facts.append((NEW_CONNECTION, f"{given['new_host'] or 'host unknown'}, fingerprint {given.get('fingerprint')}"))
    if given.get("new_jwt_secret") is True:
        facts.append((NEW_JWT_SECRET, "a new one"))
    if given.get("clear_jwt_secret") is True:
        facts.append((NEW_JWT_SECRET, "cleared"))
    return tuple(facts)


def _by_update_time(database: Database, request: Request, reading: str) -> Finding:
    """Updated since the send means that it happened. Not updated proves nothing: a secret may leave no trace."""
    before = request.observation.keep.get("updated_at")
    if database.updated_at is None or not isinstance(before, str):
        return Finding(proof=Proof.UNDECIDABLE, readings=(reading, "The rest of it cannot be read back."))
    words = f"Last updated {database.updated_at:%Y-%m-%d %H:%M:%S} UTC; before the send, {before[:19]} UTC."
    moved = database.updated_at > datetime.fromisoformat(before)
    since_send = request.claimed_at is None or database.updated_at >= request.claimed_at - CLOCK_SKEW
    return Finding(proof=Proof.APPLIED if moved and since_send else Proof.UNDECIDABLE, readings=(reading, words))


def _value(database: Database, name: str) -> JsonValue:
    """A field as the API returned it; None where it did not."""
    match name:
        case "label":
            return database.label
        case "jwksUri":
            return database.jwks_uri
        case "jwtAllowedIssuers":
            return _listed(database.jwt_allowed_issuers)
        case _:
            return _listed(database.jwt_expected_audiences)


def _listed(values: tuple[str, ...] | None) -> JsonValue:
    return None if values is None else [*values]


def _plain(value: JsonValue) -> str:
    if isinstance(value, list):
        return redact(", ".join(str(item) for item in value)) or "none"
    return redact(str(value)) if value else "none"


def _or_unset(value: T | None) -> T | Unset:
    return UNSET if value is None else value

"""Setting and deleting the Expo access token, which can never be read back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.models import Database, ExpoToken
from bot.cloudsync.writing import WriteSlot
from bot.domain.audit import JsonValue
from bot.domain.requests import Observation, Operation, OperationKind, Request
from bot.services.operations.observing import Reading, identity_of, push_in_words, sent, whereabouts
from bot.services.operations.operation import Finding, Proof, Receipt, Sent

COARSE = timedelta(minutes=2)
"""How far the API's clock and the coarseness of its times may blur what came first."""


async def _read(api: CloudSyncClient, operation: Operation) -> tuple[Database, ExpoToken, Observation]:
    """The database, and the token's presence and update time."""
    database_id = operation.database_id or ""
    database, token = await asyncio.gather(api.get_database(database_id), api.get_expo_token(database_id))
    updated_at = token.updated_at.isoformat() if token.updated_at else None
    identity: dict[str, JsonValue] = {
        **identity_of(database),
        "token": "set" if token.present else "none",
        "token_updated": updated_at,
    }
    return database, token, Observation(identity=identity, keep={"updated_at": updated_at, "present": token.present})


async def _observe(api: CloudSyncClient, operation: Operation) -> Observation:
    """The same, with what is shown."""
    database, token, read = await _read(api, operation)
    reading = Reading()
    reading.facts += [*whereabouts(database), ("Token now", token_in_words(token))]
    await reading.add("Push", lambda: push_in_words(api, operation.database_id or ""))
    return replace(read, facts=tuple(reading.facts), unread=tuple(reading.unread))


def token_in_words(token: ExpoToken) -> str:
    """Whether there is one, and since when."""
    if not token.present:
        return "none"
    return f"set, updated {token.updated_at:%Y-%m-%d %H:%M} UTC" if token.updated_at else "set"


def _was_long_before(updated_at: datetime, request: Request) -> bool:
    """Whether a time that has not moved tells anything: two updates close together may bear the same one."""
    return request.claimed_at is not None and request.claimed_at - updated_at > COARSE


class SetToken:
    """`PUT …/expo-access-token`."""

    kind = OperationKind.SET_TOKEN

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """See `_observe`."""
        return await _observe(api, operation)

    async def identify(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """See `_read`."""
        return (await _read(api, operation))[2]

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        """Set or rotate it."""
        return sent(await slot.set_expo_token(operation.database_id or "", secrets.get("expoAccessToken", "")))

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        """Present where there was none, or updated later than before: the time is the token's own, so it tells."""
        token = await api.get_expo_token(request.operation.database_id or "")
        reading = f"The token is {token_in_words(token)}."
        before, was_present = request.observation.keep.get("updated_at"), request.observation.keep.get("present")
        if token.present and was_present is False:
            return Finding(proof=Proof.APPLIED, readings=(reading,))
        if not token.present:
            return Finding(proof=Proof.OPEN, readings=(reading,))
        if token.updated_at is not None and isinstance(before, str):
            if token.updated_at > datetime.fromisoformat(before):
                return Finding(proof=Proof.APPLIED, readings=(reading,))
            if _was_long_before(datetime.fromisoformat(before), request):
                return Finding(proof=Proof.OPEN, readings=(reading,))
        return Finding(proof=Proof.UNDECIDABLE, readings=(reading, "Its value cannot be read back."))

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """The push status afterwards."""
        return Receipt(lines=(("Push now", await push_in_words(api, request.operation.database_id or "")),))


class DeleteToken:
    """`DELETE …/expo-access-token`."""

    kind = OperationKind.DELETE_TOKEN

    async def observe(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """See `_observe`."""
        return await _observe(api, operation)

    async def identify(self, api: CloudSyncClient, operation: Operation) -> Observation:
        """See `_read`."""
        return (await _read(api, operation))[2]

    async def send(self, slot: WriteSlot, operation: Operation, secrets: Mapping[str, str]) -> Sent:
        """Remove it once."""
        del secrets
        return sent(await slot.delete_expo_token(operation.database_id or ""))

    async def find(self, api: CloudSyncClient, request: Request) -> Finding:
        """Absent means done; still there means not yet."""
        token = await api.get_expo_token(request.operation.database_id or "")
        proof = Proof.OPEN if token.present else Proof.APPLIED
        return Finding(proof=proof, readings=(f"The token is {token_in_words(token)}.",))

    async def receipt(self, api: CloudSyncClient, request: Request) -> Receipt:
        """The push status afterwards."""
        return Receipt(lines=(("Push now", await push_in_words(api, request.operation.database_id or "")),))

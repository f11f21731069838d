"""The environments: one Management API client each, and the organisation each key is pinned to."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import ApiBroken, CloudSyncError
from bot.cloudsync.models import Organisation
from bot.db.engine import Database
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, AuditOutcome
from bot.domain.errors import Unavailable
from bot.domain.ids import new_story_id

log = structlog.get_logger(__name__)


class Environments:
    """Clients by name, and whether each still speaks for the organisation first seen."""

    def __init__(self, clients: Mapping[str, CloudSyncClient], database: Database) -> None:
        self._clients = dict(clients)
        self._database = database
        self._mismatched: set[str] = set()
        self._told: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """Every environment that has a key."""
        return tuple(self._clients)

    def client(self, name: str) -> CloudSyncClient:
        """The client of an environment; `Unavailable` where its key is gone."""
        try:
            return self._clients[name]
        except KeyError:
            raise Unavailable(f"The environment {name} has no key any more.", retryable=False) from None

    async def confirm(self, name: str) -> bool:
        """Read the organisation now and compare it with the pin; False when it is another one."""
        organisation = await self.client(name).get_organisation()
        return await self.compare(name, organisation)

    async def compare(self, name: str, organisation: Organisation) -> bool:
        """Pin the organisation at its first reading; afterwards say whether it is still the same.

        Raises `ApiBroken` for an answer that names none once one is pinned: it says nothing about whose key this is.
        """
        key = f"organisation:{name}"
        if not organisation.id:
            if await self._database.read(lambda unit: unit.settings.get(key)):
                raise ApiBroken("The answer names no organisation.", status=200)
            return True
        pinned = await self._database.note(lambda unit: unit.settings.set_if_absent(key, organisation.id or ""))
        same = pinned == organisation.id
        if same:
            self._mismatched.discard(name)
            self._told.discard(name)
            return True
        self._mismatched.add(name)
        if name not in self._told:
            await self._record_mismatch(name, pinned, organisation)
            self._told.add(name)
        return False

    def require_pinned(self, name: str) -> None:
        """Raise `Unavailable` while the key belongs to another organisation than the one accepted."""
        if name in self._mismatched:
            raise _another(name)

    async def require_same(self, name: str) -> None:
        """Read the organisation now; raise `Unavailable` where it is another one, whatever others read meanwhile."""
        if not await self.confirm(name):
            raise _another(name)

    async def pin_all(self) -> None:
        """At start: read every organisation once. An API that does not answer is read again at the next change."""
        for name in self.names:
            try:
                await self.confirm(name)
            except (CloudSyncError, Unavailable) as error:
                log.warning("organisation_unread", environment=name, error=type(error).__name__)

    async def _record_mismatch(self, name: str, pinned: str, organisation: Organisation) -> None:
        log.error("organisation_changed", environment=name)
        await self._database.append(
            AuditEntry(
                kind=AuditKind.SYSTEM,
                story=new_story_id(),
                action=AuditAction.SYSTEM_ORGANISATION,
                outcome=AuditOutcome.REJECTED,
                environment=name,
                target=organisation.id or "",
                target_label=organisation.name or "",
                payload={"pinned": pinned, "found": organisation.id},
            )
        )


def _another(name: str) -> Unavailable:
    return Unavailable(
        f"The key of {name} now belongs to another organisation, so changes are off "
        "until somebody accepts it with `app.py organisation accept`.",
        retryable=False,
    )

"""What the command line does with the database by itself: verify the trail, accept an organisation."""

from __future__ import annotations

import asyncio

from bot.bootstrap import build
from bot.config import Settings
from bot.db.audit_verify import Finding
from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.db.inspection import database_has_rows
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, AuditOutcome
from bot.domain.ports import SystemClock
from bot.domain.requests import new_story_id
from bot.keys import key_rings


def verify_trail(settings: Settings) -> Finding:
    """Walk the chain; runs beside a serving bot."""
    rings = key_rings(settings, database_has_rows=database_has_rows(settings.database_url))

    async def walk() -> Finding:
        database = Database.open(settings.database_url, clock=SystemClock(), audit_keys=AuditKeys(rings.audit_keys))
        try:
            return await database.read(lambda unit: unit.audit.verify())
        finally:
            await database.close()

    return asyncio.run(walk())


async def accept_organisation(settings: Settings, environment: str) -> str:
    """Pin the organisation that the key belongs to now; audited. Returns its name."""
    rings = key_rings(settings, database_has_rows=database_has_rows(settings.database_url))
    async with build(settings, rings) as program:
        found = await program.environments.client(environment).get_organisation()
        entry = AuditEntry(
            kind=AuditKind.SYSTEM,
            story=new_story_id(),
            action=AuditAction.SYSTEM_ORGANISATION,
            outcome=AuditOutcome.SUCCEEDED,
            environment=environment,
            target=found.id or "",
            target_label=found.name or "",
            payload={"accepted": found.id},
        )

        def work(unit: Unit) -> None:
            unit.settings.set(f"organisation:{environment}", found.id or "")
            unit.audit.append(entry)

        await program.database.write(work)
        return found.name or found.slug or found.id or "unnamed"

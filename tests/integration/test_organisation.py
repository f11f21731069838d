"""Accepting another organisation at the command line: who did, and in place of which."""

from __future__ import annotations

import base64
from dataclasses import replace

from bot.config import load
from bot.domain.audit import AuditAction
from bot.verification import accept_organisation
from tests.bots import running_bot, settings_for
from tests.conftest import AUDIT_KEYS


async def test_the_row_names_the_operator_and_the_organisation_before(database_url: str) -> None:
    async with running_bot(database_url) as world:
        before = world.api.estate.organisation
        world.api.estate.organisation = replace(before, id="org_other")
        keys = {"SECRET_KEYS": "c" * 43, "AUDIT_KEYS": _text(AUDIT_KEYS.keys[0])}
        settings = load(settings_for(world.api, world.slack, database_url, **keys))
        await accept_organisation(settings, "default", operator="root")
        row = (await world.trail())[-1]
        assert row.action is AuditAction.SYSTEM_ORGANISATION
        assert row.payload == {
            "pinned": before.id,
            "accepted": "org_other",
            "surface": "command_line",
            "operator": "root",
        }


def _text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode().rstrip("=")

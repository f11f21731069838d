"""Start and stop in the trail, and what is set up otherwise than at the start before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import structlog

from bot.config import Settings
from bot.db.chain import key_id_of
from bot.db.connections import place_of
from bot.db.health import REVISION
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, AuditOutcome, JsonValue
from bot.domain.errors import BotError
from bot.domain.ids import new_story_id
from bot.services.audit import Trail

log = structlog.get_logger(__name__)

LAST_START = "configuration:last"
"""The setting that holds what the last start was set up with."""

TOLD = (
    "slack_command",
    "slack_team_id",
    "slack_app_id",
    "bot_admins",
    "approvals_required",
    "audit_channel",
    "decision_seconds",
    "send_seconds",
    "reconcile_seconds",
    "call_deadline_seconds",
    "auto_migrate",
    "log_level",
)
"""Settings that are told as they are. Where the bot listens is the host's affair, and changes at each start of some."""

Facts = Mapping[str, JsonValue]


def set_up_with(settings: Settings, secret_keys: Sequence[bytes], audit_keys: Sequence[bytes]) -> Facts:
    """Everything that decides what the bot does, by the settings' names: of keys their ids, of secrets nothing."""
    values = settings.model_dump(mode="json", include=set(TOLD))
    return {
        **{name.upper(): values[name] for name in TOLD},
        **{f"APPROVALS_REQUIRED__{name.upper()}": settings.approvals_for(name) for name in settings.environments},
        **{f"CLOUDSYNC_BASE_URL__{name.upper()}": _place(one.base_url) for name, one in settings.environments.items()},
        "SLACK_API_URL": _place(settings.slack_api_url),
        "SOCKET_MODE": settings.uses_socket_mode,
        "DATABASE_URL": place_of(settings.database_url),
        "SECRET_KEYS": [key_id_of(key) for key in secret_keys],
        "AUDIT_KEYS": [key_id_of(key) for key in audit_keys],
        "SCHEMA": REVISION,
    }


def _place(url: str) -> str:
    """An address without what gives access to it: no name, no password, no parameters.

    Some characters in a password end the host too early: what then stands behind it is no path.
    """
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "unreadable"
    path = "" if "@" in f"{parts.path}{parts.query}{parts.fragment}" else parts.path
    return f"{parts.scheme}://{parts.hostname or ''}{port}{path}"


class Lifetime:
    """Writes how this process begins and ends. Neither fails for want of a trail: the log and `/readyz` tell then."""

    def __init__(self, trail: Trail, facts: Facts) -> None:
        self._trail = trail
        self._facts = dict(facts)

    async def started(self) -> None:
        """The row of the start, and one of what is set up otherwise than before."""
        await self._write(AuditAction.SYSTEM_START, self._compare)

    async def stopped(self) -> None:
        """The row of the end."""
        await self._write(AuditAction.SYSTEM_STOP)

    async def _write(self, action: AuditAction, then: Callable[[Unit, str], None] | None = None) -> None:
        story, problem = new_story_id(), self._trail.problem
        found: dict[str, JsonValue] = {"problem": problem} if problem else {}
        entry = _entry(story, action, {"set_up_with": self._facts, **found})

        def work(unit: Unit) -> None:
            unit.audit.append(entry)
            if then is not None:
                then(unit, story)

        try:
            await self._trail.write(work)
        except BotError as error:
            log.error("lifetime_unwritten", action=action, error=str(error))

    def _compare(self, unit: Unit, story: str) -> None:
        """Against what the last start kept, whichever replica's it was."""
        kept = unit.settings.get(LAST_START)
        unit.settings.set(LAST_START, json.dumps(self._facts, sort_keys=True))
        changed = changes(json.loads(kept), self._facts) if kept else {}
        if changed:
            unit.audit.append(_entry(story, AuditAction.SYSTEM_CONFIGURATION, {"changed": changed}))


def changes(before: Facts, after: Facts) -> dict[str, JsonValue]:
    """Old and new of each value that differs, by name; None where there was or is none."""
    names = sorted(before.keys() | after.keys())
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }


def _entry(story: str, action: AuditAction, payload: Facts) -> AuditEntry:
    return AuditEntry(
        kind=AuditKind.SYSTEM, story=story, action=action, outcome=AuditOutcome.SUCCEEDED, payload=payload
    )

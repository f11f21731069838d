"""Which rows of the trail whoever watches the audit channel must hear of: those that open or weaken the controls.

An ordinary request is none, nor is what it destroyed: that was decided by the controls, and stands in the trail.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.access import Role
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, JsonValue

LOUD_KINDS = frozenset(
    {AuditKind.ACCESS, AuditKind.SYSTEM, AuditKind.EXPORT, AuditKind.TOMBSTONE, AuditKind.CHECKPOINT}
)
"""No row of another kind is loud, so that no other need be looked at."""

SEARCH_INDEX = "search index"
"""What a row of a configuration is about that tells of the index made anew."""

APPROVALS, ADDRESS, AUDIT_CHANNEL = "APPROVALS_REQUIRED", "CLOUDSYNC_BASE_URL", "AUDIT_CHANNEL"
ALWAYS = frozenset({"BOT_ADMINS", "AUDIT_KEYS"})
"""Settings of which every change is loud: who is admin past Slack, and what the trail is signed with."""
ONCE_SET = frozenset({AUDIT_CHANNEL, "SLACK_API_URL", "SLACK_TEAM_ID", "SLACK_APP_ID"})
"""Settings that are loud once they were set: who watches, who is believed, and whom the bot speaks to."""
USUAL_APPROVALS = 1
"""What a new environment is measured by."""
_OWN = frozenset({AuditAction.SYSTEM_ORGANISATION, AuditAction.SYSTEM_TRAIL})


def is_loud(entry: AuditEntry) -> bool:
    """Whether it is told in the audit channel."""
    match entry.kind:
        case AuditKind.EXPORT | AuditKind.TOMBSTONE | AuditKind.CHECKPOINT:
            return True
        case AuditKind.ACCESS:
            return _concerns_admin(entry.payload)
        case AuditKind.SYSTEM:
            return entry.action in _OWN or entry.target == SEARCH_INDEX or bool(weakened(entry.payload))
        case _:
            return False


def _concerns_admin(payload: Mapping[str, JsonValue]) -> bool:
    """Given or taken away: to a person, a group, a channel, or a channel's members."""
    before = payload.get("before")
    told = (payload, before) if isinstance(before, dict) else (payload,)
    return any(one.get(name) == Role.ADMIN.word for one in told for name in ("role", "members"))


def weakened(payload: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The settings among the changed ones with which control is weaker, or somebody else's."""
    changed = payload.get("changed")
    found = changed.items() if isinstance(changed, dict) else ()
    return tuple(
        name for name, one in found if isinstance(one, dict) and _weakens(name, one.get("before"), one.get("after"))
    )


def _weakens(name: str, before: JsonValue, after: JsonValue) -> bool:
    base = name.partition("__")[0]
    if base == APPROVALS:
        return isinstance(after, int) and after < (before if isinstance(before, int) else USUAL_APPROVALS)
    if base == ADDRESS:  # without one the environment is gone, and nothing is done in it
        return bool(before) and bool(after)
    return name in ALWAYS or (name in ONCE_SET and bool(before))


def watched_before(payload: Mapping[str, JsonValue]) -> str:
    """The audit channel that another one took the place of; "" where none did."""
    changed = payload.get("changed")
    one = changed.get(AUDIT_CHANNEL) if isinstance(changed, dict) else None
    before = one.get("before") if isinstance(one, dict) else None
    return before if isinstance(before, str) else ""

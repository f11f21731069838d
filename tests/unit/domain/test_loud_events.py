"""What is loud: whatever opens or weakens the controls, and nothing that they decided."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.audit import AuditAction as Act
from bot.domain.audit import AuditKind as Kind
from bot.domain.audit import AuditOutcome as End
from bot.domain.loud_events import LOUD_KINDS, is_loud, watched_before, weakened
from tests.factories import make_entry

ADMIN: dict[str, Any] = {"role": "admin"}
VIEWER: dict[str, Any] = {"role": "viewer"}


def access(action: Act, before: dict[str, Any] | None = None, **payload: Any) -> dict[str, Any]:
    return {"kind": Kind.ACCESS, "action": action, "payload": {**payload, "before": before}}


def set_up(name: str, before: Any, after: Any) -> dict[str, Any]:
    changed = {name: {"before": before, "after": after}}
    return {"kind": Kind.SYSTEM, "action": Act.SYSTEM_CONFIGURATION, "payload": {"changed": changed}}


LOUD: dict[str, dict[str, Any]] = {
    "admin given": access(Act.ROLES_GRANT, **ADMIN),
    "admin taken back": access(Act.ROLES_REVOKE, before=ADMIN),
    "admin made less": access(Act.ROLES_GRANT, before=ADMIN, **VIEWER),
    "a channel bound as admin": access(Act.ROLES_BIND, role="admin", members="viewer"),
    "members made admin": access(Act.ROLES_BIND, role="admin", members="admin", before=ADMIN),
    "a channel's admin lowered": access(Act.ROLES_BIND, role="operator", members="viewer", before=ADMIN),
    "an admin channel unbound": access(Act.ROLES_UNBIND, before={**ADMIN, "members": "viewer"}),
    "an export": {"kind": Kind.EXPORT, "action": Act.AUDIT_EXPORT},
    "an export that failed after its row was written": {
        "kind": Kind.EXPORT,
        "action": Act.AUDIT_EXPORT,
        "outcome": End.FAILED,
    },
    "a row erased": {"kind": Kind.TOMBSTONE, "action": Act.AUDIT_ERASE},
    "a prefix cut off": {"kind": Kind.CHECKPOINT, "action": Act.AUDIT_TRUNCATE},
    "the index made anew": {"kind": Kind.SYSTEM, "action": Act.SYSTEM_CONFIGURATION, "target": "search index"},
    "another organisation": {"kind": Kind.SYSTEM, "action": Act.SYSTEM_ORGANISATION, "outcome": End.REJECTED},
    "its acceptance": {"kind": Kind.SYSTEM, "action": Act.SYSTEM_ORGANISATION},
    "a trail that was not written": {"kind": Kind.SYSTEM, "action": Act.SYSTEM_TRAIL},
    "fewer approvals": set_up("APPROVALS_REQUIRED", 2, 1),
    "fewer approvals in one environment": set_up("APPROVALS_REQUIRED__PROD", 1, 0),
    "an environment that came without approvals": set_up("APPROVALS_REQUIRED__NEW", None, 0),
    "another admin of the environment": set_up("BOT_ADMINS", ["U0ADA"], ["U0ADA", "U0BOB"]),
    "a first admin of the environment": set_up("BOT_ADMINS", [], ["U0BOB"]),
    "other audit keys": set_up("AUDIT_KEYS", ["1"], ["2", "1"]),
    "another audit channel": set_up("AUDIT_CHANNEL", "C0AUDIT", "C0OTHER"),
    "no audit channel any more": set_up("AUDIT_CHANNEL", "C0AUDIT", ""),
    "another Slack": set_up("SLACK_API_URL", "https://slack.com/api/", "https://slack.example/api/"),
    "a workspace no longer pinned": set_up("SLACK_TEAM_ID", "T0ACME", ""),
    "another address of the API": set_up("CLOUDSYNC_BASE_URL__PROD", "https://one", "https://two"),
}
QUIET: dict[str, dict[str, Any]] = {
    "a reading": {"kind": Kind.READ},
    "an ordinary request": {"kind": Kind.REQUEST, "action": Act.DATABASES_UPDATE},
    "a destructive outcome": {"kind": Kind.OUTCOME, "action": Act.DATABASES_DELETE},
    "a destructive outcome that failed": {
        "kind": Kind.OUTCOME,
        "action": Act.DATABASES_DELETE,
        "outcome": End.FAILED,
    },
    "a request for admin, of which nothing came yet": {"kind": Kind.REQUEST, "action": Act.ROLES_GRANT},
    "a refusal": {"kind": Kind.REFUSAL, "action": Act.AUDIT_EXPORT, "outcome": End.DENIED},
    "an anchor": {"kind": Kind.ANCHOR, "action": Act.AUDIT_ANCHOR},
    "a lesser role": access(Act.ROLES_GRANT, role="operator", before=VIEWER),
    "a lesser role taken back": access(Act.ROLES_REVOKE, before={"role": "operator"}),
    "a lesser channel": access(Act.ROLES_BIND, role="operator", members="viewer"),
    "an operators' channel unbound": access(Act.ROLES_UNBIND, before={"role": "operator", "members": "viewer"}),
    "a start": {"kind": Kind.SYSTEM, "action": Act.SYSTEM_START},
    "a stop": {"kind": Kind.SYSTEM, "action": Act.SYSTEM_STOP},
    "more approvals": set_up("APPROVALS_REQUIRED", 1, 2),
    "an environment that came with approvals": set_up("APPROVALS_REQUIRED__NEW", None, 1),
    "an environment that went": set_up("APPROVALS_REQUIRED__OLD", 1, None),
    "an address that came": set_up("CLOUDSYNC_BASE_URL__NEW", None, "https://one"),
    "an address that went": set_up("CLOUDSYNC_BASE_URL__OLD", "https://one", None),
    "a first audit channel": set_up("AUDIT_CHANNEL", "", "C0AUDIT"),
    "another log level": set_up("LOG_LEVEL", "INFO", "DEBUG"),
    "another schema": set_up("SCHEMA", "0002", "0003"),
    "a payload that is erased": {"kind": Kind.ACCESS, "action": Act.ROLES_GRANT},
}


@pytest.mark.parametrize("what", LOUD)
def test_what_opens_or_weakens_the_controls_is_loud(what: str) -> None:
    entry = make_entry(**LOUD[what])
    assert is_loud(entry)
    assert entry.kind in LOUD_KINDS


@pytest.mark.parametrize("what", QUIET)
def test_what_the_controls_decided_is_not(what: str) -> None:
    assert not is_loud(make_entry(**QUIET[what]))


def test_no_row_of_a_kind_that_is_never_looked_at_is_loud() -> None:
    for kind in frozenset(Kind) - LOUD_KINDS:
        for given in LOUD.values():
            assert not is_loud(make_entry(**{**given, "kind": kind}))


@pytest.mark.parametrize("changed", [None, [], "all", {"BOT_ADMINS": "all"}, {"AUDIT_CHANNEL": {"before": 7}}])
def test_a_payload_that_holds_something_else_raises_nothing(changed: Any) -> None:
    assert weakened({"changed": changed}) in ((), ("AUDIT_CHANNEL",))
    assert watched_before({"changed": changed}) == ""

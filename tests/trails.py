"""A trail of some thousand rows over six weeks, with a few stories in it that questions are asked about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from tests.clock import ManualClock
from tests.conftest import AUDIT_KEYS
from tests.factories import make_entry

Kind, End, Act = AuditKind, AuditOutcome, AuditAction
WEEKS = timedelta(days=42)
QUIET_STORIES = 1_100
LABELS = ("orders-eu", "orders-us", "billing", "customers", "field-app", "kiosk")
EVERYDAY = (Act.DATABASES_UPDATE, Act.TABLES_ENABLE, Act.TABLES_DISABLE, Act.TOKEN_SET)

Story = tuple[timedelta, Callable[[Unit, ManualClock], None]]


async def filled(database_url: str, people: dict[str, str], channels: dict[str, str]) -> datetime:
    """Write the trail; returns the moment at which it ends, which is now."""
    now = datetime.now(UTC)
    clock = ManualClock(now - WEEKS)
    database = Database.open(database_url, clock=clock, audit_keys=AUDIT_KEYS)
    stories = sorted([*_everyday(people, channels), *_told(people, channels)], key=lambda one: -one[0])
    try:
        for start in range(0, len(stories), 200):
            await database.write(partial(_write, clock=clock, now=now, stories=stories[start : start + 200]))
    finally:
        await database.close()
    return now


def _write(unit: Unit, *, clock: ManualClock, now: datetime, stories: list[Story]) -> None:
    for ago, tell in stories:
        clock.advance(max(timedelta(), now - ago - clock.now()).total_seconds())
        tell(unit, clock)


def _everyday(people: dict[str, str], channels: dict[str, str]) -> list[Story]:
    """Reads, and changes that went well: three rows each, older than ten days."""
    dice = Random(7)
    stories: list[Story] = []
    for number in range(QUIET_STORIES):
        label, who = dice.choice(LABELS), dice.choice(("ada", "grace", "alan"))
        common: dict[str, Any] = {
            "story": f"st-day-{number}",
            "actor": people[who],
            "channel": channels[dice.choice(("prod", "staging"))],
            "target": f"db_{label}",
            "target_label": label,
        }
        rows = _change(common, dice.choice(EVERYDAY), f"rq-day-{number}", who) if number % 3 else _read(common, who)
        stories.append((timedelta(days=10, minutes=dice.randrange(30 * 1440)), _rows(rows)))
    return stories


def _change(common: dict[str, Any], action: AuditAction, request: str, who: str) -> list[dict[str, Any]]:
    given = {**common, "action": action, "request_id": request}
    states = ((Kind.REQUEST, "pending"), (Kind.INTENT, "executing"), (Kind.OUTCOME, "succeeded"))
    return [
        {
            **given,
            "kind": kind,
            "outcome": End.SUCCEEDED if state == "succeeded" else End.PENDING,
            "payload": {"state": state, "person": who.title()},
        }
        for kind, state in states
    ]


def _read(common: dict[str, Any], who: str) -> list[dict[str, Any]]:
    return [{**common, "kind": Kind.READ, "action": Act.DATABASES_SHOW, "payload": {"person": who.title()}}]


def _rows(rows: list[dict[str, Any]], every: timedelta = timedelta(seconds=2)) -> Callable[[Unit, ManualClock], None]:
    def tell(unit: Unit, clock: ManualClock) -> None:
        for row in rows:
            unit.audit.append(make_entry(**row))
            clock.advance(every.total_seconds())

    return tell


def _told(people: dict[str, str], channels: dict[str, str]) -> list[Story]:
    """What the questions are about."""
    stories: list[Story] = []

    def told(ago: timedelta, every: timedelta, *rows: dict[str, Any], **common: Any) -> None:
        given = {"story": f"st-{len(stories)}", "channel": channels["prod"], **common}
        stories.append((ago, _rows([{**given, **row} for row in rows], every)))

    def deletion(ago: timedelta, label: str, wait: timedelta, end: AuditOutcome, **last: Any) -> None:
        told(
            ago,
            wait,
            {"kind": Kind.REQUEST, "outcome": End.PENDING, "payload": {"state": "pending", "person": "Alan"}},
            {
                "kind": Kind.DECISION,
                "actor": people["grace"],
                "payload": {"state": "approved", "vote": "approve", "person": "Grace"},
            },
            {"kind": Kind.OUTCOME, "outcome": end, "payload": {"state": end.value, "person": "Alan"}, **last},
            action=Act.DATABASES_DELETE,
            actor=people["alan"],
            target=f"db_{label}",
            target_label=label,
            request_id=f"rq-delete-{label}",
        )

    deletion(timedelta(days=5), "old-orders", timedelta(minutes=4), End.SUCCEEDED)
    deletion(timedelta(days=4), "old-billing", timedelta(minutes=10), End.SUCCEEDED)
    deletion(timedelta(days=3), "ledger", timedelta(hours=2), End.REJECTED, code="conflict", http_status=409)
    refused = {"kind": Kind.REFUSAL, "outcome": End.DENIED, "actor": people["cleo"]}
    for days, label in ((9, "kiosk"), (2, "ledger")):
        told(
            timedelta(days=days),
            timedelta(seconds=1),
            {**refused, "payload": {"person": "Cleo", "problem": "The role admin is missing."}},
            action=Act.DATABASES_DELETE,
            target=f"db_{label}",
            target_label=label,
        )
    told(
        timedelta(days=6),
        timedelta(seconds=1),
        {**refused, "action": Act.DATABASES_LIST},
        channel=channels["random"],
    )
    voted = {"kind": Kind.DECISION, "outcome": End.DENIED, "actor": people["grace"]}
    told(
        timedelta(days=8),
        timedelta(minutes=30),
        {"kind": Kind.REQUEST, "outcome": End.PENDING, "actor": people["alan"], "payload": {"state": "pending"}},
        {**voted, "payload": {"state": "denied", "vote": "deny", "reason": "not during the freeze"}},
        action=Act.DEVICES_REMOVE,
        target="db_kiosk",
        target_label="kiosk",
        request_id="rq-devices",
    )
    told(
        timedelta(hours=9),
        timedelta(seconds=20),
        {"kind": Kind.REQUEST, "outcome": End.PENDING, "payload": {"state": "pending"}},
        {"kind": Kind.INTENT, "outcome": End.PENDING, "payload": {"state": "executing"}},
        {"kind": Kind.OUTCOME, "outcome": End.UNKNOWN, "payload": {"state": "unknown"}},
        action=Act.DATABASES_UPDATE,
        actor=people["ada"],
        target="db_billing",
        target_label="billing",
        request_id="rq-unknown",
    )
    for days, action in ((7, Act.ROLES_GRANT), (1, Act.ROLES_REVOKE)):
        told(
            timedelta(days=days),
            timedelta(seconds=1),
            {"kind": Kind.ACCESS, "action": action, "actor": people["ada"], "payload": {"subject": people["cleo"]}},
        )
    for days in (6, 5):
        told(
            timedelta(days=days),
            timedelta(seconds=1),
            {"kind": Kind.READ, "action": Act.TOKEN_SHOW, "actor": people["cleo"], "payload": {"person": "Cleo"}},
            target="db_field-app",
            target_label="field-app",
        )
    return stories

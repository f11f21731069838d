"""A trail of some thousand rows over six weeks, with a few stories in it that questions are asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    prod = {"channel": channels["prod"]}
    told = (*_deletions(people), *_refusals(people, channels), *_decisions(people), *_changes_of_access(people))
    return [
        (ago, _rows([{**prod, "story": f"st-{number}", **row} for row in rows], every))
        for number, (ago, every, rows) in enumerate(told)
    ]


Told = tuple[timedelta, timedelta, list[dict[str, Any]]]
"""How long ago it began, the time between its rows, and these."""


def _deletions(people: dict[str, str]) -> Iterator[Told]:
    """Two that went well, and one that the API refused."""
    yield _deletion(people, timedelta(days=5), "old-orders", timedelta(minutes=4), outcome=End.SUCCEEDED)
    yield _deletion(people, timedelta(days=4), "old-billing", timedelta(minutes=10), outcome=End.SUCCEEDED)
    conflict = {"outcome": End.REJECTED, "code": "conflict", "http_status": 409}
    yield _deletion(people, timedelta(days=3), "ledger", timedelta(hours=2), **conflict)


def _deletion(people: dict[str, str], ago: timedelta, label: str, wait: timedelta, **last: Any) -> Told:
    common = {**_about(label), "action": Act.DATABASES_DELETE, "request_id": f"rq-delete-{label}"}
    asked = {"kind": Kind.REQUEST, "outcome": End.PENDING, "payload": {"state": "pending", "person": "Alan"}}
    approved = {
        "kind": Kind.DECISION,
        "actor": people["grace"],
        "payload": {"state": "approved", "vote": "approve", "person": "Grace"},
    }
    ended = {"kind": Kind.OUTCOME, "payload": {"state": last["outcome"].value, "person": "Alan"}, **last}
    return ago, wait, [{**common, "actor": people["alan"], **row} for row in (asked, approved, ended)]


def _about(label: str) -> dict[str, Any]:
    return {"target": f"db_{label}", "target_label": label}


def _refusals(people: dict[str, str], channels: dict[str, str]) -> Iterator[Told]:
    """Cleo tries what she may not, and where nothing may be done."""
    refused = {"kind": Kind.REFUSAL, "outcome": End.DENIED, "actor": people["cleo"]}
    payload = {"person": "Cleo", "problem": "The role admin is missing."}
    for days, label in ((9, "kiosk"), (2, "ledger")):
        row = {**refused, **_about(label), "action": Act.DATABASES_DELETE, "payload": payload}
        yield timedelta(days=days), timedelta(seconds=1), [row]
    elsewhere = {**refused, "action": Act.DATABASES_LIST, "channel": channels["random"]}
    yield timedelta(days=6), timedelta(seconds=1), [elsewhere]


def _decisions(people: dict[str, str]) -> Iterator[Told]:
    """One that said no, and a change whose end nobody knows."""
    devices = {**_about("kiosk"), "action": Act.DEVICES_REMOVE, "request_id": "rq-devices"}
    no = {"state": "denied", "vote": "deny", "reason": "not during the freeze"}
    asked = {"kind": Kind.REQUEST, "outcome": End.PENDING, "actor": people["alan"], "payload": {"state": "pending"}}
    denied = {"kind": Kind.DECISION, "outcome": End.DENIED, "actor": people["grace"], "payload": no}
    yield timedelta(days=8), timedelta(minutes=30), [{**devices, **asked}, {**devices, **denied}]
    change = {
        **_about("billing"),
        "action": Act.DATABASES_UPDATE,
        "actor": people["ada"],
        "request_id": "rq-unknown",
    }
    steps = (
        (Kind.REQUEST, "pending", End.PENDING),
        (Kind.INTENT, "executing", End.PENDING),
        (Kind.OUTCOME, "unknown", End.UNKNOWN),
    )
    rows = [{**change, "kind": kind, "outcome": end, "payload": {"state": state}} for kind, state, end in steps]
    yield timedelta(hours=9), timedelta(seconds=20), rows


def _changes_of_access(people: dict[str, str]) -> Iterator[Told]:
    """A role given and taken away, and a token looked at."""
    changed = {"kind": Kind.ACCESS, "actor": people["ada"], "payload": {"subject": people["cleo"]}}
    for days, action in ((7, Act.ROLES_GRANT), (1, Act.ROLES_REVOKE)):
        yield timedelta(days=days), timedelta(seconds=1), [{**changed, "action": action}]
    looked = {"kind": Kind.READ, "action": Act.TOKEN_SHOW, "actor": people["cleo"], "payload": {"person": "Cleo"}}
    for days in (6, 5):
        yield timedelta(days=days), timedelta(seconds=1), [{**_about("field-app"), **looked}]

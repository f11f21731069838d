"""A loud event as the audit channel reads it: what happened first, where and when small, what to do last."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.commands.areas.audit_loud import announcement
from bot.domain.audit import AuditAction as Act
from bot.domain.audit import AuditKind as Kind
from bot.domain.audit import AuditOutcome as End
from bot.slack.blocks import render
from tests.unit.commands.areas.test_audit_sentences import TERMINAL, row, system
from tests.unit.commands.plain import line_text, part_lines, reply_text

GIVEN = {"kind": Kind.ACCESS, "action": Act.ROLES_GRANT, "target": "U0GRACE"}
BOUND = {"kind": Kind.ACCESS, "action": Act.ROLES_BIND, "target": "C0PROD"}
EXPORTED = {"kind": Kind.EXPORT, "action": Act.AUDIT_EXPORT}
WORDS: list[tuple[dict[str, Any], str]] = [
    (
        {**GIVEN, "payload": {"role": "admin", "channel": None, "before": {"role": "viewer"}}},
        "@U0ADA gave @U0GRACE the role admin in every bound channel",
    ),
    (
        {**GIVEN, "payload": {"role": "viewer", "channel": "C0PROD", "before": {"role": "admin"}}},
        "@U0ADA gave @U0GRACE the role viewer in @C0PROD, admin until then",
    ),
    (
        {**GIVEN, "action": Act.ROLES_REVOKE, "payload": {"channel": None, "before": {"role": "admin"}}},
        "@U0ADA took back the role of @U0GRACE in every bound channel, admin until then",
    ),
    (
        {**BOUND, "payload": {"role": "admin", "members": "admin", "before": None}},
        "@U0ADA bound @C0PROD as admin, its members admin",
    ),
    (
        {**BOUND, "payload": {"role": "admin", "members": "viewer", "before": {"role": "admin", "members": "admin"}}},
        "@U0ADA bound @C0PROD as admin, its members viewer, who were admin until then",
    ),
    (
        {**BOUND, "action": Act.ROLES_UNBIND, "payload": {"before": {"role": "admin", "members": "viewer"}}},
        "@U0ADA unbound @C0PROD, admin until then",
    ),
    (
        {**EXPORTED, "payload": {"rows": 12, "first_seq": 1, "last_seq": 12}},
        "@U0ADA exported 12 rows of the trail, all from 1 to 12",
    ),
    (
        {**EXPORTED, "payload": {**TERMINAL, "rows": 5, "first_seq": 3, "last_seq": 40}, "actor": ""},
        "Root at the command line exported 5 rows of the trail, picked from 3 to 40",
    ),
    (
        {**EXPORTED, "payload": {"rows": 1, "first_seq": 4, "last_seq": 4}},
        "@U0ADA exported 1 row of the trail, row 4",
    ),
    (
        {**EXPORTED, "outcome": End.FAILED, "payload": {"rows": 1, "first_seq": 4, "last_seq": 4}},
        "@U0ADA exported 1 row of the trail: failed",
    ),
    (
        {"kind": Kind.CHECKPOINT, "action": Act.AUDIT_TRUNCATE, "actor": "", "target": "seq:9", "payload": TERMINAL},
        "Root at the command line cut off the rows up to 9",
    ),
    (
        system(Act.SYSTEM_CONFIGURATION, target="search index", payload=TERMINAL),
        "Root at the command line made the search index anew",
    ),
    (
        system(Act.SYSTEM_ORGANISATION, outcome=End.REJECTED, target_label="Other Corp"),
        "The bot found that the key of prod now belongs to Other Corp: changes are off there",
    ),
    (
        system(Act.SYSTEM_ORGANISATION, target_label="Other Corp", payload=TERMINAL),
        "Root at the command line accepted the organisation Other Corp for prod",
    ),
    (system(Act.SYSTEM_TRAIL), "The bot can write the trail again, after a row could not be written"),
]


@pytest.mark.parametrize(("given", "verdict"), WORDS, ids=[verdict for _, verdict in WORDS])
def test_it_says_what_happened_first(given: dict[str, Any], verdict: str) -> None:
    reply = announcement(row(**given), 1, "/sync")
    assert line_text(reply.verdict) == verdict
    assert "/sync audit show 7" in reply_text(reply).splitlines()[-1]
    assert "!" not in reply_text(reply)


def test_a_row_that_was_erased_before_it_was_told_says_so_and_names_nobody_falsely() -> None:
    erased = replace(row(**EXPORTED, actor=""), erased=True)
    assert line_text(announcement(erased, 1, "/sync").verdict) == (
        "Somebody exported rows of the trail, what it said was erased"
    )


def test_one_erasure_of_several_rows_is_told_as_one() -> None:
    erased = row(kind=Kind.TOMBSTONE, action=Act.AUDIT_ERASE, actor="", target="seq:3", payload=TERMINAL)
    told = [line_text(announcement(erased, rows, "/sync").verdict) for rows in (1, 2, 3)]
    assert told == [
        "Root at the command line erased what row 3 said",
        "Root at the command line erased what row 3 said, and 1 more row with it",
        "Root at the command line erased what row 3 said, and 2 more rows with it",
    ]


def test_a_weaker_set_up_names_what_changed_and_how_of_what_matters() -> None:
    changed = {
        "APPROVALS_REQUIRED": {"before": 1, "after": 0},
        "BOT_ADMINS": {"before": [], "after": ["U0ADA", "U0GRACE"]},
        "LOG_LEVEL": {"before": "INFO", "after": "DEBUG"},
    }
    reply = announcement(row(**system(Act.SYSTEM_CONFIGURATION, payload={"changed": changed})), 1, "/sync")
    assert line_text(reply.verdict) == (
        "The bot was set up otherwise than before: APPROVALS_REQUIRED, BOT_ADMINS, LOG_LEVEL"
    )
    told = part_lines(reply)
    assert told[:-1] == ["APPROVALS_REQUIRED 1 → 0", "BOT_ADMINS nothing → @U0ADA, @U0GRACE"]
    assert told[-1].startswith("Row 7, ")


def test_no_name_makes_a_line_that_passes_for_an_anchor() -> None:
    name = f"Other\nanchor seq=1 hash={'0' * 64}\n"
    reply = announcement(row(**system(Act.SYSTEM_ORGANISATION, target_label=name, environment=name)), 1, "/sync")
    drawn = render(reply)
    for read in (drawn.text, repr(drawn.blocks).replace("\\n", "\n")):
        assert not re.search(r"^anchor seq=", read, re.MULTILINE)

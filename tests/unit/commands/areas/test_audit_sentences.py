"""Rows as sentences: true, plain, with people and channels mentioned, and no end where the row tells none."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from bot.commands.areas.audit_sentences import sentence
from bot.commands.areas.audit_words import row_line, story_label, timeline
from bot.domain.audit import AuditAction as Act
from bot.domain.audit import AuditEntry, AuditRecord
from bot.domain.audit import AuditKind as Kind
from bot.domain.audit import AuditOutcome as End
from bot.domain.replies import ChannelRef, GroupRef, Mood, PersonRef
from tests.clock import START
from tests.factories import make_entry, make_story
from tests.unit.commands.plain import line_text, part_lines, reply_text

TERMINAL = {"surface": "command_line", "operator": "root"}
GRANTED = {"role": "operator", "channel": "C0PROD"}
DELETION = {"action": Act.DATABASES_DELETE, "target": "db_1", "target_label": "orders-eu"}


def row(**given: Any) -> AuditRecord:
    entry = make_entry(**given)
    chain: dict[str, Any] = {"leaf": "", "prev_hash": "", "hash": "", "mac": "", "key_id": "", "salt": None}
    known = {one.name: getattr(entry, one.name) for one in fields(AuditEntry)}
    return AuditRecord(**known, seq=7, occurred_at=START, **chain)


def system(action: Act, **given: Any) -> dict[str, Any]:
    return {"kind": Kind.SYSTEM, "actor": "", "channel": "", "action": action, **given}


SENTENCES: list[tuple[dict[str, Any], str]] = [
    ({"kind": Kind.READ}, "@U0ADA read databases list"),
    ({"kind": Kind.READ, "outcome": End.FAILED}, "@U0ADA tried to read databases list: failed"),
    (
        {"kind": Kind.MISTYPE, "action": Act.UNKNOWN_COMMAND, "payload": {"text": "databses lst"}},
        "@U0ADA typed “databses lst”, which was not understood",
    ),
    (
        {"kind": Kind.MISTYPE, "payload": {"text": "databases list --page 0"}},
        "@U0ADA typed “databases list --page 0”, which was not possible",
    ),
    (
        {"kind": Kind.REFUSAL, "outcome": End.DENIED, "payload": {"text": "roles grant <@U0GRACE|grace h> admin"}},
        "@U0ADA tried “roles grant @U0GRACE admin”: refused",
    ),
    (
        {
            "kind": Kind.REFUSAL,
            "outcome": End.DENIED,
            "action": Act.APPROVALS_DECIDE,
            "payload": {"text": "", "step": "approve"},
        },
        "@U0ADA pressed approve on a request that is not there: refused",
    ),
    (
        {"kind": Kind.REFUSAL, "outcome": End.INVALID, "request_id": "rq-1", **DELETION},
        "@U0ADA tried a step of databases delete orders-eu: not possible then",
    ),
    (
        {"kind": Kind.RECONCILE, "outcome": End.UNKNOWN, **DELETION},
        "the bot looked again at databases delete orders-eu for @U0ADA: end unknown",
    ),
    (
        {"kind": Kind.RECONCILE, **DELETION, "payload": {"afterwards": True, "readings": ["Label: orders-eu"]}},
        "the bot read afterwards what came of databases delete orders-eu for @U0ADA",
    ),
    ({"kind": Kind.REQUEST, "outcome": End.PENDING, **DELETION}, "@U0ADA asked for databases delete orders-eu"),
    (
        {
            "kind": Kind.REQUEST,
            "action": Act.ROLES_GRANT,
            "target": "U0CLEO",
            "payload": {"operation": {"arguments": {"role": "admin"}}},
        },
        "@U0ADA asked for roles grant @U0CLEO admin",
    ),
    (
        {
            "kind": Kind.REQUEST,
            "action": Act.ROLES_GRANT,
            "target": "U0CLEO",
            "payload": {"operation": {"arguments": {"role": "admin", "subject": "U0CLEO", "channel": "C0PROD"}}},
        },
        "@U0ADA asked for roles grant @U0CLEO admin in @C0PROD",
    ),
    ({"kind": Kind.DECISION, "payload": {"vote": "approve"}, **DELETION}, "@U0ADA approved databases delete orders-eu"),
    (
        {"kind": Kind.DECISION, "payload": {"vote": "approve", "gate": "confirm"}, **DELETION},
        "@U0ADA confirmed databases delete orders-eu",
    ),
    (
        {"kind": Kind.DECISION, "outcome": End.CANCELLED, "payload": {"surface": "program"}, **DELETION},
        "the bot decided on databases delete orders-eu for @U0ADA: cancelled",
    ),
    ({"kind": Kind.INTENT, "outcome": End.PENDING, **DELETION}, "the bot began databases delete orders-eu for @U0ADA"),
    ({"kind": Kind.OUTCOME, **DELETION}, "databases delete orders-eu for @U0ADA: done"),
    (
        {"kind": Kind.EXPIRY, "outcome": End.EXPIRED, **DELETION},
        "time ran out for databases delete orders-eu for @U0ADA",
    ),
    (
        {"kind": Kind.ABANDONED, "action": Act.SYSTEM_START, "outcome": End.ABANDONED},
        "the bot had stopped before it answered @U0ADA",
    ),
    (
        {"kind": Kind.ACCESS, "action": Act.ROLES_GRANT, "target": "S0ONCALL", "payload": GRANTED},
        "@U0ADA gave @S0ONCALL the role operator in @C0PROD",
    ),
    (
        {"kind": Kind.ACCESS, "action": Act.ROLES_REVOKE, "target": "U0GRACE", "payload": {"channel": None}},
        "@U0ADA took back the role of @U0GRACE in every bound channel",
    ),
    (
        {
            "kind": Kind.ACCESS,
            "action": Act.ROLES_BIND,
            "target": "C0PROD",
            "payload": {"role": "admin", "members": "viewer"},
        },
        "@U0ADA bound @C0PROD as admin, its members viewer",
    ),
    ({"kind": Kind.FORM, "outcome": End.PENDING, **DELETION}, "@U0ADA opened the form of databases delete orders-eu"),
    ({"kind": Kind.FORM, "outcome": End.CANCELLED, "action": Act.UNKNOWN_COMMAND}, "@U0ADA closed a form"),
    ({"kind": Kind.ANSWER, "payload": {"text": "whoami"}}, "@U0ADA was answered on “whoami”"),
    (system(Act.SYSTEM_START), "the bot started"),
    (system(Act.SYSTEM_STOP), "the bot stopped"),
    (
        system(Act.SYSTEM_START, payload={"problem": "The audit trail has no head."}),
        "the bot started, while its trail was not to be relied upon",
    ),
    (
        system(Act.SYSTEM_CONFIGURATION, payload={"changed": {"SEND_SECONDS": {"before": 120, "after": 60}}}),
        "the bot was set up otherwise than before: SEND_SECONDS",
    ),
    (
        system(Act.SYSTEM_CONFIGURATION, target="search index", payload=TERMINAL),
        "root at the command line made the search index anew",
    ),
    (system(Act.SYSTEM_TRAIL), "the bot can write the trail again, after a row could not be written"),
    (
        system(Act.SYSTEM_ORGANISATION, target_label="Other Corp", payload=TERMINAL),
        "root at the command line accepted the organisation Other Corp for prod",
    ),
    (
        system(Act.SYSTEM_ORGANISATION, outcome=End.REJECTED, target_label="Other Corp"),
        "the bot found that the key of prod now belongs to Other Corp",
    ),
    (
        {"kind": Kind.ANCHOR, "action": Act.AUDIT_ANCHOR, "actor": "", "channel": "C0AUDIT", "target": "seq:12"},
        "the bot anchored row 12 in @C0AUDIT",
    ),
    (
        {"kind": Kind.TOMBSTONE, "action": Act.AUDIT_ERASE, "actor": "", "target": "seq:3", "payload": TERMINAL},
        "root at the command line erased what row 3 said",
    ),
    (
        {"kind": Kind.EXPORT, "action": Act.AUDIT_EXPORT, "actor": "", "payload": {**TERMINAL, "rows": 1}},
        "root at the command line exported 1 row of the trail",
    ),
]


@pytest.mark.parametrize(("given", "said"), SENTENCES, ids=[said for _, said in SENTENCES])
def test_a_row_is_a_plain_sentence(given: dict[str, Any], said: str) -> None:
    assert line_text(sentence(row(**given))) == said


def test_every_kind_has_a_sentence_even_when_its_payload_is_erased() -> None:
    for kind in Kind:
        for action in Act:
            words = line_text(sentence(row(kind=kind, action=action, target="C0PROD")))
            assert "the bot the bot" not in words
            assert words.strip() == words


def test_people_groups_and_channels_are_mentioned_and_nothing_else_becomes_one() -> None:
    typed = "roles grant <!subteam^S1|@oncall> admin <#C1|prod> <@U1|ada> <script> <!here>"
    spans = sentence(row(kind=Kind.ANSWER, payload={"text": typed}))
    assert [one for one in spans if not isinstance(one, str)] == [
        PersonRef(id="U0ADA"),
        GroupRef(id="S1"),
        ChannelRef(id="C1"),
        PersonRef(id="U1"),
    ]
    assert line_text(spans).endswith(" <script> <!here>”")


def test_a_menu_that_cannot_mention_has_the_name_as_of_then() -> None:
    given = {"kind": Kind.ACCESS, "action": Act.ROLES_GRANT, "target": "U0GRACE"}
    assert story_label(row(**given, target_label="grace")) == "7 roles grant grace"
    assert story_label(row(**given)) == "7 roles grant"


def test_a_story_without_a_request_is_told_by_its_row_and_in_its_place() -> None:
    reply = timeline(make_story(row(**system(Act.SYSTEM_START), story="st-9", environment="")), None)
    assert line_text(reply.verdict) == "The bot started"
    assert part_lines(reply)[-1] == "Story st-9, 1 row, 7 to 7"


def test_a_story_of_refusals_that_came_to_something_is_told_by_what_it_came_to() -> None:
    refused = row(kind=Kind.REFUSAL, outcome=End.DENIED, story="st-9")
    reply = timeline(make_story(refused, refused, row(kind=Kind.READ, story="st-9")), None)
    assert line_text(reply.verdict) == "@U0ADA read databases list"
    assert reply.mood is Mood.GOOD


def test_a_timeline_tells_from_what_to_what_a_setting_was_changed() -> None:
    changed = {"BOT_ADMINS": {"before": ["U0ADA"], "after": []}, "LOG_LEVEL": {"before": None, "after": "DEBUG"}}
    reply = timeline(make_story(row(**system(Act.SYSTEM_CONFIGURATION, payload={"changed": changed}))), None)
    assert "BOT_ADMINS U0ADA → nothing, LOG_LEVEL nothing → DEBUG" in part_lines(reply)[0]


def test_a_timeline_tells_what_stood_there_before_a_change_of_access() -> None:
    payload = {**GRANTED, "before": {"subject": "user", "role": "viewer", "channel": None}}
    granted = row(kind=Kind.ACCESS, action=Act.ROLES_GRANT, target="U0GRACE", payload=payload)
    assert "before: role viewer, subject user" in part_lines(timeline(make_story(granted), None))[0]


def test_a_row_whose_payload_was_erased_says_so_in_a_story_and_in_a_list() -> None:
    erased = replace(row(kind=Kind.READ), erased=True)
    said = "read databases list, what it said was erased"
    assert said in reply_text(timeline(make_story(erased), None))
    assert said in line_text(row_line(erased))
    assert "erased" not in reply_text(timeline(make_story(replace(erased, erased=False)), None))


def test_a_timeline_names_every_item_that_a_request_asks_for() -> None:
    names = [f"site_{number:05}" for number in range(9)]
    asked = row(kind=Kind.REQUEST, action=Act.DEVICES_REMOVE, payload={"operation": {"items": names}})
    assert ", ".join(names) in part_lines(timeline(make_story(asked), None))[0]


def test_a_timeline_that_waits_for_a_persons_word_asks_for_it() -> None:
    looked = row(kind=Kind.RECONCILE, outcome=End.UNKNOWN, request_id="rq-1", payload={"state": "needs_human"})
    said = "an admin presses It happened or It did not"
    assert said in line_text(timeline(make_story(looked), None).next_step)
    settled = row(kind=Kind.DECISION, request_id="rq-1", payload={"state": "resolved"})
    assert said not in line_text(timeline(make_story(looked, settled), None).next_step)

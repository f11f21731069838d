"""The trail's form: filled in with what was asked, and the same list when it is sent."""

from __future__ import annotations

from datetime import date

import pytest

from bot.commands.areas.audit_search_form import typed_as
from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.domain.errors import InvalidInput, SecretInText
from bot.domain.replies import CommandButton, FieldKind, Reply
from tests.factories import make_entry
from tests.unit.commands.areas.channel import ADA, CLEO, Channel
from tests.unit.commands.plain import line_text, part_lines

TODAY = date(2026, 11, 2)


async def written(channel: Channel, **given: object) -> None:
    usual: dict[str, object] = {"kind": AuditKind.OUTCOME, "action": AuditAction.DATABASES_DELETE, "target": "db_1"}
    await channel.database.write(lambda unit: unit.audit.append(make_entry(**{**usual, **given})))


async def test_the_form_has_pickers_and_nothing_in_it_is_required(channel: Channel) -> None:
    form = await channel.form("audit search")
    kinds = {field.name: field.kind for field in form.fields}
    assert (kinds["user"], kinds["channel"], kinds["since"]) == (FieldKind.PERSON, FieldKind.CHANNEL, FieldKind.DAY)
    assert not any(field.required or field.value for field in form.fields)
    assert channel.opens_form("audit search")


async def test_the_form_holds_what_was_asked_so_far(channel: Channel) -> None:
    channel.people.zones[ADA] = "Pacific/Auckland"
    typed = f"--user <@{CLEO}> --action databases --outcome refused --database 'Primary DB' --day 2026-11-01 --all"
    form = await channel.form(f"audit search {typed}")
    assert {field.name: field.value for field in form.fields if field.value} == {
        "user": CLEO,
        "action": "databases",
        "outcome": "denied",
        "database": "Primary DB",
        "since": "2026-11-01",
        "until": "2026-11-01",
        "all": True,
    }


async def test_what_is_picked_is_asked_as_if_typed(channel: Channel) -> None:
    await written(channel, actor=CLEO, outcome=AuditOutcome.DENIED, kind=AuditKind.REFUSAL)
    await written(channel, actor=ADA)
    values = {"user": CLEO, "outcome": "denied", "since": "2026-11-01", "until": "2026-11-02", "text": None}
    reply = await channel.submit("audit search", values)
    assert isinstance(reply, Reply)
    assert line_text(reply.verdict).startswith(f"1 row by @{CLEO} since ")
    assert len(part_lines(reply)) == 1
    form = next(one for one in reply.actions if isinstance(one, CommandButton) and one.label == "Filter")
    assert form.command == f"audit search --user <@{CLEO}> --outcome denied --since 2026-11-01"


@pytest.mark.parametrize(
    ("values", "typed"),
    [
        ({}, "audit list"),
        ({"channel": "C1", "action": "databases.delete"}, "audit list --channel <#C1> --action databases.delete"),
        ({"text": "  moved\naway "}, 'audit list --text "moved away"'),
        ({"database": "--all", "all": True}, 'audit list --database "--all" --all'),
        ({"since": "2026-10-01", "until": "2026-10-31"}, "audit list --since 2026-10-01 --until 2026-11-01"),
        ({"until": "2026-11-02"}, "audit list"),
        ({"until": "2026-11-01"}, "audit list --until 2026-11-02"),
    ],
    ids=str,
)
def test_the_last_day_is_inclusive_and_words_are_quoted(values: dict[str, str], typed: str) -> None:
    assert typed_as(values, today=TODAY) == typed


def test_a_day_that_is_none_is_a_sentence() -> None:
    with pytest.raises(InvalidInput, match="not a day"):
        typed_as({"until": "soon"}, today=TODAY)


async def test_a_range_turned_round_is_said_at_its_field(channel: Channel) -> None:
    assert channel.check("audit search", {"since": "2026-11-02", "until": "2026-11-01"}).keys() == {"until"}
    assert channel.check("audit search", {"since": "2026-11-01", "until": "2026-11-01"}) == {}


async def test_a_secret_typed_into_the_form_goes_nowhere(channel: Channel) -> None:
    with pytest.raises(SecretInText):
        await channel.submit("audit search", {"text": "postgres://app:hunter2@db.example.com/orders"})


async def test_a_future_day_is_a_sentence(channel: Channel) -> None:
    with pytest.raises(InvalidInput, match="future"):
        await channel.submit("audit search", {"since": "2027-01-01"})

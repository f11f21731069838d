"""The trail asked from the chat: filters, pages, verdicts, and stories that tell the truth about their end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.commands.areas.audit_words import story_outcome
from bot.db import audit_queries
from bot.domain.audit import AuditAction, AuditRecord
from bot.domain.audit import AuditKind as Kind
from bot.domain.audit import AuditOutcome as End
from bot.domain.errors import InvalidInput, UnknownTarget
from bot.domain.replies import CommandButton, Mood, Reply
from tests.factories import make_entry
from tests.unit.commands.areas.channel import ADA, GRACE, Channel
from tests.unit.commands.plain import line_text, part_lines, reply_text

DELETION: list[dict[str, Any]] = [
    {"kind": Kind.FORM, "outcome": End.PENDING},
    {"kind": Kind.REQUEST, "outcome": End.PENDING, "payload": {"state": "pending", "reason": "moved"}},
    {
        "kind": Kind.DECISION,
        "outcome": End.SUCCEEDED,
        "actor": GRACE,
        "payload": {"state": "approved", "vote": "approve"},
    },
    {"kind": Kind.INTENT, "outcome": End.PENDING, "payload": {"state": "executing"}},
    {
        "kind": Kind.OUTCOME,
        "outcome": End.REJECTED,
        "code": "conflict",
        "http_status": 409,
        "payload": {"state": "rejected"},
    },
]


async def written(channel: Channel, **given: Any) -> AuditRecord:
    """One row of a deletion."""
    usual = {
        "actor": ADA,
        "action": AuditAction.DATABASES_DELETE,
        "target": "db_1",
        "target_label": "orders-eu",
        "kind": Kind.OUTCOME,
    }
    entry = make_entry(**{**usual, **given})
    return await channel.database.write(lambda unit: unit.audit.append(entry))


async def told(channel: Channel, rows: int = len(DELETION), story: str = "st-1") -> list[AuditRecord]:
    """A deletion's story as far as it has come."""
    return [await written(channel, story=story, request_id="rq-1", **row) for row in DELETION[:rows]]


def buttons(reply: Reply) -> dict[str, str]:
    return {one.label: one.command for one in reply.actions if isinstance(one, CommandButton)}


async def test_the_verdict_counts_things_by_how_they_ended_and_not_rows(channel: Channel) -> None:
    await told(channel, story="st-1")
    await told(channel, rows=3, story="st-2")
    reply = await channel.reply(f"audit list --action databases.delete --user <@{ADA}|ada> --since 7d")
    assert line_text(reply.verdict).startswith(f"2 database deletions by @{ADA} since ")
    assert line_text(reply.verdict).endswith(": 1 the API refused it, 1 under way")


async def test_without_an_action_rows_are_counted(channel: Channel) -> None:
    await told(channel)
    assert line_text((await channel.reply("audit")).verdict).startswith("4 rows: ")
    assert line_text((await channel.reply("audit --action databases")).verdict).startswith("4 rows on databases: ")


async def test_an_approval_reads_as_one_and_not_as_something_done(channel: Channel) -> None:
    await told(channel, rows=3)
    newest = part_lines(await channel.reply("audit list"))[0]
    assert newest.endswith("decided on databases delete orders-eu: approved")


async def test_pages_lead_both_ways_with_the_question_as_typed(channel: Channel) -> None:
    for number in range(25):
        await written(channel, story=f"st-{number}", outcome=End.SUCCEEDED)
    first = await channel.reply("Audit —outcome=succeeded --database db_1 --share")
    assert len(part_lines(first)) == 10
    older = buttons(first)["Older"]
    assert older == "audit list --outcome=succeeded --database db_1 --before-seq 16"
    assert "Newer" not in buttons(first)
    second = await channel.reply(older)
    assert part_lines(second)[0].startswith("15 ")
    assert buttons(second)["Older"] == "audit list --outcome=succeeded --database db_1 --before-seq 6"
    back = await channel.reply(buttons(second)["Newer"])
    assert part_lines(back) == part_lines(first)


async def test_a_bounded_look_that_found_nothing_yet_can_go_on(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "LOOK", 5)
    await written(channel, story="st-old", outcome=End.REJECTED)
    for number in range(7):
        await written(channel, story=f"st-{number}", outcome=End.SUCCEEDED)
    empty = await channel.reply("audit list --database db_1 --outcome rejected")
    assert "Nothing in the trail fits" in line_text(empty.verdict)
    found = await channel.reply(buttons(empty)["Older"])
    assert len(part_lines(found)) == 1


async def test_a_quoted_word_is_still_one_on_the_next_page(channel: Channel) -> None:
    for number in range(11):
        await written(channel, story=f"st-{number}", outcome=End.SUCCEEDED, target_label="Primary DB", target="x")
    first = await channel.reply("audit list --database “Primary DB”")
    assert buttons(first)["Older"] == 'audit list --database "Primary DB" --before-seq 2'
    assert len(part_lines(await channel.reply(buttons(first)["Older"]))) == 1


async def test_buttons_narrow_it_down_to_the_same_person_or_database(channel: Channel) -> None:
    await told(channel)
    found = buttons(await channel.reply("audit list"))
    assert found["Same person"] == f"audit list --user <@{ADA}>"
    assert found["Same database"] == "audit list --database db_1"
    assert "Same person" not in buttons(await channel.reply(found["Same person"]))


async def test_reads_are_left_out_unless_asked_for(channel: Channel) -> None:
    await written(channel, kind=Kind.READ, action=AuditAction.DATABASES_LIST, outcome=End.SUCCEEDED)
    assert line_text((await channel.reply("audit list")).verdict) == "Nothing in the trail fits"
    assert line_text((await channel.reply("audit list --all")).verdict).startswith("1 row: ")


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("audit list --outcome sucess", "succeeded"),
        ("audit list --action databases.delte", "databases.delete"),
        ("audit list --action delete", "databases.delete"),
        ("audit list --action devises", "devices"),
    ],
)
async def test_an_unknown_filter_value_gets_the_nearest_ones(channel: Channel, text: str, nearest: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        await channel.ask(text)
    assert nearest in raised.value.nearest


async def test_a_range_turned_round_is_a_sentence(channel: Channel) -> None:
    with pytest.raises(InvalidInput, match="turned round"):
        await channel.ask("audit list --since 1d --until 7d")


async def test_a_range_holds_what_lies_in_it(channel: Channel) -> None:
    await written(channel, outcome=End.SUCCEEDED)
    channel.clock.advance(days=3)
    await written(channel, outcome=End.FAILED)
    text = reply_text(await channel.reply("audit list --since 2d"))
    assert "failed" in text
    assert "done" not in text
    assert "done" in reply_text(await channel.reply("audit list --until 2d"))


STAGES = [(1, End.PENDING), (2, End.PENDING), (3, End.PENDING), (4, End.PENDING), (5, End.REJECTED)]


@pytest.mark.parametrize(("rows", "end"), STAGES)
async def test_a_story_ends_where_its_request_stands_and_never_before(channel: Channel, rows: int, end: End) -> None:
    assert story_outcome(await told(channel, rows)) is end


async def test_a_late_click_does_not_change_how_a_story_ended(channel: Channel) -> None:
    rows = await told(channel)
    rows.append(await written(channel, story="st-1", kind=Kind.REFUSAL, outcome=End.DENIED))
    assert story_outcome(rows) is End.REJECTED


async def test_a_story_is_a_timeline_in_words(channel: Channel) -> None:
    await told(channel)
    reply = await channel.reply("audit show rq-1")
    steps = part_lines(reply)
    assert line_text(reply.verdict) == "databases delete orders-eu: the API refused it"
    assert reply.mood is Mood.BAD
    assert "asked for databases delete — under way, because “moved”" in steps[1]
    assert steps[2].endswith(f"@{GRACE} approved")
    assert "outcome of — the API refused it, HTTP 409, code conflict" in steps[4]
    assert buttons(reply)["All of this database"] == "audit list --database db_1"


async def test_a_story_is_found_by_any_of_its_rows(channel: Channel) -> None:
    rows = await told(channel)
    by_number = reply_text(await channel.reply(f"audit show {rows[2].seq}"))
    assert by_number == reply_text(await channel.reply("audit show st-1"))


async def test_an_open_story_leads_to_its_request(channel: Channel) -> None:
    await told(channel, rows=2)
    reply = await channel.reply("audit show st-1")
    assert line_text(reply.next_step) == "Next: look at the request, which is still open."
    assert buttons(reply)["The request"] == "approvals show rq-1"


async def test_an_unknown_story_is_said(channel: Channel) -> None:
    with pytest.raises(UnknownTarget, match="no story"):
        await channel.ask("audit show 4711")


async def test_a_long_story_says_how_much_is_left_out(channel: Channel) -> None:
    for _ in range(30):
        await written(channel, story="st-long", outcome=End.FAILED)
        channel.clock.advance(timedelta(seconds=1).total_seconds())
    assert "5 more rows belong to this story." in reply_text(await channel.reply("audit show st-long"))

"""The trail asked from the chat: filters, pages, verdicts, and stories that tell the truth about their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.commands.areas import audit_verdict
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
    assert line_text(reply.verdict).endswith(", 1 refused by the API, 1 under way")


async def test_without_an_action_rows_are_counted(channel: Channel) -> None:
    await told(channel)
    assert line_text((await channel.reply("audit")).verdict) == "4 rows in 1 story, refused by the API"
    on_databases = line_text((await channel.reply("audit --action databases")).verdict)
    assert on_databases == "4 rows in 1 story on databases, refused by the API"


async def test_a_vote_counts_by_how_the_thing_itself_ended(channel: Channel) -> None:
    await told(channel)
    by_grace = line_text((await channel.reply(f"audit list --user <@{GRACE}>")).verdict)
    assert by_grace == f"1 row by @{GRACE}, refused by the API"
    done = line_text((await channel.reply("audit list --action databases.delete --outcome rejected")).verdict)
    assert done == "1 database deletion, refused by the API"


async def test_a_step_under_way_is_told_apart_from_what_is_under_way_today(channel: Channel) -> None:
    await told(channel, story="st-1")
    for action in ("", "--action databases.delete "):
        verdict = line_text((await channel.reply(f"audit list {action}--outcome pending")).verdict)
        assert verdict.startswith("2 steps in 1 story")
        assert verdict.endswith(", nothing under way any more")
    await told(channel, rows=2, story="st-2")
    verdict = line_text((await channel.reply("audit list --outcome pending")).verdict)
    assert verdict == "3 steps in 2 stories, 1 story still under way"


async def test_a_form_that_was_opened_is_nothing_under_way(channel: Channel) -> None:
    await told(channel, rows=1, story="st-1")
    assert line_text((await channel.reply("audit list --all")).verdict) == "1 row"
    shown = line_text((await channel.reply("audit show st-1")).verdict)
    assert shown == "databases delete orders-eu: a form was opened, and not sent so far"
    await told(channel, story="st-2")
    verdict = line_text((await channel.reply("audit list --all")).verdict)
    assert verdict == "6 rows in 2 stories, of which 1 refused by the API"


async def test_a_vote_does_not_count_as_a_thing_that_ended_so(channel: Channel) -> None:
    await told(channel)
    verdict = line_text((await channel.reply("audit list --action databases.delete --outcome succeeded")).verdict)
    assert verdict == "1 row on databases delete, done; no database deletion ended so"


async def test_a_story_whose_end_was_erased_is_not_under_way(channel: Channel) -> None:
    rows = await told(channel)
    erased = [replace(one, payload={}) if one.kind is Kind.OUTCOME else one for one in rows]
    assert story_outcome(erased) is End.REJECTED


async def test_a_count_that_is_bounded_says_so(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_verdict, "ROWS_COUNTED", 10)
    monkeypatch.setattr(audit_verdict, "ROWS_OF_THINGS", 8)
    for number in range(12):
        await told(channel, story=f"st-{number}") if number < 3 else await written(channel, story=f"st-{number}")
    assert line_text((await channel.reply("audit list")).verdict) == "more than 10 rows"
    deletions = line_text((await channel.reply("audit list --action delete")).verdict)
    assert deletions == "at least 8 deletions; of the newest 8, all done"


async def test_what_is_spoken_of_and_verbs_are_understood(channel: Channel) -> None:
    await told(channel)
    await written(channel, story="st-2", kind=Kind.REFUSAL, outcome=End.DENIED)
    refused = await channel.reply("audit list --action delete --outcome refused")
    assert line_text(refused.verdict) == "1 deletion, refused"
    wrong = await channel.reply("audit list --outcome wrong")
    assert [one.partition(" ")[0] for one in part_lines(wrong)] == ["5"]


@pytest.mark.parametrize(
    "typed",
    [
        "--action databases delete",
        "--action Databases Delete --since 7d",
        "--since 7d --action=databases delete --all",
        "--action databases.delete",
    ],
)
async def test_an_action_of_two_words_needs_no_quotes(channel: Channel, typed: str) -> None:
    await told(channel)
    assert line_text((await channel.reply(f"audit list {typed}")).verdict).startswith("1 database deletion")


async def test_an_action_of_three_words_is_understood_and_pages_keep_it(channel: Channel) -> None:
    for number in range(11):
        await written(channel, story=f"st-{number}", action=AuditAction.TOKEN_DELETE)
    for typed in ("notifications token delete", "token delete", "notifications.token_delete"):
        first = await channel.reply(f"audit list --action {typed}")
        assert line_text(first.verdict) == "11 token deletions, all done"
        assert len(part_lines(await channel.reply(buttons(first)["Older"]))) == 3


async def test_nothing_found_says_what_was_looked_for(channel: Channel) -> None:
    await told(channel)
    reply = await channel.reply(f"audit list --action databases.delete --user <@{GRACE}> --day yesterday")
    expected = f"Nothing in the trail fits: no database deletions by @{GRACE} since "
    assert line_text(reply.verdict).startswith(expected)
    assert "Filter" in buttons(reply)


async def test_a_database_that_the_trail_does_not_know_gets_the_nearest_ones(channel: Channel) -> None:
    await told(channel)
    await written(channel, story="st-2", target="db_2", target_label="billing")
    with pytest.raises(UnknownTarget) as raised:
        await channel.ask("audit list --database ordrs-eu")
    assert raised.value.nearest == ("orders-eu",)


@pytest.mark.parametrize("page", ["--before-seq abc", "--after-seq -3", "--before-seq 9999", "--after-seq " + "9" * 40])
async def test_a_page_that_is_not_ours_is_a_sentence(channel: Channel, page: str) -> None:
    await told(channel)
    with pytest.raises(InvalidInput, match="no page of the trail"):
        await channel.ask(f"audit list {page}")
    with pytest.raises(InvalidInput, match="no page of the trail"):
        await channel.ask("audit list --before-seq 3 --after-seq 1")


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("--since 2026-10-01 --until 2026-10-01", "empty"),
        ("--day yesterday --since 7d", "range by itself"),
        ("--text “…”", "no word"),
    ],
)
async def test_a_question_that_cannot_find_anything_is_a_sentence(channel: Channel, typed: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        await channel.ask(f"audit list {typed}")


async def test_the_same_day_is_the_readers_own(channel: Channel) -> None:
    channel.people.zones[ADA] = "Pacific/Auckland"
    await told(channel)
    found = buttons(await channel.reply("audit list --since 2d --database db_1"))
    assert found["Same day"] == "audit list --database db_1 --day 2026-11-02"


async def test_narrowing_keeps_the_rest_of_the_question(channel: Channel) -> None:
    await told(channel)
    found = buttons(await channel.reply("audit list --since yesterday 14:00 --action delete"))
    assert found["Same database"] == "audit list --since yesterday 14:00 --action delete --database db_1"
    assert found["Same day"] == "audit list --action delete --day 2026-11-02"
    assert found["Filter"] == "audit search --since yesterday 14:00 --action delete"


async def test_an_approval_reads_as_one_and_not_as_something_done(channel: Channel) -> None:
    await told(channel, rows=3)
    newest = part_lines(await channel.reply("audit list"))[0]
    assert newest.endswith("approved databases delete orders-eu")


async def test_pages_lead_both_ways_with_the_question_as_typed(channel: Channel) -> None:
    for number in range(25):
        await written(channel, story=f"st-{number}", outcome=End.SUCCEEDED)
    first = await channel.reply("Audit —outcome=succeeded --database db_1 --share")
    assert len(part_lines(first)) == 8
    older = buttons(first)["Older"]
    assert older == "audit list --outcome=succeeded --database db_1 --before-seq 18"
    assert "Newer" not in buttons(first)
    second = await channel.reply(older)
    assert part_lines(second)[0].startswith("17 ")
    assert buttons(second)["Older"] == "audit list --outcome=succeeded --database db_1 --before-seq 10"
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


async def test_a_bounded_look_towards_what_is_newer_goes_on_in_its_direction(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queries, "LOOK", 5)
    for number in range(12):
        rejected = number in (0, 3, 11)
        await written(channel, story=f"st-{number}", outcome=End.REJECTED if rejected else End.SUCCEEDED)
    question = "audit list --database db_1 --outcome rejected"
    first = await channel.reply(f"{question} --after-seq 1")
    assert (buttons(first)["Newer"], buttons(first)["Older"]) == (
        f"{question} --after-seq 6",
        f"{question} --before-seq 4",
    )
    assert "Looked on as far as row 6; Newer looks further." in reply_text(first)
    nothing = await channel.reply(buttons(first)["Newer"])
    assert "looking on as far as row 11" in line_text(nothing.verdict)
    assert line_text(nothing.next_step) == "Next: press Newer to look further on."
    last = await channel.reply(buttons(nothing)["Newer"])
    assert part_lines(last)[0].startswith("12 ")


async def test_a_quoted_word_is_still_one_on_the_next_page(channel: Channel) -> None:
    for number in range(11):
        await written(channel, story=f"st-{number}", outcome=End.SUCCEEDED, target_label="Primary DB", target="x")
    first = await channel.reply("audit list --database “Primary DB”")
    assert buttons(first)["Older"] == 'audit list --database "Primary DB" --before-seq 4'
    assert len(part_lines(await channel.reply(buttons(first)["Older"]))) == 3


async def test_buttons_narrow_it_down_to_the_same_person_or_database(channel: Channel) -> None:
    await told(channel)
    found = buttons(await channel.reply("audit list"))
    assert found["Same person"] == f"audit list --user <@{ADA}>"
    assert found["Same database"] == "audit list --database db_1"
    assert "Same person" not in buttons(await channel.reply(found["Same person"]))


async def test_reads_are_left_out_unless_asked_for(channel: Channel) -> None:
    await written(channel, kind=Kind.READ, action=AuditAction.DATABASES_LIST, outcome=End.SUCCEEDED)
    assert line_text((await channel.reply("audit list")).verdict) == "Nothing in the trail fits"
    assert line_text((await channel.reply("audit list --all")).verdict) == "1 row, done"


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("audit list --outcome sucess", "succeeded"),
        ("audit list --action databases.delte", "databases.delete"),
        ("audit list --action delte", "delete"),
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


STAGES = [(1, None), (2, End.PENDING), (3, End.PENDING), (4, End.PENDING), (5, End.REJECTED)]


@pytest.mark.parametrize(("rows", "end"), STAGES)
async def test_a_story_ends_where_its_request_stands_and_never_before(
    channel: Channel, rows: int, end: End | None
) -> None:
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
    assert "asked for databases delete orders-eu, because “moved”" in steps[1]
    assert steps[2].endswith(f"@{GRACE} approved databases delete orders-eu")
    assert f"databases delete orders-eu for @{ADA}: the API refused it, HTTP 409, code conflict" in steps[4]
    assert buttons(reply)["Same database"] == "audit list --database db_1"


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


async def test_a_long_story_is_read_page_by_page(channel: Channel) -> None:
    for _ in range(30):
        await written(channel, story="st-long", outcome=End.FAILED)
        channel.clock.advance(timedelta(seconds=1).total_seconds())
    first = await channel.reply("audit show 7")
    assert line_text(first.verdict).endswith(", page 1 of 2")
    assert len(part_lines(first)) == 25 + 1
    assert "Older" not in buttons(first)
    assert line_text(first.next_step) == "Next: press Newer to read on."
    last = await channel.reply(buttons(first)["Newer"])
    assert len(part_lines(last)) == 5 + 1
    assert "Newer" not in buttons(last)
    assert line_text(last.next_step).startswith("Next: nothing to do")
    assert part_lines(await channel.reply(buttons(last)["Older"])) == part_lines(first)
    beyond = await channel.reply("audit show st-long --page 9")
    assert part_lines(beyond)[0] == "There are 2 pages; this is the last."

"""The trail as a file in the chat: whose, how much of it, and what is said of it."""

from __future__ import annotations

import csv
import json
import sqlite3

import pytest

from bot.commands.areas import audit_export
from bot.domain.audit import AuditAction, AuditFilter, AuditKind, AuditOutcome, AuditRecord
from bot.domain.errors import InvalidInput, TrailUnavailable
from bot.domain.ports import MessageRefused
from bot.domain.replies import LinkButton, Mood
from bot.services import exports
from tests.factories import make_entry
from tests.unit.commands.areas.channel import ADA, Channel
from tests.unit.commands.plain import line_text, reply_text


async def fill(channel: Channel, number: int) -> None:
    for position in range(number):
        entry = make_entry(kind=AuditKind.OUTCOME, payload={"position": position})
        await channel.database.write(lambda unit, entry=entry: unit.audit.append(entry))  # type: ignore[misc]


async def exported(channel: Channel) -> list[AuditRecord]:
    page = await channel.database.read(
        lambda unit: unit.audit.page(AuditFilter(action=AuditAction.AUDIT_EXPORT, limit=50))
    )
    return [*page.records]


async def test_the_file_lies_in_the_askers_own_direct_message(channel: Channel) -> None:
    await fill(channel, 3)
    reply = await channel.reply("audit export --since 7d --format jsonl")
    ((name, content),) = channel.mailbox.received[ADA].items()
    *rows, closing = [json.loads(line) for line in content.splitlines()]
    assert [row["seq"] for row in rows] == [1, 2, 3]
    assert closing["extract"]["asked"].keys() == {"since", "leaves_out"}
    assert name == "audit-1-3.jsonl"
    assert line_text(reply.verdict) == "Rows exported: 3, into your direct message with the bot"
    assert LinkButton(label="Open the file", url=f"https://slack.example/{name}") in reply.actions


async def test_without_a_format_it_is_for_spreadsheets(channel: Channel) -> None:
    await fill(channel, 2)
    await channel.reply("audit export")
    ((name, content),) = channel.mailbox.received[ADA].items()
    assert name == "audit-1-2.csv"
    assert len([*csv.reader(content.splitlines())]) == 3


async def test_its_row_says_what_was_handed_out(channel: Channel) -> None:
    await fill(channel, 3)
    await channel.reply("audit export --text hunter --since 7d")
    assert await exported(channel) == []
    await channel.reply("audit export --since 7d")
    (row,) = await exported(channel)
    assert (row.kind, row.outcome, row.actor) == (AuditKind.EXPORT, AuditOutcome.SUCCEEDED, ADA)
    assert (row.payload["rows"], row.payload["first_seq"], row.payload["last_seq"]) == (3, 1, 3)
    assert row.payload["text"] == "audit export --since 7d"


async def test_where_nothing_fits_there_is_no_file(channel: Channel) -> None:
    await fill(channel, 1)
    reply = await channel.reply("audit export --text nowhere")
    assert line_text(reply.verdict) == "Nothing in the trail fits, so there is no file"
    assert channel.mailbox.received == {}


async def test_over_the_bound_it_says_so_and_names_the_command_line(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_IN_CHAT", 2)
    await fill(channel, 3)
    reply = await channel.reply("audit export")
    assert reply.mood is Mood.WARNING
    assert line_text(reply.verdict).startswith("Only the oldest 2 rows")
    assert "python app.py audit export" in reply_text(reply)
    (row,) = await exported(channel)
    assert (row.payload["rows"], row.payload["complete"]) == (2, False)


async def test_one_that_takes_long_says_a_few_times_how_far_it_is(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_export, "TOLD_AFTER", (0, 0, 3_600))
    monkeypatch.setattr(exports, "TOLD_EVERY_IN_CHAT", 1)
    channel.mailbox.takes = 0.1
    await fill(channel, 3)
    reply = await channel.reply("audit export")
    assert line_text(reply.verdict).startswith("Rows exported: 3")
    first, last = channel.heard
    assert line_text(first.verdict) == "Still exporting: looking through the trail"
    assert line_text(last.verdict).startswith("Still exporting: ")
    assert last.mood is Mood.WAITING


async def test_one_that_takes_a_moment_says_nothing_but_the_answer(channel: Channel) -> None:
    await fill(channel, 3)
    await channel.reply("audit export")
    assert channel.heard == []


async def test_a_file_that_slack_refuses_is_told_and_the_trail_says_so(channel: Channel) -> None:
    await fill(channel, 1)
    channel.mailbox.refuses = MessageRefused("missing_scope")
    with pytest.raises(MessageRefused, match="missing_scope"):
        await channel.reply("audit export")
    failed, made = await exported(channel)
    assert (made.outcome, failed.outcome, failed.code) == (
        AuditOutcome.SUCCEEDED,
        AuditOutcome.FAILED,
        "missing_scope",
    )


async def test_no_row_no_file(channel: Channel) -> None:
    await fill(channel, 1)
    with sqlite3.connect(channel.database.url.database or "") as intruder:
        intruder.execute("CREATE TRIGGER full BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(TrailUnavailable):
        await channel.reply("audit export")
    assert channel.mailbox.received == {}


async def test_a_format_that_is_none_is_refused(channel: Channel) -> None:
    with pytest.raises(InvalidInput):
        await channel.reply("audit export --format xlsx")

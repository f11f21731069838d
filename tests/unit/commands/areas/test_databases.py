"""Databases: listing, showing, checking."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.cloudsync.errors import ApiBroken
from bot.domain.database_failures import DATABASE_FAILURES
from bot.domain.replies import CommandButton, Moment, Mood, Paragraph, Reply
from bot.sandbox.api.estate import Failure
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.seed import large_estate
from bot.sandbox.api.switches import Fields, Switches, Times
from tests.unit.commands.areas.channel import CLEO, Channel
from tests.unit.commands.plain import line_text, part_lines, reply_text
from tests.unit.conftest import KEY


def buttons(reply: Reply) -> dict[str, str]:
    return {one.label: one.command for one in reply.actions if isinstance(one, CommandButton)}


async def test_a_list_is_sorted_and_paged_by_ten(channel: Channel) -> None:
    first = await channel.reply("databases list")
    assert line_text(first.verdict) == "12 databases, page 1 of 2"
    assert len(part_lines(first)) == 10
    assert buttons(first) == {"Next": "databases list --page 2"}
    assert line_text(first.next_step) == "Turn the page, or open one with /cloudsync databases show <name>."
    second = await channel.reply(buttons(first)["Next"])
    assert len(part_lines(second)) == 2
    assert buttons(second) == {"Previous": "databases list --page 1"}
    assert all(one.replaces for one in (*first.actions, *second.actions) if isinstance(one, CommandButton))


async def test_one_page_needs_no_turning(channel: Channel) -> None:
    reply = await channel.reply("databases list orders")
    assert reply.actions == ()
    assert line_text(reply.next_step) == "Next: open one with /cloudsync databases show <name>."


@pytest.mark.parametrize(("text", "count"), [("orders", 3), ("SQLITECLOUD", 3), ("vanilla", 4), ("primary db", 1)])
async def test_a_word_filters_by_label_id_provider_and_flavor(channel: Channel, text: str, count: int) -> None:
    reply = await channel.reply(f"databases list {text}")
    assert line_text(reply.verdict).startswith(f"{count} database")
    assert f"that {'fits' if count == 1 else 'fit'} “{text}”" in line_text(reply.verdict)


async def test_a_provider_whose_flavor_has_the_same_name_is_said_once(channel: Channel) -> None:
    kiosk = await channel.reply("databases list kiosk")
    assert part_lines(kiosk)[0].endswith(" sqlitecloud")
    assert "sqlitecloud / sqlitecloud" not in reply_text(kiosk)
    assert line_text((await channel.reply("databases show kiosk")).verdict) == "kiosk is a sqlitecloud database"


async def test_a_filter_survives_paging_whatever_it_holds(channel: Channel) -> None:
    for number in range(11):
        database = channel.api.estate.labelled("kiosk")
        channel.api.estate.databases[f"db_{number}"] = type(database)(
            **{**database.__dict__, "id": f"db_{number}", "label": f"a 'b c' {number:02}"}
        )
    reply = await channel.reply("databases list \"a 'b c'\"")
    assert line_text(reply.verdict) == "11 databases that fit “a 'b c'”, page 1 of 2"
    assert len(part_lines(await channel.reply(buttons(reply)["Next"]))) == 1


async def test_a_page_past_the_end_is_the_last_one_and_says_so(channel: Channel) -> None:
    reply = await channel.reply("databases list --page 99")
    assert "page 2 of 2" in line_text(reply.verdict)
    assert part_lines(reply)[0] == "There are 2 pages; this is the last."
    assert part_lines(await channel.reply("databases list orders --page 2"))[0] == "There is 1 page."
    assert "this is the last" not in reply_text(await channel.reply("databases list --page 2"))


async def test_nothing_that_fits_leads_back_and_nothing_at_all_leads_on(channel: Channel) -> None:
    assert buttons(await channel.reply("databases list zzz")) == {"All databases": "databases list"}
    channel.api.estate.databases.clear()
    reply = await channel.reply("databases list")
    assert line_text(reply.verdict) == "No databases are registered"
    assert buttons(reply) == {"Register one": "databases register"}


async def test_five_thousand_databases_are_five_hundred_pages(channel: Channel) -> None:
    channel.api.estates[KEY] = large_estate(datetime.now(UTC), device_count=0)
    reply = await channel.reply("databases list --page 500")
    assert line_text(reply.verdict) == "5000 databases, page 500 of 500"
    assert "tenant-04999" in reply_text(reply)


async def test_one_database_shows_the_important_and_leads_to_the_rest(channel: Channel) -> None:
    reply = await channel.reply("databases show orders-eu")
    database_id = channel.api.estate.labelled("orders-eu").id
    text = reply_text(reply)
    assert f"ID: {database_id}" in text
    assert "Host: orders-eu.db.example:5432" in text
    assert "JWT secret: never readable" in text
    assert "hunter2" not in text
    assert buttons(reply) == {
        "Check connection": f"databases check {database_id}",
        "Tables": f"tables list {database_id}",
        "Devices": f"devices list {database_id}",
        "Notifications": f"notifications status {database_id}",
    }


async def test_an_api_that_tells_little_is_shown_without_gaps(channel: Channel) -> None:
    channel.api.switches = Switches(fields=Fields.FEW)
    text = reply_text(await channel.reply("databases show orders-eu"))
    assert "orders-eu is a registered database" in text
    assert "None" not in text
    assert "Host" not in text


def checked_at(reply: Reply) -> datetime:
    (moment,) = (
        span
        for part in reply.parts
        if isinstance(part, Paragraph)
        for one in part.lines
        for span in one
        if isinstance(span, Moment)
    )
    return moment.at


async def test_a_check_says_when_it_was_made_even_where_the_api_does_not(channel: Channel) -> None:
    told = await channel.reply("databases check orders-eu")
    assert abs((checked_at(told) - datetime.now(UTC)).total_seconds()) < 60
    channel.api.switches = Switches(times=Times.MISSING)
    for text in ("databases check orders-eu", "databases check billing"):
        assert checked_at(await channel.reply(text)) == channel.clock.now()


@pytest.mark.parametrize("code", DATABASE_FAILURES)
async def test_a_failed_check_is_told_in_plain_words_with_what_to_do(channel: Channel, code: str) -> None:
    channel.api.estate.labelled("orders-eu").failure = Failure(code=code, message="x", retryable=True)
    reply = await channel.reply("databases check orders-eu")
    what, advice = DATABASE_FAILURES[code]
    assert line_text(reply.verdict) == "orders-eu does not answer"
    assert reply.mood is Mood.BAD
    assert what in reply_text(reply)
    assert f"Code: {code}" in reply_text(reply)
    assert line_text(reply.next_step).casefold() == f"next: {advice}".casefold()


@pytest.mark.parametrize(("retryable", "offered"), [(True, True), (False, False)])
async def test_only_a_retryable_failure_offers_to_check_again(channel: Channel, retryable: bool, offered: bool) -> None:
    database = channel.api.estate.labelled("orders-eu")
    database.failure = Failure(code="database_unreachable", message="x", retryable=retryable)
    reply = await channel.reply("databases check orders-eu")
    assert buttons(reply) == ({"Check again": f"databases check {database.id}"} if offered else {})


async def test_a_code_that_nobody_knows_is_told_in_the_apis_words(channel: Channel) -> None:
    database = channel.api.estate.labelled("orders-eu")
    database.failure = Failure(code="database_on_fire", message="it burns", retryable=False)
    text = reply_text(await channel.reply("databases check orders-eu"))
    assert "it burns" in text
    assert "database_on_fire" in text
    assert text.endswith("Next: look at the database itself. Trying again alone will not help.")


async def test_a_database_code_that_comes_as_an_http_error_is_an_answer_all_the_same(channel: Channel) -> None:
    channel.api.faults.arm(FaultKind.DATABASE_ERROR, path=".*/connection", code="database_paused")
    reply = await channel.reply("databases check orders-eu")
    assert "The database is paused by its provider." in reply_text(reply)


async def test_any_other_http_error_is_no_answer_about_the_database(channel: Channel) -> None:
    channel.api.faults.arm(FaultKind.BAD_GATEWAY, path=".*/connection", times=-1)
    with pytest.raises(ApiBroken):
        await channel.reply("databases check orders-eu")


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("tables list orders-eu", ["Enable", "Disable"]),
        ("notifications status kiosk", ["Set a token"]),
        ("notifications token show kiosk", ["Set a token"]),
    ],
)
async def test_what_somebody_may_not_do_is_not_offered_to_them(channel: Channel, text: str, offered: list[str]) -> None:
    assert [one.label for one in (await channel.reply(text)).actions] == offered
    reply = await channel.reply(text, person=CLEO)
    assert reply.actions == ()
    assert "ask an operator" in line_text(reply.next_step)


async def test_a_viewer_is_not_told_to_give_roles(channel: Channel) -> None:
    assert "roles grant" in line_text((await channel.reply("roles list")).next_step)
    assert "whoami" in line_text((await channel.reply("roles list", person=CLEO)).next_step)

"""Real questions to the trail, each in one command, on both engines. `--trail-rows 1000000` asks a million rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.audit import AuditAction, AuditFilter, AuditKind, AuditOutcome, AuditRecord
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.outages import RESPONSE_URL, Outage
from bot.sandbox.slack.seed import believable_workspace
from tests.bench.long_trail import fill
from tests.bots import World
from tests.conftest import AUDIT_KEYS, Figure
from tests.scenarios.conftest import accounted_bot
from tests.trails import filled

QUESTIONS = {
    "who deleted anything last week": (
        "audit list --action delete --since 7d",
        "4 deletions since ",
        ", 1 refused, 1 refused by the API",
    ),
    "what did Cleo try in #prod that was refused": (
        "audit list --user @cleo --channel #prod --outcome refused",
        "2 rows by @cleo in #prod",
        ", all refused",
    ),
    "everything that ever happened to a database": (
        "audit list --database db_ledger --all",
        "4 rows in 2 stories about db_ledger",
        ", of which 1 refused, 1 refused by the API",
    ),
    "what went wrong last night": ("audit list --outcome wrong --since 12h", "1 row since ", ", with an unknown end"),
    "who changed who may do what this month": (
        "audit list --action roles --since 30d",
        "2 rows on roles since ",
        ", all done",
    ),
    "did anybody ever delete kiosk": (
        "audit list --action databases.delete --database kiosk",
        "1 database deletion of kiosk",
        ", refused",
    ),
    "what did Ada do yesterday": ("audit list --user @ada --since 36h", "4 rows in 2 stories by @ada", "unknown end"),
    "why was it turned down": ("audit list --text freeze", "1 row with “freeze”", ", refused"),
    "who knocks in a channel that is not set up": (
        "audit list --channel #random --outcome refused",
        "1 row in #random",
        ", refused",
    ),
    "where did the API see a conflict": ("audit list --text conflict --since 30d", "1 row with “conflict”", "the API"),
    "who looked at a token": (
        "audit list --action notifications.token_show --all",
        "2 rows on notifications token show",
        ", all done",
    ),
    "what did Grace decide": (
        "audit list --user @grace --since 9d",
        "4 rows by @grace",
        "1 refused by the API, 1 refused",
    ),
    "how did that request end": ("audit show rq-delete-ledger", "databases delete ledger: the API refused it", ""),
    "what was removed from kiosk": (
        "audit list --action devices.remove --database kiosk",
        "1 device removal of kiosk",
        ", refused",
    ),
    "was it quiet the day before": ("audit list --since 12h --until 10h", "Nothing in the trail fits: no rows", ""),
    "how much goes on at all": ("audit list --since 60d", "more than 1,000 rows since ", ""),
    "who does what": ("audit summary --since 30d", " reads, ", " refusals since "),
}


@pytest.fixture
async def world(database_url: str, figure: Figure) -> AsyncIterator[World]:
    """The bot on a trail that tells of six weeks, and of a long time before."""
    fill(database_url, figure("trail-rows"), AUDIT_KEYS)
    workspace = believable_workspace()
    people = {name: workspace.member(name).id for name in ("ada", "grace", "alan", "cleo")}
    channels = {name: workspace.channel(name).id for name in ("prod", "staging", "random")}
    await filled(database_url, people, channels)
    async with accounted_bot(database_url, workspace=workspace) as world:
        yield world


async def test_each_question_is_one_command_and_the_first_line_answers_it(world: World) -> None:
    wrong = {}
    for question, (text, begins, ends) in QUESTIONS.items():
        first = (await world.says("ada", "#prod", text)).splitlines()[0]
        if begins not in first or ends not in first:
            wrong[question] = first
    assert not wrong, "\n".join(f"{question}: {first}" for question, first in wrong.items())


async def test_an_answer_is_paged_both_ways_and_keeps_its_first_line(world: World) -> None:
    first = await world.says("ada", "#prod", "audit list --user @alan --action databases")
    older = await world.presses("ada", "#prod", "Older")
    assert older.splitlines()[0] == first.splitlines()[0]
    assert older != first
    assert await world.presses("ada", "#prod", "Newer") == first
    assert len(world.person("ada").see("#prod")) == 1


async def test_a_story_leads_on_to_the_same_person_database_and_day(world: World) -> None:
    story = await world.says("ada", "#prod", "audit show rq-delete-ledger")
    assert "@grace approved" in story
    ended = story.index("databases delete ledger for @alan: the API refused it")
    assert story.index("@alan asked for") < story.index("@grace approved") < ended
    database = await world.presses("ada", "#prod", "Same database")
    assert "about db_ledger" in database.splitlines()[0]
    both = await world.presses("ada", "#prod", "Same person")
    assert "about db_ledger by @cleo" in both.splitlines()[0]
    assert "since" in (await world.presses("ada", "#prod", "Same day")).splitlines()[0]


async def test_the_menu_opens_a_story_of_the_page(world: World) -> None:
    await world.says("ada", "#prod", "audit list --action databases.delete")
    ada = world.person("ada")
    label = next(one for one in options_of_menu(ada.see("#prod")[-1]) if "old-billing" in one)
    await ada.click(ada.see("#prod")[-1], "Open a story", option=label)
    await world.settle()
    assert "databases delete old-billing: done" in world.reads("ada", "#prod")


def options_of_menu(message: Message) -> list[str]:
    """The labels of the first menu of a message."""
    elements = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    menu = next(one for one in elements if one["type"] == "static_select")
    return [option["text"]["text"] for option in menu["options"]]


async def test_the_form_asks_the_same_question_with_pickers(world: World) -> None:
    await world.says("ada", "#prod", "audit list --database ledger")
    form = await world.presses("ada", "#prod", "Filter")
    assert "Person" in form
    today = datetime.now(UTC).date()
    answer = await world.fills(
        "ada",
        {
            "Person": "cleo",
            "Channel": "#prod",
            "What was done": "databases: anything",
            "How it ended": "refused",
            "From this day": str(today - timedelta(days=20)),
            "To this day, inclusive": str(today),
        },
    )
    assert answer.startswith("1 row on databases about ledger by @cleo in #prod since")
    row = (await newest(world))[-1]
    assert (row.kind, row.action) == (AuditKind.READ, AuditAction.AUDIT_SEARCH)
    assert "ledger" in str(row.payload["asked"])


async def newest(world: World) -> tuple[AuditRecord, ...]:
    """The newest rows, oldest first."""
    wanted = AuditFilter(quiet=True, limit=5)
    page = await world.program.database.read(lambda unit: unit.audit.page(wanted))
    return tuple(reversed(page.records))


async def test_a_form_whose_range_is_turned_round_stays_open(world: World) -> None:
    await world.says("ada", "#prod", "audit search")
    left = await world.fills("ada", {"From this day": "2026-02-02", "To this day, inclusive": "2026-02-01"})
    assert world.person("ada").modal is not None, left
    assert (await newest(world))[-1].outcome is AuditOutcome.INVALID


async def test_a_summary_is_a_chart_with_its_figures_in_words_too(world: World) -> None:
    answer = await world.says("ada", "#prod", "audit summary --since 30d")
    message = world.person("ada").see("#prod")[-1]
    kinds = [block["type"] for block in message.blocks]
    assert kinds.count("data_visualization") == 1
    assert kinds.count("data_table") == 2
    assert "4 decided; waited for 20 min in the middle, 2 h at the longest" in answer
    assert "Not permitted: 3 times: @cleo 3" in answer
    for words in ("Who did what", "Grace · Reads", "done · Requests"):
        assert words in message.text
    assert "audit show rq-delete-ledger" in str(message.blocks)
    assert "4 rows" in (await world.presses("ada", "#prod", "Refusals")).splitlines()[0]


async def test_a_slack_without_charts_gets_the_figures_as_a_list(world: World) -> None:
    world.workspace.outages.arm(RESPONSE_URL, Outage.REFUSED, code="invalid_blocks")
    answer = await world.says("ada", "#prod", "audit summary")
    assert "Grace · Reads" in answer
    kinds = {block["type"] for block in world.person("ada").see("#prod")[-1].blocks}
    assert not kinds & {"data_visualization", "data_table"}


async def test_whoever_may_not_ask_the_trail_gets_neither_form_nor_figures(world: World) -> None:
    for text in ("audit list", "audit search", "audit summary"):
        assert "⛔ Not permitted" in await world.says("cleo", "#prod", text), text

"""The summary: who does what, how it ends, and how long things take, in words, a chart and a table."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.areas.audit_figures_words import class_chart, lasted, totals
from bot.domain.access import OperationClass
from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.domain.audit_figures import AuditSummary, Tally
from bot.domain.errors import InvalidInput
from bot.domain.replies import Chart, CommandButton, Reply, Table
from tests.factories import make_entry
from tests.unit.commands.areas.channel import CLEO, Channel
from tests.unit.commands.plain import line_text, part_lines

Act, Kind, End = AuditAction, AuditKind, AuditOutcome
CLASSES = {Act.DATABASES_DELETE: OperationClass.DESTRUCTIVE, Act.DATABASES_UPDATE: OperationClass.CHANGE}


async def written(channel: Channel, **given: Any) -> None:
    await channel.database.write(lambda unit: unit.audit.append(make_entry(**given)))


def tally(actor: str = "U1", number: int = 1, **given: Any) -> Tally:
    usual: dict[str, Any] = {"action": Act.DATABASES_LIST, "kind": Kind.READ, "outcome": End.SUCCEEDED}
    return Tally(actor=actor, number=number, **{**usual, **given})


def chart_of(found: AuditSummary) -> Chart:
    (chart,) = class_chart(found, CLASSES)
    assert isinstance(chart, Chart)
    return chart


def buttons(reply: Reply) -> dict[str, str]:
    return {one.label: one.command for one in reply.actions if isinstance(one, CommandButton)}


def test_each_thing_counts_once_by_what_it_is() -> None:
    tallies = (
        tally(number=1_204),
        tally(action=Act.DATABASES_UPDATE, kind=Kind.REQUEST, outcome=End.PENDING, number=2),
        tally(action=Act.DATABASES_UPDATE, kind=Kind.OUTCOME, number=2),
        tally(action=Act.DATABASES_DELETE, kind=Kind.REQUEST, outcome=End.PENDING),
        tally(action=Act.DATABASES_DELETE, kind=Kind.DECISION, outcome=End.EXPIRED),
        tally(action=Act.DATABASES_DELETE, kind=Kind.REFUSAL, outcome=End.DENIED),
        tally(action=Act.DATABASES_DELETE, kind=Kind.REFUSAL, outcome=End.INVALID),
        tally(kind=Kind.MISTYPE, outcome=End.INVALID, number=9),
    )
    words = totals(AuditSummary(tallies=tallies), CLASSES)
    assert words == "1,204 reads, 2 changes, 1 destructive request, 1 refusal"


def test_only_questions_and_mistypes_make_no_chart() -> None:
    found = AuditSummary(tallies=(tally(kind=Kind.MISTYPE, outcome=End.INVALID),))
    assert class_chart(found, CLASSES) == ()
    assert totals(found, CLASSES) == "Nothing but questions and mistypes"


def test_the_chart_shows_the_busiest_and_the_rest_in_one() -> None:
    tallies = tuple(tally(actor=f"U{number}", number=20 - number) for number in range(12))
    chart = chart_of(AuditSummary(tallies=tallies, names=(("U0", "Ada"),)))
    assert chart.categories[:2] == ("Ada", "U1")
    assert chart.categories[-1] == "4 more"
    assert sum(chart.series[0][1]) == sum(one.number for one in tallies)


def test_people_of_one_name_are_told_apart_within_a_charts_limits() -> None:
    tallies = (tally(actor="U0AAAAAAA1"), tally(actor="U0AAAAAAA2"), tally(actor="U3"))
    long = "A very long name indeed, of somebody"
    chart = chart_of(AuditSummary(tallies=tallies, names=(("U0AAAAAAA1", long), ("U0AAAAAAA2", long))))
    assert len(set(chart.categories)) == 3
    assert all(len(label) <= 20 for label in chart.categories)


def test_an_export_on_the_command_line_is_not_the_bots() -> None:
    found = AuditSummary(tallies=(tally(actor="", action=Act.AUDIT_EXPORT, kind=Kind.EXPORT),))
    assert chart_of(found).categories == ("command line",)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (7_200, "2 h"), (7_800, "2 h 10 min"), (273_600, "3 d 4 h")],
)
def test_how_long_is_told_roughly(seconds: float, words: str) -> None:
    assert lasted(seconds) == words


async def test_a_summary_answers_in_its_first_line_and_leads_on(channel: Channel) -> None:
    await written(channel, payload={"person": "Ada"})
    await written(channel, kind=Kind.REFUSAL, outcome=End.DENIED, actor=CLEO, action=Act.DATABASES_DELETE)
    reply = await channel.reply("audit summary --since yesterday 14:00")
    assert line_text(reply.verdict).startswith("1 read, 1 refusal since ")
    assert [type(part) for part in reply.parts[:2]] == [Chart, Table]
    assert f"Not permitted: 1 time: @{CLEO} 1" in part_lines(reply)
    assert "Approvals: none was decided by somebody else" in part_lines(reply)
    assert buttons(reply)["Refusals"] == "audit list --since yesterday 14:00 --outcome refused"


async def test_without_a_range_it_is_the_last_thirty_days(channel: Channel) -> None:
    await written(channel)
    channel.clock.advance(days=31)
    assert line_text((await channel.reply("audit summary")).verdict).startswith("Nothing was done since ")
    assert "List it" in buttons(await channel.reply("audit summary --until 7d"))


async def test_a_range_turned_round_is_a_sentence(channel: Channel) -> None:
    with pytest.raises(InvalidInput, match="turned round"):
        await channel.ask("audit summary --since 1d --until 7d")

"""Devices: pages with and without a total, and removal of several in one request."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.commands.failures import failure_reply
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.errors import InvalidInput
from bot.domain.replies import CommandButton, Reply
from bot.sandbox.api.seed import devices
from bot.sandbox.api.switches import Meta, Names, PastEnd, Switches
from bot.slack.blocks import render
from tests.unit.commands.areas.channel import ADA, GRACE, HERE, REGISTRY, Channel
from tests.unit.commands.plain import line_text, part_lines


def paging(reply: Reply) -> dict[str, str]:
    return {one.label: one.command.partition(" --")[2] for one in reply.actions if isinstance(one, CommandButton)}


async def test_a_total_is_given_where_the_api_gives_one(channel: Channel) -> None:
    reply = await channel.reply("devices list customers --page 2")
    assert line_text(reply.verdict).startswith("1000 devices, here 21–40, of customers")
    assert paging(reply) == {"Previous": "page-size 20 --page 1", "Next": "page-size 20 --page 3"}
    assert line_text(reply.next_step).startswith("Turn the page, or ask to remove one with /cloudsync devices remove ")


@pytest.mark.parametrize(
    ("role", "person", "told"),
    [
        (Role.ADMIN, "U0OPERATOR", "Next: ask to remove one with /cloudsync devices remove db_"),
        (Role.ADMIN, "U0VIEWER", "Next: ask an operator to have one removed."),
        (Role.OPERATOR, ADA, "Next: go to a channel with the role admin to have one removed."),
        (
            Role.OPERATOR,
            "U0VIEWER",
            "Next: ask an operator, in a channel with the role admin, to have one removed.",
        ),
    ],
)
async def test_a_removal_is_hinted_only_to_those_who_may_ask_for_it_here(
    channel: Channel, role: Role, person: str, told: str
) -> None:
    await channel.bind(HERE, role)
    await channel.grant("U0OPERATOR", Role.OPERATOR)
    reply = await channel.reply("devices list orders-eu", person=person)
    assert line_text(reply.next_step).startswith(told)


@pytest.mark.parametrize("meta", [Meta.MISSING, Meta.MORE])
async def test_without_a_total_it_says_that_more_follow(channel: Channel, meta: Meta) -> None:
    channel.api.switches = Switches(meta=meta)
    first = await channel.reply("devices list customers --page-size 500")
    assert line_text(first.verdict).startswith("Devices 1–60; more follow")
    assert "Next" in paging(first)


async def test_the_last_page_leads_back_only(channel: Channel) -> None:
    reply = await channel.reply("devices list customers --page 20 --page-size 50")
    assert paging(reply) == {"Previous": "page-size 50 --page 19"}


@pytest.mark.parametrize(("asked", "shown"), [("500", "501–550"), ("100", "101–150"), ("97", "61–120")])
async def test_a_page_is_as_long_as_a_message_holds_and_says_so(channel: Channel, asked: str, shown: str) -> None:
    reply = await channel.reply(f"devices list customers --page 2 --page-size {asked}")
    assert f"here {shown}, of customers" in line_text(reply.verdict)
    assert f"One message does not hold {asked}" in part_lines(reply)[-1]
    drawn = str(render(reply).blocks)
    assert "did not fit" not in drawn
    assert f"site_{int(shown.split('–')[1]):05}" in drawn
    following = await channel.reply(f"devices list customers --{paging(reply)['Next']}")
    assert f"here {int(shown.split('–')[1]) + 1}–" in line_text(following.verdict)


@pytest.mark.parametrize("past_end", PastEnd)
async def test_a_page_past_the_end_leads_to_the_first(channel: Channel, past_end: PastEnd) -> None:
    channel.api.switches = Switches(past_end=past_end)
    reply = await channel.reply("devices list orders-eu --page 9")
    assert "past the end" in line_text(reply.verdict)
    assert list(paging(reply)) == ["First page"]


async def test_devices_are_shown_however_the_api_names_their_fields(channel: Channel) -> None:
    for names in Names:
        channel.api.switches = Switches(names=names)
        assert part_lines(await channel.reply("devices list orders-eu"))[0].startswith("site_00001")


def test_a_page_size_beyond_the_apis_bound_is_told_before_any_call(channel: Channel) -> None:
    with pytest.raises(InvalidInput, match="from 1 to 500"):
        channel.opens_form("devices list orders-eu --page-size 501")
    assert len(channel.api.journal) == 0


async def test_several_devices_are_one_request_each_once(channel: Channel) -> None:
    proposal = await channel.proposal('devices remove orders-eu site_00002 site_00001 site_00002 --reason "lost"')
    assert proposal.operation.items == ("site_00002", "site_00001")
    assert (proposal.operation_class, proposal.gate) == (OperationClass.DESTRUCTIVE, Gate.APPROVE)
    assert proposal.summary == "remove the devices site_00002, site_00001 from “orders-eu”"


async def test_without_a_reason_a_form_asks_for_it_and_keeps_the_devices(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    assert channel.opens_form("devices remove orders-eu site_00001")
    form = await channel.form("devices remove orders-eu site_00001 site_00002")
    assert [field.label for field in form.fields] == ["Reason"]
    assert set(channel.check(form.command, {"reason": ""})) == {"reason"}
    proposal = await channel.proposal(form.command, {"reason": "lost"})
    assert (proposal.operation.items, proposal.reason) == (("site_00001", "site_00002"), "lost")


async def test_an_unknown_device_gets_the_nearest_and_nothing_is_asked(channel: Channel) -> None:
    with pytest.raises(InvalidInput) as raised:
        await channel.ask("devices remove orders-eu site_00001 site_0003")
    assert "There is no device with the id “site_0003”" in raised.value.problem
    assert "site_00003" in raised.value.nearest


async def test_all_that_are_unknown_are_told_at_once_each_with_what_comes_near_it(channel: Channel) -> None:
    with pytest.raises(InvalidInput) as raised:
        await channel.ask("devices remove orders-eu site_0003 site_00001 phone-of-anna site_0004 phone-of-anna")
    told = failure_reply(raised.value, registry=REGISTRY, reference="r-1", slash="/cloudsync")
    assert line_text(told.verdict) == "3 of these devices are not in this database"
    first, second, third = part_lines(told)
    assert first.startswith("“site_0003”: did you mean site_00003")
    assert second == "“phone-of-anna”: none comes near"
    assert third.startswith("“site_0004”: did you mean site_00004")
    assert line_text(told.next_step).startswith("Next: take their ids from devices list db_")


FAR = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("5f1e2d3c4b5a69788796a5b4c3d2e1f0", (FAR,)),
        ("0f1e2d3c", (FAR,)),
        ("a6c4e0b1d9f87253640c1e5d7a9b8f32", ()),
        ("phone-of-anna", ()),
        ("0", ()),
        ("site_99999", ()),
        ("site_00099", ("site_00009",)),
    ],
)
async def test_only_an_id_that_may_be_meant_is_suggested(
    channel: Channel, typed: str, suggested: tuple[str, ...]
) -> None:
    known = devices(9, datetime.now(UTC))
    channel.api.estate.labelled("orders-eu").devices = [*known, replace(known[0], site_id=FAR)]
    with pytest.raises(InvalidInput) as raised:
        await channel.ask(f"devices remove orders-eu {typed}")
    assert raised.value.nearest[:1] == suggested
    assert "devices list" in raised.value.advice


async def test_beyond_a_bounded_look_nothing_is_claimed(channel: Channel) -> None:
    channel.api.estate.labelled("orders-eu").devices = devices(20_000, datetime.now(UTC))
    proposal = await channel.proposal('devices remove orders-eu site_19999 --reason "lost"')
    assert proposal.operation.items == ("site_19999",)
    assert len(channel.api.journal.sent("GET", "/devices")) <= 6


async def test_too_many_at_once_are_refused_before_any_look(channel: Channel) -> None:
    many = " ".join(f"site_{number:05}" for number in range(26))
    with pytest.raises(InvalidInput, match="At most 25"):
        await channel.ask(f"devices remove orders-eu {many}")
    assert channel.api.journal.sent("GET", "/devices") == []

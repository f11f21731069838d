"""Help shows what this person may do here, with an example each."""

from __future__ import annotations

import re
from math import ceil

import pytest

from bot.commands.catalogue import all_commands
from bot.commands.help import help_about
from bot.commands.registry import Registry
from bot.domain.access import ChannelBinding, Person, Role, Standing, standing_of
from bot.domain.errors import InvalidInput
from bot.domain.replies import CommandButton, CommandMenu, Mood, Reply
from tests.unit.commands.catalog import COMMANDS, command
from tests.unit.commands.plain import line_text, part_lines, reply_text

PHONE_LINES, PHONE_COLUMNS = 22, 42
"""What one screen of a phone holds beside a menu."""
READING = {"databases list", "notifications token show", "devices list"}
OPERATING = READING | {"audit list", "tables enable"}


def standing(role: Role, channel: Role | None = Role.ADMIN, *, bot_admin: bool = False) -> Standing:
    binding = ChannelBinding(channel_id="C1", role=channel, member_role=role, environment="prod") if channel else None
    return standing_of(
        Person(id="U1", name="Ada"),
        channel_id="C1",
        is_direct=False,
        binding=binding,
        grants=(),
        group_ids=frozenset(),
        bot_admins=frozenset({"U1"}) if bot_admin else frozenset(),
    )


def shown(reply: Reply) -> set[str]:
    """The commands whose examples stand in the overview, each beside the name of its area."""
    lines = [re.sub(r"^(\w+) \(\d+\) ", r"\1 ", one) for one in part_lines(reply)]
    return {one.name for one in COMMANDS if f"{one.path[0]} /cloudsync {one.example}" in lines}


@pytest.mark.parametrize(
    ("who", "names", "count"),
    [
        (standing(Role.VIEWER), READING, 4),
        (standing(Role.OPERATOR), OPERATING, 7),
        (standing(Role.ADMIN), OPERATING | {"roles grant"}, 8),
        (standing(Role.ADMIN, Role.VIEWER), READING, 4),
        (standing(Role.ADMIN, Role.OPERATOR), OPERATING, 6),
        (standing(Role.NONE, None, bot_admin=True), {"roles grant"}, 1),
    ],
)
def test_the_overview_shows_one_example_of_each_area_that_is_open_to_this_person_here(
    registry: Registry, who: Standing, names: set[str], count: int
) -> None:
    reply = help_about("", registry, who)
    assert shown(reply) == names
    assert len(part_lines(reply)) == len(names), "nothing else stands there"
    assert line_text(reply.verdict).startswith(f"You may do {count} thing")


def test_the_overview_names_the_role_and_leads_to_the_areas(registry: Registry) -> None:
    reply = help_about("", registry, standing(Role.OPERATOR))
    assert line_text(reply.verdict) == "You may do 7 things here, as operator"
    (menu,) = reply.actions
    assert isinstance(menu, CommandMenu)
    assert ("databases", "help databases") in menu.options
    assert line_text(reply.next_step) == "Next: pick an area for more, or type /cloudsync help databases"


def test_the_overview_counts_what_an_area_holds_beyond_its_example(registry: Registry) -> None:
    lines = part_lines(help_about("", registry, standing(Role.OPERATOR)))
    assert lines[:2] == [
        "databases (3) /cloudsync databases list orders",
        "tables /cloudsync tables enable orders-eu users",
    ]


def test_the_overview_leads_to_an_area_that_holds_more_than_its_line_shows() -> None:
    single_first = Registry([command("org"), *COMMANDS])
    next_step = line_text(help_about("", single_first, standing(Role.VIEWER)).next_step)
    assert next_step.endswith("/cloudsync help databases")


def test_all_there_is_fits_a_phone_and_leads_to_every_example() -> None:
    everything = Registry(all_commands())
    reply = help_about("", everything, standing(Role.ADMIN))
    assert sum(ceil(len(one) / PHONE_COLUMNS) for one in reply_text(reply).splitlines()) <= PHONE_LINES
    (menu,) = reply.actions
    assert isinstance(menu, CommandMenu)
    led_to = "\n".join(reply_text(help_about(area, everything, standing(Role.ADMIN))) for area, _ in menu.options)
    lacking = [one.name for one in everything.commands if f"/cloudsync {one.example}" not in led_to]
    assert lacking == ["help"]


def test_a_bot_admin_where_nothing_is_bound_is_told_the_one_thing_that_is_open(registry: Registry) -> None:
    assert line_text(help_about("", registry, standing(Role.NONE, None, bot_admin=True)).verdict) == (
        "You may do 1 thing here, as bot admin"
    )


@pytest.mark.parametrize("who", [standing(Role.NONE), standing(Role.NONE, None)])
def test_who_may_do_nothing_is_told_what_is_missing_and_who_can_give_it(registry: Registry, who: Standing) -> None:
    reply = help_about("", registry, who)
    text = reply_text(reply)
    assert line_text(reply.verdict) == "You may not do anything here yet"
    assert "roles" in text
    assert "/cloudsync whoami" in text


@pytest.mark.parametrize("topic", ["databases", "db", "DATABASES"])
def test_help_about_an_area_counts_what_is_open_in_it(registry: Registry, topic: str) -> None:
    reply = help_about(topic, registry, standing(Role.VIEWER))
    assert line_text(reply.verdict) == "databases: you may do 2 of 3 here"
    assert not any("databases delete" in line for line in part_lines(reply))


def test_help_about_an_area_says_when_everything_in_it_is_open(registry: Registry) -> None:
    assert "all 3 things" in line_text(help_about("databases", registry, standing(Role.ADMIN)).verdict)


def test_help_about_an_area_that_is_closed_says_why(registry: Registry) -> None:
    reply = help_about("roles", registry, standing(Role.OPERATOR))
    assert reply.mood is Mood.REFUSED
    assert "this needs admin" in reply_text(reply)
    assert "roles grant" in line_text(reply.next_step)


def test_half_a_path_is_a_topic(registry: Registry) -> None:
    assert line_text(help_about("notifications token", registry, standing(Role.VIEWER)).verdict).startswith(
        "notifications token: "
    )


def test_help_about_a_command_shows_how_it_is_typed_who_asks_and_what_stands_before_it(registry: Registry) -> None:
    reply = help_about("databases delete", registry, standing(Role.OPERATOR))
    text = reply_text(reply)
    assert line_text(reply.verdict) == "You may use databases delete here"
    assert "How it goes: /cloudsync databases delete <database>" in text
    assert "Who: operator and above" in text
    assert "Then: Another admin approves it first" in text
    assert "--reason" in text
    assert line_text(reply.next_step) == 'Next: copy /cloudsync databases delete orders-eu --reason "moved"'


def test_help_about_a_command_that_is_closed_says_why_first(registry: Registry) -> None:
    reply = help_about("databases delete", registry, standing(Role.VIEWER))
    assert line_text(reply.verdict) == (
        "You may not use databases delete here: your role here is viewer; this needs operator."
    )
    assert line_text(reply.next_step) == "Next: an admin can give it with roles grant."
    assert "How it goes" not in reply_text(reply), "only what somebody may do here is described"
    assert reply.actions == (CommandButton(label="Who may", command="explain databases delete"),)


def test_help_about_a_command_says_what_its_gate_alone_does_not_tell() -> None:
    reply = help_about("databases update", Registry(all_commands()), standing(Role.OPERATOR))
    assert "Then: Done at once; connection or JWT: destructive, another admin approves" in reply_text(reply)


def test_bounds_and_choices_are_told_and_what_is_for_buttons_alone_is_not(registry: Registry) -> None:
    devices = reply_text(help_about("devices list", registry, standing(Role.VIEWER)))
    assert "--page-size – the page_size. At most 500." in devices
    assert "--cursor" not in devices
    assert "One of succeeded, denied, failed." in reply_text(help_about("audit", registry, standing(Role.ADMIN)))


def test_a_topic_nobody_knows_gets_did_you_mean(registry: Registry) -> None:
    with pytest.raises(InvalidInput) as raised:
        help_about("databases shwo", registry, standing(Role.VIEWER))
    assert raised.value.nearest == ("databases show",)
    assert raised.value.example == "help databases show"

"""What a registry refuses, and how commands are found in it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.catalogue import all_commands
from bot.commands.command import Command, FormSpec, ParameterKind
from bot.commands.registry import Registry
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.errors import ConfigurationError
from tests.unit.commands.catalog import DATABASE, HELP, answer, command, parameter

FORM: dict[str, Any] = {"opens": lambda a: True, "check": lambda a, v: {}, "submit": answer}
DESTRUCTIVE: dict[str, Any] = {"operation_class": OperationClass.DESTRUCTIVE, "asks": Role.OPERATOR}
WORDS, NAMES, TEXT = ParameterKind.WORDS, ParameterKind.NAMES, ParameterKind.TEXT


@pytest.mark.parametrize(
    ("unsound", "problem"),
    [
        (command("org", summary=""), "org has no summary"),
        (command("org", example=""), "org has no example"),
        (command("org", example="org --nope"), "the example of org cannot be typed"),
        (command("org", DATABASE, example="org"), "the example of org cannot be typed"),
        (command("org", example="help"), "the example of org is another command's"),
        (
            command("org", parameter("x", WORDS), example="org postgres://ada:hunter2@h/d"),
            "looks like it holds a secret",
        ),
        (command("org", gate=Gate.CONFIRM), "org changes nothing and yet has the gate confirm"),
        (command("org", **DESTRUCTIVE), "org destroys and has no gate"),
        (command("org", asks=Role.NONE), "org is read and asks for the role none"),
        (command("org", operation_class=OperationClass.FREE), "org is free and asks for the role viewer"),
        (command("org", form=FormSpec(title="x" * 25, **FORM)), "form title of over 24 characters"),
        (command("org", parameter("a", WORDS), parameter("b", TEXT)), "takes words after <a>"),
        (command("org", parameter("a", NAMES), parameter("b", TEXT)), "takes words after <a>"),
        (command("org", parameter("a", TEXT), parameter("a", TEXT)), "org has two parameters a"),
        (command("org", parameter("a", TEXT, option="-a")), "does not begin with two dashes"),
        (command("org", parameter("a", ParameterKind.CHOICE)), "offers no choices for a"),
        (command("org", parameter("db", ParameterKind.DATABASE)), "names its database parameter db"),
        (command("help"), "help leads to two commands"),
        (command("org", aliases=(("help",),)), "help leads to two commands"),
        (command("org", action=AuditAction.HELP), "two commands are audited as help.show"),
    ],
)
def test_a_clash_or_a_gap_is_refused(unsound: Command, problem: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Registry([HELP, unsound])
    assert any(problem in told for told in raised.value.problems), raised.value.problems


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as raised:
        Registry([HELP, command("org", summary="", gate=Gate.CONFIRM)])
    assert len(raised.value.problems) == 2


def test_the_programs_own_commands_are_sound() -> None:
    registry = Registry(all_commands())
    assert "databases" in registry.areas
    assert registry.get("databases", "delete").gate is Gate.APPROVE


def test_nothing_can_be_added_to_a_registry(registry: Registry) -> None:
    with pytest.raises(TypeError):
        registry._by_path[("org",)] = HELP  # type: ignore[index]


def test_an_alias_leads_to_its_command() -> None:
    org = command("org", aliases=(("organisation",),))
    registry = Registry([HELP, org])
    assert registry.find(["organisation"]) == (org, [])
    assert registry.named("organisation") is org


def test_the_longest_path_wins() -> None:
    short = command("org", parameter("text", WORDS), action=AuditAction.WHOAMI)
    long = command("org show")
    registry = Registry([HELP, short, long])
    assert registry.find(["org", "show", "x"]) == (long, ["x"])
    assert registry.find(["org", "x"]) == (short, ["x"])


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["databases"], ["databases list", "databases show", "databases delete"]),
        (["db"], ["databases list", "databases show", "databases delete"]),
        (["notifications", "token"], ["notifications token show"]),
        (["data"], []),
        ([], []),
    ],
)
def test_commands_are_found_by_the_beginning_of_their_path(
    registry: Registry, words: list[str], names: list[str]
) -> None:
    assert [found.name for found in registry.matching(words)] == names


def test_what_looks_like_nothing_has_nothing_near(registry: Registry) -> None:
    assert registry.nearest(["qqqqqqqqqq"]) == ()
    assert registry.nearest([]) == ()

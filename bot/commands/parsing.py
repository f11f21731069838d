"""From typed text to a command and its arguments: normalised, then parsed by click."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import click

from bot.commands.command import Arguments, Command, Parameter, ParameterKind, Subject
from bot.commands.normalise import MAX_LENGTH, normalise, split
from bot.commands.registry import Registry
from bot.commands.times import read_time
from bot.domain.access import OperationClass, Role, SubjectKind
from bot.domain.errors import InvalidInput

ECHOED = 60
"""Characters of what was typed that an answer repeats."""

_PERSON = re.compile(r"^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>$")
_CHANNEL = re.compile(r"^<#([CGD][A-Z0-9]+)(?:\|[^>]*)?>$")
_GROUP = re.compile(r"^<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>$")

SHARE = Parameter(name="share", kind=ParameterKind.FLAG, option="--share", summary="Show the answer to the channel.")
REASON = Parameter(name="reason", kind=ParameterKind.TEXT, option="--reason", summary="Why; the trail keeps it.")
CHANGING = frozenset({OperationClass.CHANGE, OperationClass.DESTRUCTIVE})


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """What was asked for."""

    command: Command
    arguments: Arguments
    text: str
    share: bool = False


def parse(text: str, registry: Registry, *, now: datetime, timezone: str) -> Parsed:
    """The command and its arguments. `InvalidInput` says what was not understood and what comes nearest."""
    if len(text) > MAX_LENGTH:
        raise InvalidInput(f"This is too long to be a command ({len(text)} characters).", example="help")
    words = split(normalise(text))
    command, rest = registry.find(words)
    if command is None or _wants_help(words):
        return _help(words, registry, text) if _wants_help(words) else _unknown(words, registry)
    values = _arguments(command, rest, now=now, timezone=timezone)
    return Parsed(command=command, arguments=Arguments(values), text=text, share=values.get("share") is True)


def _wants_help(words: Sequence[str]) -> bool:
    return any(word in ("--help", "-h") for word in words) or (len(words) > 1 and words[-1].casefold() == "help")


def _help(words: list[str], registry: Registry, text: str) -> Parsed:
    about = " ".join(word for word in words if word not in ("--help", "-h") and word.casefold() != "help")
    return Parsed(command=registry.get("help"), arguments=Arguments({"topic": about}), text=text)


def _unknown(words: list[str], registry: Registry) -> Parsed:
    near = registry.nearest(words)
    typed = " ".join(words)
    echoed = typed if len(typed) <= ECHOED else typed[:ECHOED] + "…"
    raise InvalidInput(
        f"There is no command “{echoed}”.",
        nearest=[command.name for command in near],
        example=near[0].example if near else "help",
    )


def parameters_of(command: Command) -> tuple[Parameter, ...]:
    """A command's own parameters, and those that every command of its class takes."""
    own = {parameter.option for parameter in command.parameters}
    added = [SHARE] if command.operation_class not in CHANGING else [REASON]
    return (*command.parameters, *(parameter for parameter in added if parameter.option not in own))


def _arguments(command: Command, words: list[str], *, now: datetime, timezone: str) -> dict[str, object]:
    parameters = parameters_of(command)
    built = click.Command(command.name, params=[_click_parameter(item) for item in parameters], add_help_option=False)
    try:
        context = built.make_context(command.name, words, resilient_parsing=False)
    except click.ClickException as error:
        raise _explained(command, error) from None
    values: dict[str, object] = {}
    for parameter in parameters:
        given = context.params.get(parameter.name)
        if given is None or given == ():
            values[parameter.name] = () if parameter.kind is ParameterKind.NAMES else parameter.default
        else:
            values[parameter.name] = _typed(command, parameter, given, now=now, timezone=timezone)
    return values


def _click_parameter(parameter: Parameter) -> click.Parameter:
    if not parameter.option:
        many = parameter.kind in (ParameterKind.NAMES, ParameterKind.WORDS)
        return click.Argument([parameter.name], required=parameter.required, nargs=-1 if many else 1, type=str)
    names = [parameter.option, parameter.name]
    if parameter.kind is ParameterKind.FLAG:
        return click.Option(names, is_flag=True, default=None)
    return click.Option(names, required=parameter.required, type=str, default=None)


def _explained(command: Command, error: click.ClickException) -> InvalidInput:
    """Click's complaint in our words, with the example."""
    if isinstance(error, click.NoSuchOption):
        options = [item.option for item in parameters_of(command) if item.option]
        near = get_close_matches(error.option_name, options, n=3, cutoff=0.4) or options[:4]
        return InvalidInput(
            f"“{command.name}” has no option {error.option_name[:ECHOED]}.", nearest=near, example=command.example
        )
    if isinstance(error, click.MissingParameter):
        name = error.param.name if error.param else "a word"
        summary = next((item.summary for item in command.parameters if item.name == name), "")
        return InvalidInput(f"“{command.name}” needs {name}: {summary}", example=command.example)
    return InvalidInput(f"“{command.name}”: {error.format_message()[:120]}", example=command.example)


def _typed(command: Command, parameter: Parameter, given: Any, *, now: datetime, timezone: str) -> object:
    kind = parameter.kind
    if kind is ParameterKind.FLAG:
        return bool(given)
    if kind is ParameterKind.NAMES:
        return tuple(dict.fromkeys(_plain(name) for word in given for name in str(word).split(",") if name))
    if kind is ParameterKind.WORDS:
        return " ".join(given)
    text = str(given).strip()
    if kind is ParameterKind.NUMBER:
        return _number(command, parameter, text)
    if kind is ParameterKind.TIME:
        return read_time(text, now=now, timezone=timezone)
    if kind is ParameterKind.ROLE:
        return _role(command, text)
    if kind is ParameterKind.CHOICE:
        return _choice(command, parameter, text)
    if kind in (ParameterKind.PERSON, ParameterKind.CHANNEL, ParameterKind.SUBJECT):
        return _mention(command, parameter, text)
    return _plain(text)


def _plain(text: str) -> str:
    """Slack turns `a.b` into links of the form `<http://a.b|a.b>`: the words are what was typed."""
    match = re.match(r"^<(?:https?|mailto):[^|>]*\|([^>]*)>$", text)
    return match[1] if match else text


def _number(command: Command, parameter: Parameter, text: str) -> int:
    low, high = parameter.minimum or 1, parameter.maximum
    if not text.isdigit() or len(text) > 9 or int(text) < low or (high is not None and int(text) > high):
        bound = f"from {low} to {high}" if high is not None else f"of at least {low}"
        raise InvalidInput(f"{parameter.option} takes a number {bound}, not {text[:20]}.", example=command.example)
    return int(text)


def _role(command: Command, text: str) -> Role:
    words = [role.word for role in Role if role is not Role.NONE]
    if text.casefold() not in words:
        near = get_close_matches(text.casefold(), words, n=1, cutoff=0.5) or words
        raise InvalidInput(f"There is no role {text[:ECHOED]}.", nearest=near, example=command.example)
    return Role.from_word(text)


def _choice(command: Command, parameter: Parameter, text: str) -> str:
    folded = {choice.casefold(): choice for choice in parameter.choices}
    if text.casefold() in folded:
        return folded[text.casefold()]
    near = get_close_matches(text.casefold(), folded, n=3, cutoff=0.4) or list(folded)[:6]
    raise InvalidInput(
        f"{parameter.option or parameter.name} does not take {text[:ECHOED]}.",
        nearest=[folded[name] for name in near],
        example=command.example,
    )


def _mention(command: Command, parameter: Parameter, text: str) -> object:
    person, channel, group = _PERSON.match(text), _CHANNEL.match(text), _GROUP.match(text)
    if parameter.kind is ParameterKind.CHANNEL and channel:
        return channel[1]
    if parameter.kind is ParameterKind.PERSON and person:
        return person[1]
    if parameter.kind is ParameterKind.SUBJECT and person:
        return Subject(kind=SubjectKind.USER, id=person[1])
    if parameter.kind is ParameterKind.SUBJECT and group:
        return Subject(kind=SubjectKind.GROUP, id=group[1])
    wanted = {"channel": "a channel, as in #prod", "person": "a person, as in @ada"}.get(
        parameter.kind.value, "a person or a user group, as in @ada"
    )
    raise InvalidInput(
        f"{text[:ECHOED]} is not {wanted}.",
        advice="Pick the name from the list that Slack offers while you type it.",
        example=command.example,
    )

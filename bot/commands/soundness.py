"""What makes a command sound by itself: a gate that fits its class, an example that can be typed, no odd parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from bot.commands.arguments import parameters_of, read_arguments
from bot.commands.command import Command, Parameter, ParameterKind
from bot.commands.normalise import normalise, split
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.errors import InvalidInput
from bot.domain.secrecy import find_secrets

TITLE_LENGTH = 24
"""Characters of a modal's title, by Slack's reference for views."""
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)
"""Examples are read as of then, so that no date in them ever lies in the future."""

_WITHOUT_GATE = frozenset({OperationClass.FREE, OperationClass.READ})
_TAKES_THE_REST = frozenset({ParameterKind.NAMES, ParameterKind.WORDS})


def problems_of(command: Command) -> Iterator[str]:
    """What is wrong with it, each as a clause that names it."""
    name = command.name
    if not command.summary:
        yield f"{name} has no summary"
    if command.operation_class in _WITHOUT_GATE and command.gate is not Gate.NONE:
        yield f"{name} changes nothing and yet has the gate {command.gate}"
    if command.operation_class is OperationClass.DESTRUCTIVE and command.gate is Gate.NONE:
        yield f"{name} destroys and has no gate"
    if (command.operation_class is OperationClass.FREE) != (command.asks is Role.NONE):
        yield f"{name} is {command.operation_class} and asks for the role {command.asks.word}"
    if command.form is not None and len(command.form.title) > TITLE_LENGTH:
        yield f"{name} has a form title of over {TITLE_LENGTH} characters"
    odd = tuple(_parameter_problems(command))
    yield from odd or _example_problems(command)


def _parameter_problems(command: Command) -> Iterator[str]:
    for twice in (word for word, count in Counter(_words(command)).items() if count > 1):
        yield f"{command.name} has two parameters {twice}"
    positional = [parameter for parameter in command.parameters if not parameter.option]
    for parameter in positional[:-1]:
        if parameter.kind in _TAKES_THE_REST:
            yield f"{command.name} takes words after <{parameter.name}>, which takes all that is left"
    for parameter in command.parameters:
        yield from _oddities(command, parameter)


def _words(command: Command) -> Iterator[str]:
    for parameter in parameters_of(command):
        yield parameter.name
        if parameter.option:
            yield parameter.option


def _oddities(command: Command, parameter: Parameter) -> Iterator[str]:
    if parameter.option and not parameter.option.startswith("--"):
        yield f"{command.name} has an option that does not begin with two dashes"
    if parameter.kind is ParameterKind.CHOICE and not parameter.choices:
        yield f"{command.name} offers no choices for {parameter.name}"
    if parameter.kind is ParameterKind.DATABASE and parameter.name != "database":
        # The pipeline resolves what stands under this name into `Context.target`.
        yield f"{command.name} names its database parameter {parameter.name}"


def _example_problems(command: Command) -> Iterator[str]:
    if not command.example:
        yield f"{command.name} has no example"
        return
    if find_secrets(command.example):
        yield f"the example of {command.name} looks like it holds a secret"
    try:
        words = [_as_slack_sends(word) for word in split(normalise(command.example))]
        read_arguments(command, _after_path(command, words), now=END_OF_TIME, timezone="UTC")
    except InvalidInput as error:
        yield f"the example of {command.name} cannot be typed: {str(error).rstrip('.')}"


def _as_slack_sends(word: str) -> str:
    """An example names people and channels as they are seen; Slack sends their ids."""
    if word.startswith("@"):
        return f"<@U0EXAMPLE|{word[1:]}>"
    return f"<#C0EXAMPLE|{word[1:]}>" if word.startswith("#") else word


def _after_path(command: Command, words: list[str]) -> list[str]:
    """The words after the path, which an example may also give by an alias (`audit` for `audit list`)."""
    for path in (command.path, *command.aliases, command.path[:-1]):
        if path and tuple(words[: len(path)]) == path:
            return words[len(path) :]
    return words

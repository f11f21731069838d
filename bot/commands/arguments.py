"""One command's words into typed arguments: click reads options and order, its complaints are told in our words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

import click

from bot.commands.command import Arguments, Command, Parameter, ParameterKind
from bot.commands.kinds import Reading, placeholder_of, read, shortened
from bot.domain.access import OperationClass
from bot.domain.errors import InvalidInput

SHARE = Parameter(
    name="share", kind=ParameterKind.FLAG, option="--share", summary="show the answer to the whole channel"
)
REASON = Parameter(
    name="reason", kind=ParameterKind.TEXT, option="--reason", summary="why, for whoever decides and for the trail"
)
CHANGING = frozenset({OperationClass.CHANGE, OperationClass.DESTRUCTIVE})
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}")
_MANY = frozenset({ParameterKind.NAMES, ParameterKind.WORDS})


def parameters_of(command: Command) -> tuple[Parameter, ...]:
    """A command's own parameters, and those that every command (of its class) takes."""
    own = {parameter.option for parameter in command.parameters}
    common = (REASON, SHARE) if command.operation_class in CHANGING else (SHARE,)
    return (*command.parameters, *(parameter for parameter in common if parameter.option not in own))


def usage(command: Command) -> str:
    """How it is typed: `devices list <database> [--page N]`. Parameters without a summary are for buttons alone."""
    return " ".join([command.name, *(_shape(item) for item in command.parameters if item.summary)])


def _shape(parameter: Parameter) -> str:
    placeholder = placeholder_of(parameter)
    if parameter.option:
        shape = parameter.option if parameter.kind is ParameterKind.FLAG else f"{parameter.option} {placeholder}"
    else:
        shape = f"{placeholder}…" if parameter.kind is ParameterKind.NAMES else placeholder
    return shape if parameter.required else f"[{shape}]"


def read_arguments(command: Command, words: Sequence[str], *, now: datetime, timezone: str | None) -> Arguments:
    """The typed arguments. Raises `InvalidInput`, which names the parameter and shows the command's example."""
    parameters = parameters_of(command)
    built = click.Command(
        command.name,
        params=[_click_parameter(command, item) for item in parameters],
        add_help_option=False,
        context_settings={"ignore_unknown_options": any(one.runs_on and not one.option for one in parameters)},
    )
    try:
        typed = _with_whole_values(command, _with_clock_times(command, words))
        given = built.make_context(command.name, typed).params
    except click.ClickException as error:
        raise _explained(command, error) from None
    values: dict[str, object] = {}
    for parameter in parameters:
        reading = Reading(command=command, parameter=parameter, now=now, timezone=timezone)
        values[parameter.name] = _value(reading, given.get(parameter.name))
    return Arguments(values)


def _with_clock_times(command: Command, words: Sequence[str]) -> list[str]:
    """`--since yesterday 14:00` without quotes: the clock time belongs to the day before it."""
    options = tuple(item.option for item in command.parameters if item.kind is ParameterKind.TIME and item.option)
    joined: list[str] = []
    for word in words:
        after_option = joined[-2:-1] and joined[-2] in options
        in_option = joined and joined[-1].startswith(tuple(f"{option}=" for option in options))
        if _CLOCK.fullmatch(word) and (after_option or in_option):
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined


def _with_whole_values(command: Command, words: Sequence[str]) -> list[str]:
    """`--action databases delete` without quotes: the words up to the next option belong to the one before."""
    options = tuple(item.option for item in command.parameters if item.runs_on and item.option)
    joined: list[str] = []
    goes_on = False
    for word in words:
        if word.startswith("--"):
            goes_on = word.partition("=")[0] in options
            joined.append(word)
        elif goes_on and joined[-1] not in options:
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined


def surplus(command: Command, words: Sequence[str]) -> tuple[str, ...]:
    """The words that are no parameter of the command, nor the value of one."""
    options = {item.option: item.kind is not ParameterKind.FLAG for item in parameters_of(command) if item.option}
    places = sum(not item.option for item in command.parameters)
    beyond: list[str] = []
    is_value = False
    for word in words:
        option, sign, _ = word.partition("=")
        if is_value or (option in options and (options[option] or not sign)):
            is_value = not is_value and not sign and options.get(option, False)
        elif places and not word.startswith("-"):
            places -= 1
        else:
            beyond.append(word)
    return tuple(beyond)


def _takes_many(command: Command, parameter: Parameter) -> bool:
    """A database that is the only word may be typed without quotes, even if its label holds spaces.

    Not where the form takes a secret: what follows the name may be one, and a name is repeated in answers.
    """
    takes_secrets = command.form is not None and command.form.takes_secrets
    alone = not takes_secrets and [item for item in command.parameters if not item.option] == [parameter]
    return parameter.kind in _MANY or (alone and parameter.kind is ParameterKind.DATABASE)


def _click_parameter(command: Command, parameter: Parameter) -> click.Parameter:
    if not parameter.option:
        many = _takes_many(command, parameter)
        return click.Argument([parameter.name], required=parameter.required, nargs=-1 if many else 1, type=str)
    names = [parameter.option, parameter.name]
    if parameter.kind is ParameterKind.FLAG:
        return click.Option(names, is_flag=True, default=None)
    return click.Option(names, required=parameter.required, type=str, default=None)


def _value(reading: Reading, given: str | bool | tuple[str, ...] | None) -> object:
    parameter = reading.parameter
    if isinstance(given, bool):
        return given
    words = (given,) if isinstance(given, str) else tuple(given or ())
    if any(word.strip() for word in words):
        return read(reading, words)
    if parameter.required:
        raise _missing(reading.command, parameter)
    return () if parameter.kind is ParameterKind.NAMES else parameter.default


def _explained(command: Command, error: click.ClickException) -> InvalidInput:
    if isinstance(error, click.NoSuchOption):
        return _no_such_option(command, error.option_name)
    parameter = _parameter_of(command, error)
    if isinstance(error, click.MissingParameter) and parameter:
        return _missing(command, parameter)
    if isinstance(error, click.BadOptionUsage):
        return _needs_no_or_some_value(command, error.option_name)
    return InvalidInput(
        f"That is more words than “{command.name}” takes.",
        advice="Put quotes around what belongs together.",
        example=command.example,
    )


def _parameter_of(command: Command, error: click.ClickException) -> Parameter | None:
    name = getattr(getattr(error, "param", None), "name", None)
    return next((item for item in parameters_of(command) if item.name == name), None)


def _no_such_option(command: Command, typed: str) -> InvalidInput:
    options = [item.option for item in parameters_of(command) if item.option]
    near = get_close_matches(typed[:30], options, n=3, cutoff=0.5) or options[:4]
    return InvalidInput(f"“{command.name}” has no option {shortened(typed)}.", nearest=near, example=command.example)


def _needs_no_or_some_value(command: Command, option: str) -> InvalidInput:
    parameter = next((item for item in parameters_of(command) if item.option == option), None)
    if parameter is not None and parameter.kind is ParameterKind.FLAG:
        return InvalidInput(f"{option} takes no value: it is there or not.", example=command.example)
    about = f": {parameter.summary.rstrip('.')}" if parameter else ""
    return InvalidInput(f"{shortened(option)} needs a value after it{about}.", example=command.example)


def _missing(command: Command, parameter: Parameter) -> InvalidInput:
    name = parameter.option or placeholder_of(parameter)
    return InvalidInput(f"“{command.name}” needs {name}: {parameter.summary.rstrip('.')}.", example=command.example)

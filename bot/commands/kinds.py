"""What a word stands for: one reader for each kind of parameter, which says what it would have taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from bot.commands.command import Command, Parameter, ParameterKind, Subject
from bot.commands.times import read_time
from bot.domain.access import Role, SubjectKind
from bot.domain.errors import InvalidInput

ECHOED = 60
"""Characters of what was typed that an answer repeats."""

_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#([CGD][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:https?|mailto):[^|>]*\|([^>]*)>")
_BARE_LINK = re.compile(r"<(https?:[^|>]*)>")
_NUMBER = re.compile(r"[0-9]{1,9}")

_PLACEHOLDERS = {
    ParameterKind.NUMBER: "N",
    ParameterKind.PERSON: "@user",
    ParameterKind.SUBJECT: "@user-or-group",
    ParameterKind.CHANNEL: "#channel",
    ParameterKind.ROLE: "<role>",
    ParameterKind.TIME: "<time>",
}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Which parameter of which command is read, when and where."""

    command: Command
    parameter: Parameter
    now: datetime
    timezone: str | None

    @property
    def name(self) -> str:
        """The parameter as people see it."""
        return self.parameter.option or placeholder_of(self.parameter)


def read(reading: Reading, words: tuple[str, ...]) -> object:
    """The typed value. Raises `InvalidInput`."""
    if reading.parameter.kind is ParameterKind.NAMES:
        return tuple(dict.fromkeys(name for word in words for name in _plain(word).split(",") if name))
    text = " ".join(_plain(word) for word in words).strip()
    return READERS[reading.parameter.kind](reading, text)


def placeholder_of(parameter: Parameter) -> str:
    """What stands for a parameter's value where a command's form is shown: `<database>`, `@user`, `N`."""
    return _PLACEHOLDERS.get(parameter.kind) or f"<{parameter.name.replace('_', '-')}>"


def mentioned_person(word: str) -> str | None:
    """The person's id, where the word is a mention of one."""
    found = _PERSON.fullmatch(word)
    return found[1] if found else None


def mentioned_channel(word: str) -> str | None:
    """The channel's id, where the word is a link to one."""
    found = _CHANNEL.fullmatch(word)
    return found[1] if found else None


def shortened(text: str) -> str:
    """As much of what was typed as an answer repeats."""
    return text if len(text) <= ECHOED else f"{text[:ECHOED]}…"


def _plain(word: str) -> str:
    """Slack turns `a.b` into a link of the form `<http://a.b|a.b>`: the words are what was typed."""
    link = _LINK.fullmatch(word) or _BARE_LINK.fullmatch(word)
    return link[1] if link else word


def _text(reading: Reading, text: str) -> str:
    return text


def _number(reading: Reading, text: str) -> int:
    low = 1 if reading.parameter.minimum is None else reading.parameter.minimum
    high = reading.parameter.maximum
    if not _NUMBER.fullmatch(text) or int(text) < low or (high is not None and int(text) > high):
        bounds = f"from {low} to {high}" if high is not None else f"of at least {low}"
        raise InvalidInput(
            f"{reading.name} takes a number {bounds}, not {shortened(text)}.",
            example=_with_fitting(reading, high or low),
        )
    return int(text)


def _with_fitting(reading: Reading, fitting: object) -> str:
    """The command's example, with this option in the place of the others."""
    example, option = reading.command.example, reading.parameter.option
    return f"{example.partition(' --')[0]} {option} {fitting}" if option else example


def _time(reading: Reading, text: str) -> datetime:
    try:
        return read_time(text, now=reading.now, timezone=reading.timezone, ends=reading.parameter.ends)
    except InvalidInput as error:
        fitting = _with_fitting(reading, error.nearest[0])
        raise InvalidInput(error.problem, nearest=error.nearest, example=fitting) from None


def _role(reading: Reading, text: str) -> Role:
    return Role.from_word(_one_of(reading, text, tuple(role.word for role in Role if role is not Role.NONE)))


def _choice(reading: Reading, text: str) -> str:
    return _one_of(reading, text, reading.parameter.choices)


def _one_of(reading: Reading, text: str, choices: tuple[str, ...]) -> str:
    folded = {choice.casefold(): choice for choice in choices}
    if text.casefold() in folded:
        return folded[text.casefold()]
    near = get_close_matches(text.casefold()[:ECHOED], folded, n=3, cutoff=0.5) or list(folded)[:6]
    raise InvalidInput(
        f"{reading.name} does not take {shortened(text)}.",
        nearest=[folded[name] for name in near],
        example=reading.command.example,
    )


def _person(reading: Reading, text: str) -> str:
    return mentioned_person(text) or _left(reading, text, "a person", "@")


def _channel(reading: Reading, text: str) -> str:
    return mentioned_channel(text) or _left(reading, text, "a channel", "#")


def _subject(reading: Reading, text: str) -> Subject:
    person, group = mentioned_person(text), _GROUP.fullmatch(text)
    if person:
        return Subject(kind=SubjectKind.USER, id=person)
    if group:
        return Subject(kind=SubjectKind.GROUP, id=group[1])
    raise not_picked(text, "a person or a user group", "@", example=reading.command.example)


def _left(reading: Reading, text: str, wanted: str, sign: str) -> str:
    """What was not picked, to a command that makes more of it."""
    if not reading.parameter.unpicked:
        raise not_picked(text, wanted, sign, example=reading.command.example)
    return sign + text.removeprefix(sign)


def not_picked(text: str, wanted: str, sign: str, *, example: str, nearest: Sequence[str] = ()) -> InvalidInput:
    """A name that stands there as it was typed."""
    return InvalidInput(
        f"{shortened(text)} is not {wanted} as picked from Slack's list.",
        nearest=nearest,
        advice=f"Type {sign} and pick the name from the list that Slack offers.",
        example=example,
    )


READERS: Mapping[ParameterKind, Callable[[Reading, str], object]] = {
    ParameterKind.DATABASE: _text,
    ParameterKind.TEXT: _text,
    ParameterKind.WORDS: _text,
    ParameterKind.NUMBER: _number,
    ParameterKind.ROLE: _role,
    ParameterKind.PERSON: _person,
    ParameterKind.SUBJECT: _subject,
    ParameterKind.CHANNEL: _channel,
    ParameterKind.TIME: _time,
    ParameterKind.CHOICE: _choice,
}
"""FLAG and NAMES are not here: one is no word, the other is several."""

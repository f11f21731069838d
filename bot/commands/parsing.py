"""From typed text to a command and its arguments: normalised, found in the registry, read by click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.commands.arguments import read_arguments
from bot.commands.command import Arguments, Command
from bot.commands.kinds import shortened
from bot.commands.normalise import MAX_LENGTH, normalise, requoted, split
from bot.commands.registry import Registry
from bot.domain.errors import InvalidInput

HELP_OPTIONS = frozenset({"--help", "-h"})


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """What was asked for. The reason of a change is an argument like any other: `arguments.text("reason")`."""

    command: Command
    arguments: Arguments
    text: str
    share: bool = False


def parse(text: str, registry: Registry, *, now: datetime, timezone: str | None) -> Parsed:
    """The command and its arguments. `timezone` None: it is not known yet where the person is.

    Nothing typed means `help`, and so does an area alone. Raises `InvalidInput`, which says what was not
    understood, what comes nearest, and an example; nothing else, whatever was typed, with bounded work.
    """
    words = _words(text, registry)
    command, rest = registry.find(words)
    if _asks_for_help(command, words, rest):
        return _help(words, registry, text)
    if command is None:
        if registry.matching(words):
            return _help(words, registry, text)
        raise _unknown(words, registry)
    arguments = read_arguments(command, rest, now=now, timezone=timezone)
    return Parsed(command=command, arguments=arguments, text=text, share=arguments.flag("share"))


def retyped(text: str, old: str, new: str) -> str | None:
    """The same command with another name in the place of `old`; None where `old` does not stand in it."""
    try:
        words = split(normalise(text[:MAX_LENGTH]))
    except InvalidInput:
        return None
    wanted = old.split()
    for start in range(len(words)):
        for length in {1, len(wanted)}:
            if " ".join(words[start : start + length]) == old:
                changed = [*words[:start], new, *words[start + length :]]
                return " ".join(requoted(word) for word in changed)
    return None


def _words(text: str, registry: Registry) -> list[str]:
    if len(text) > MAX_LENGTH:
        raise _with_nearest(
            InvalidInput(f"This is too long to be a command: {len(text):,} characters."), text[:100], registry
        )
    try:
        return split(normalise(text))
    except InvalidInput as error:
        raise _with_nearest(error, text[:100], registry) from None


def _with_nearest(error: InvalidInput, text: str, registry: Registry) -> InvalidInput:
    near = registry.nearest(normalise(text).split())
    return InvalidInput(
        error.problem,
        nearest=[command.name for command in near],
        example=near[0].example if near else "help",
        advice=error.advice,
    )


def _asks_for_help(command: Command | None, words: Sequence[str], rest: Sequence[str]) -> bool:
    """`--help` anywhere; `help` right after a command, an area, or what was taken for one."""
    if any(word in HELP_OPTIONS for word in words):
        return True
    last = [word.casefold() for word in (rest if command else words[1:])]
    return last == ["help"]


def _help(words: Sequence[str], registry: Registry, text: str) -> Parsed:
    about = [word for word in words if not word.startswith("-") and word.casefold() != "help"]
    command, rest = registry.find(about) if about else (None, [])
    topic = " ".join(about[: len(about) - len(rest)]) if command else " ".join(about[:3])
    return Parsed(command=registry.get("help"), arguments=Arguments({"topic": shortened(topic)}), text=text)


def _unknown(words: Sequence[str], registry: Registry) -> InvalidInput:
    return _with_nearest(
        InvalidInput(f"There is no command “{shortened(' '.join(words))}”."), " ".join(words)[:100], registry
    )

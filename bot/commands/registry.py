"""Every command, checked once when it is put together: a clash or a gap fails at the start, not at night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import TypeVar

from bot.commands.command import Command
from bot.commands.soundness import problems_of
from bot.domain.errors import ConfigurationError

T = TypeVar("T")

AREA_ALIASES = MappingProxyType({"db": "databases", "dbs": "databases", "database": "databases"})
DEFAULTS = MappingProxyType({"audit": ("audit", "list"), "": ("help",)})
"""What a bare area means, where it means a command rather than its help."""

LONGEST_PATH = 3
NEAREST = 3
"""How many commands are offered in place of one that is not known."""
_LETTERS_COMPARED = 30


class Registry:
    """Commands by path. Nothing changes once it is built."""

    def __init__(self, commands: Iterable[Command], slash: str = "/cloudsync") -> None:
        """Raises `ConfigurationError` with everything that does not fit together."""
        self.commands = tuple(commands)
        self.slash = slash
        ways = [(path, command) for command in self.commands for path in (command.path, *command.aliases)]
        self._by_path = MappingProxyType(dict(ways))
        problems = [problem for command in self.commands for problem in problems_of(command)]
        problems += [f"{' '.join(path)} leads to two commands" for path in _twice(path for path, _ in ways)]
        problems += [f"two commands are audited as {name}" for name in _twice(c.action for c in self.commands)]
        problems += [f"the example of {name} is another command's" for name in self._strayed()]
        if problems:
            raise ConfigurationError([f"The commands do not fit together: {problem}." for problem in problems])

    def _strayed(self) -> list[str]:
        return [command.name for command in self.commands if self.find(command.example.split())[0] is not command]

    @property
    def areas(self) -> tuple[str, ...]:
        """First words, in the order of registration."""
        return tuple(dict.fromkeys(command.path[0] for command in self.commands))

    def of_area(self, area: str) -> tuple[Command, ...]:
        """The commands of an area, also by another name of it; none for what is no area."""
        wanted = AREA_ALIASES.get(area.casefold(), area.casefold())
        return tuple(command for command in self.commands if command.path[0] == wanted)

    def get(self, *path: str) -> Command:
        """By its exact path; `KeyError` otherwise."""
        return self._by_path[path]

    def named(self, name: str) -> Command | None:
        """The command whose whole path this is, as typed; None for nothing typed."""
        words = name.split()
        command, rest = self.find(words) if words else (None, [])
        return command if not rest else None

    def find(self, words: Sequence[str]) -> tuple[Command | None, list[str]]:
        """The command that these words begin with, the longest path first, and the words left over."""
        folded = _folded(words[:LONGEST_PATH])
        for length in range(len(folded), 0, -1):
            command = self._by_path.get(tuple(folded[:length]))
            if command is not None:
                return command, list(words[length:])
        default = DEFAULTS.get(" ".join(folded[:1]))
        if default is not None and (not folded[1:] or folded[1].startswith("-")):
            return self._by_path.get(default), list(words[1:])
        return None, list(words)

    def matching(self, prefix: Sequence[str]) -> tuple[Command, ...]:
        """The commands whose paths begin with exactly these words: an area, or a part of one."""
        folded = tuple(_folded(prefix))
        return tuple(c for c in self.commands if folded and c.path[: len(folded)] == folded)

    def nearest(self, words: Sequence[str]) -> tuple[Command, ...]:
        """Commands that look like what was typed, the best first; bounded work whatever was typed."""
        typed = [word[:_LETTERS_COMPARED] for word in _folded(words[:LONGEST_PATH])]
        if not typed:
            return ()
        within = self.of_area(typed[0])
        if not within:
            areas = get_close_matches(typed[0], (*self.areas, *AREA_ALIASES), n=1, cutoff=0.6)
            within = self.of_area(areas[0]) if areas else ()
        found = _nearest_verb(within, typed[1:]) if within else _nearest_name(self.commands, typed)
        return found[:NEAREST]


def _folded(words: Sequence[str]) -> list[str]:
    folded = [word.casefold() for word in words]
    return [AREA_ALIASES.get(folded[0], folded[0]), *folded[1:]] if folded else []


def _twice(items: Iterable[T]) -> list[T]:
    return [item for item, count in Counter(items).items() if count > 1]


def _nearest_verb(within: tuple[Command, ...], typed: list[str]) -> tuple[Command, ...]:
    verbs = {" ".join(command.path[1:]): command for command in within}
    tries = [" ".join(typed), *typed]
    close = [verb for attempt in tries for verb in get_close_matches(attempt, verbs, n=NEAREST, cutoff=0.5)]
    return tuple(dict.fromkeys(verbs[verb] for verb in close)) or within


def _nearest_name(commands: tuple[Command, ...], typed: list[str]) -> tuple[Command, ...]:
    """Where not even the area is known: the whole name, or a verb typed without its area."""
    names = {command.name: command for command in commands}
    close = get_close_matches(" ".join(typed), names, n=NEAREST, cutoff=0.6)
    found = [names[name] for name in close]
    verbs = get_close_matches(typed[0], {command.path[-1] for command in commands}, n=1, cutoff=0.75)
    found += [command for command in commands if command.path[-1] in verbs]
    return tuple(dict.fromkeys(found))

"""Every command, checked once when it is put together: a clash or a gap fails at the start, not at night."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from bot.commands.command import Command, ParameterKind
from bot.domain.access import Gate, OperationClass
from bot.domain.errors import ConfigurationError

AREA_ALIASES = {"db": "databases", "dbs": "databases", "database": "databases", "table": "tables", "device": "devices"}
DEFAULTS = {"audit": ("audit", "list"), "": ("help",)}
"""What a bare area means, where it means something."""


class Registry:
    """Commands by path. Frozen once built."""

    def __init__(self, commands: Iterable[Command], slash: str = "/cloudsync") -> None:
        self.commands = tuple(commands)
        self.slash = slash
        self._by_path = {command.path: command for command in self.commands}
        self._check()

    def _check(self) -> None:
        problems = [problem for command in self.commands for problem in self._problems(command)]
        if len(self._by_path) != len(self.commands):
            problems.append("two commands share a path")
        actions = [command.action for command in self.commands]
        problems += [
            f"two commands share the audit action {action}" for action in set(actions) if actions.count(action) > 1
        ]
        if problems:
            raise ConfigurationError([f"The command registry is inconsistent: {problem}." for problem in problems])

    @staticmethod
    def _problems(command: Command) -> list[str]:
        found = []
        if not command.summary or not command.example.startswith(command.name):
            found.append(f"{command.name} lacks a summary or an example that begins with it")
        if command.operation_class in (OperationClass.FREE, OperationClass.READ) and command.gate is not Gate.NONE:
            found.append(f"{command.name} reads and yet has a gate")
        if command.operation_class is OperationClass.DESTRUCTIVE and command.gate is Gate.NONE:
            found.append(f"{command.name} destroys and has no gate")
        if command.form is not None and len(command.form.title) > 24:
            found.append(f"{command.name} has a form title of over 24 characters")
        many = [item for item in command.parameters if not item.option and item.kind is ParameterKind.NAMES]
        if many and command.parameters and [p for p in command.parameters if not p.option][-1] is not many[-1]:
            found.append(f"{command.name} takes words after a list of names")
        return found

    @property
    def areas(self) -> tuple[str, ...]:
        """First words, in the order of registration."""
        return tuple(dict.fromkeys(command.path[0] for command in self.commands))

    def of_area(self, area: str) -> tuple[Command, ...]:
        """The commands of an area."""
        wanted = AREA_ALIASES.get(area, area)
        return tuple(command for command in self.commands if command.path[0] == wanted)

    def find(self, words: list[str]) -> tuple[Command | None, list[str]]:
        """The command that these words begin with, the longest path first, and the words left over."""
        folded = [word.casefold() for word in words]
        if folded:
            folded[0] = AREA_ALIASES.get(folded[0], folded[0])
        for length in range(min(3, len(folded)), 0, -1):
            command = self._by_path.get(tuple(folded[:length]))
            if command is not None:
                return command, words[length:]
        default = DEFAULTS.get(" ".join(folded[:1]))
        if default is not None and (not folded[1:] or folded[1].startswith("-")):
            return self._by_path.get(default), words[1:]
        return None, words

    def get(self, *path: str) -> Command:
        """By its exact path."""
        return self._by_path[path]

    def nearest(self, words: list[str]) -> tuple[Command, ...]:
        """Commands that look like what was typed, the best first; bounded work whatever was typed."""
        typed = [word.casefold()[:30] for word in words[:3]]
        if not typed:
            return ()
        typed[0] = AREA_ALIASES.get(typed[0], typed[0])
        names = {command.name: command for command in self.commands}
        within = [command for command in self.commands if command.path[0] == typed[0]]
        if within and len(typed) > 1:
            verbs = {" ".join(command.path[1:]): command for command in within}
            close = get_close_matches(" ".join(typed[1 : 1 + 2]), verbs, n=3, cutoff=0.4)
            close += get_close_matches(typed[1], verbs, n=3, cutoff=0.5)
            return tuple(dict.fromkeys(verbs[verb] for verb in close)) or tuple(within[:3])
        if within:
            return tuple(within[:5])
        tries = [" ".join(typed), " ".join(typed[:2]), typed[0]]
        close = [name for attempt in tries for name in get_close_matches(attempt, names, n=2, cutoff=0.6)]
        area = get_close_matches(typed[0], self.areas, n=1, cutoff=0.6)
        found = [names[name] for name in close] + [c for name in area for c in self.of_area(name)[:3]]
        return tuple(dict.fromkeys(found))[:3]

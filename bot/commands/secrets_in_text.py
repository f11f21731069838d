"""Secrets enter through fields of their own. What looks like one elsewhere is refused before it is kept or shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.commands.arguments import surplus
from bot.commands.command import Command, ParameterKind
from bot.commands.normalise import normalise, requoted, split
from bot.commands.parsing import HELP_OPTIONS
from bot.commands.registry import Registry
from bot.domain.access import OperationClass
from bot.domain.errors import InvalidInput, SecretInText
from bot.domain.invocation import FormValue
from bot.domain.replies import FieldKind, Form
from bot.domain.secrecy import find_secrets, redact

TYPED = frozenset({FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.SUGGESTED})
LOOK_RANDOM = frozenset({"project_id"})
"""Fields whose honest values look like keys."""

Fingerprint = Callable[[str], str]


def refuse_secrets(text: str, fingerprint: Fingerprint) -> None:
    """Raise `SecretInText` for the first thing that looks like a credential."""
    found = find_secrets(text, in_command=True)
    if found:
        kept = redact(text, in_command=True)
        raise SecretInText(found[0].what, fingerprint=fingerprint(found[0].text), kept=kept)


def refuse_typed(text: str, registry: Registry, fingerprint: Fingerprint) -> None:
    """Likewise for the text of a command, where more than its form counts: a token need not look like one.

    Whatever follows the words of a command whose form takes a secret is taken for that secret, also where the
    command or a quote is mistyped.
    """
    words = _words(text)
    command, rest = _meant(words, registry)
    if command is not None and _takes_secrets(command):
        beyond = [word for word in surplus(command, rest) if word not in HELP_OPTIONS]
        if beyond and [word.casefold() for word in rest] != ["help"]:
            raise _too_much(command, words, beyond, fingerprint)
    refuse_secrets(text, fingerprint)


def _too_much(command: Command, words: Sequence[str], beyond: list[str], fingerprint: Fingerprint) -> SecretInText:
    mark = fingerprint(" ".join(beyond))
    rest = redact(" ".join(requoted(word) for word in words if word not in beyond), in_command=True)
    kept = f"{rest} [removed: what followed, fingerprint {mark}]"
    found = find_secrets(" ".join(beyond), in_command=True)
    if found:
        return SecretInText(found[0].what, fingerprint=mark, kept=kept)
    return SecretInText(
        "a secret",
        fingerprint=mark,
        kept=kept,
        because=f"more follows than “{command.name}” takes",
        advice=f"{_all_of_it(command)} If what followed was a secret, rotate it now: Slack has it all the same.",
    )


def _all_of_it(command: Command) -> str:
    if any(parameter.kind is ParameterKind.DATABASE for parameter in command.parameters):
        return "A label of several words stands in quotes; a form takes all the rest."
    return "A form takes all of it, so nothing belongs behind the command."


def _words(text: str) -> list[str]:
    text = normalise(text)
    try:
        return split(text)
    except InvalidInput:
        return text.replace('"', " ").split()


def _meant(words: Sequence[str], registry: Registry) -> tuple[Command | None, list[str]]:
    """The command, or the one that comes nearest, and what follows it; of `help` and `explain`, what they are about."""
    command, rest = registry.find(words)
    if command is not None and command.operation_class is OperationClass.FREE:
        words = [word for word in rest if not word.startswith(("@", "#", "<"))]
        command, rest = registry.find(words)
    if command is not None:
        return command, rest
    folded = [word.casefold() for word in words]
    for command in registry.commands:
        tail = command.path[1:]  # typed without its area
        if _takes_secrets(command) and tuple(folded[: len(tail)]) == tail:
            return command, list(words[len(tail) :])
    command = next(iter(registry.nearest(words)), None)
    if command is None:
        return None, []
    verb = command.path[-1]
    return command, list(words[folded.index(verb) + 1 if verb in folded else len(command.path) :])


def _takes_secrets(command: Command) -> bool:
    return command.form is not None and command.form.takes_secrets


def secrets_in_the_open(form: Form, values: Mapping[str, FormValue]) -> dict[str, str]:
    """What is wrong with fields that others will read, or the trail will keep: field name to sentence."""
    problems = {}
    for field in form.fields:
        value = values.get(field.name)
        if field.kind in TYPED and field.name not in LOOK_RANDOM and isinstance(value, str):
            found = find_secrets(value)
            if found:
                problems[field.name] = f"This holds {found[0].what}, and others read it. Take it out, and rotate it."
    return problems

"""What a person may do here, in words: the overview, an area, one command. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.commands.arguments import parameters_of, usage
from bot.commands.command import Command, Parameter
from bot.commands.kinds import placeholder_of, shortened
from bot.commands.registry import Registry
from bot.commands.wording import lower_first, with_code
from bot.domain.access import Gate, OperationClass, Role, Shortfall, Standing, shortfall
from bot.domain.audit import AuditAction
from bot.domain.errors import InvalidInput
from bot.domain.replies import (
    Bullets,
    Code,
    CommandButton,
    CommandMenu,
    Facts,
    Line,
    Mood,
    Paragraph,
    Part,
    Reply,
    Strong,
    line,
)

GATE_WORDS = {
    Gate.NONE: "done at once",
    Gate.CONFIRM: "you confirm it first",
    Gate.APPROVE: "another admin approves it first",
}
ONE_APPROVES = "another admin approves"
"""What a registered command says of its approval; `as_set` says it as the settings have it."""


def refused(command: Command, standing: Standing) -> Shortfall | None:
    """What this person lacks for this command here; None where they may ask for it."""
    return shortfall(
        standing, operation_class=command.operation_class, needs=command.asks, about_roles=command.about_roles
    )


def permitted(commands: Iterable[Command], standing: Standing) -> tuple[Command, ...]:
    """The commands that this person may ask for here."""
    return tuple(command for command in commands if refused(command, standing) is None)


def help_about(topic: str, registry: Registry, standing: Standing, *, others: int = 1) -> Reply:
    """The answer to `help <topic>`. Raises `InvalidInput` for a topic that is neither area nor command.

    `others` is how many must approve here what needs an approval.
    """
    words = topic.split()
    if not words:
        return overview(registry, standing)
    command, commands = registry.named(topic), registry.matching(words)
    # A bare `audit` is typed for `audit list`, but who asks for help about it wants all of the area.
    if command is not None and len(commands) < 2:
        return command_help(command, registry, standing, others=others)
    if commands:
        return area_help(" ".join(commands[0].path[: len(words)]), commands, registry, standing, others=others)
    near = registry.nearest(words)
    raise InvalidInput(
        f"There is no help about “{shortened(topic)}”.",
        nearest=[found.name for found in near],
        example=f"help {near[0].name}" if near else "help",
    )


def overview(registry: Registry, standing: Standing) -> Reply:
    """What is open to this person here, on one screen of a phone: area by area, each with one example to copy."""
    open_here = permitted(registry.commands, standing)
    gated = [command for command in open_here if command.operation_class is not OperationClass.FREE]
    if not gated:
        return _nothing_open(registry, standing)
    about_you = [command for command in open_here if command not in gated and command.action is not AuditAction.HELP]
    areas = _by_area((*gated, *about_you))
    fullest = max(areas, key=lambda area: len(areas[area]))
    return Reply(
        verdict=line(f"You may do {_things(sum(map(len, areas.values())))} here{_as_role(standing)}"),
        parts=(Paragraph(lines=tuple(_begun(area, found, registry) for area, found in areas.items())),),
        next_step=line("Next: pick an area for more, or type ", *_typed(registry, f"help {fullest}")),
        actions=(CommandMenu(label="More about", options=tuple((area, f"help {area}") for area in areas)),),
    )


def _by_area(commands: Iterable[Command]) -> Mapping[str, tuple[Command, ...]]:
    areas: dict[str, tuple[Command, ...]] = {}
    for command in commands:
        area = command.path[0]
        areas[area] = (*areas.get(area, ()), command)
    return areas


def _begun(area: str, commands: tuple[Command, ...], registry: Registry) -> Line:
    """The area, how much of it is open where that is more than its example shows, and the example."""
    count = f" ({len(commands)})" if len(commands) > 1 else ""
    return line(Strong(text=area), f"{count} ", *_typed(registry, commands[0].example))


def _nothing_open(registry: Registry, standing: Standing) -> Reply:
    lacking = next((short for command in registry.commands if (short := refused(command, standing))), None)
    missing = lacking or Shortfall(missing="Nothing is registered.", remedy="Tell whoever runs the bot.")
    return Reply(
        verdict=line("You may not do anything here yet"),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(line(missing.missing), with_code(missing.remedy))),),
        next_step=line("Next: ", *_typed(registry, "whoami"), " says what you are here and who can change it."),
        actions=(CommandButton(label="Who am I here", command="whoami"),),
    )


def area_help(
    area: str, commands: tuple[Command, ...], registry: Registry, standing: Standing, *, others: int = 1
) -> Reply:
    """The commands of one area, each with its example and what stands before it."""
    open_here = permitted(commands, standing)
    if not open_here:
        short = refused(commands[0], standing)
        return Reply(
            verdict=line("You may not do anything with ", Strong(text=area), " here"),
            mood=Mood.REFUSED,
            parts=(Paragraph(lines=(line(short.missing),)),) if short else (),
            next_step=line("Next: ", *with_code(lower_first(short.remedy))) if short else (),
        )
    count = (
        f"all {_things(len(commands))}" if len(open_here) == len(commands) else f"{len(open_here)} of {len(commands)}"
    )
    bullets = tuple(_summed_up(command, registry, others) for command in open_here)
    menu = CommandMenu(label="How to", options=tuple((one.name, f"help {one.name}") for one in open_here))
    return Reply(
        verdict=line(Strong(text=area), f": you may do {count} here"),
        parts=(Bullets(items=bullets),),
        next_step=line("Next: copy a line and put your own names in, or pick one for its options."),
        actions=(menu,),
    )


def _summed_up(command: Command, registry: Registry, others: int) -> Line:
    return line(*_typed(registry, command.example), f" – {as_set(command.summary, others)}")


def command_help(command: Command, registry: Registry, standing: Standing, *, others: int = 1) -> Reply:
    """One command that is open here: how it is typed, its options, who asks and who decides."""
    short = refused(command, standing)
    if short is not None:
        return _closed(command, short)
    pairs = [
        ("How it goes", line(Code(text=f"{registry.slash} {usage(command)}"))),
        ("Who", line(who_asks(command))),
        ("Then", line(_first_upper(then_words(command, others)))),
    ]
    options = tuple(_explained(parameter) for parameter in parameters_of(command) if parameter.summary)
    parts: list[Part] = [Paragraph(lines=(line(as_set(command.summary, others)),)), Facts(pairs=tuple(pairs))]
    if options:
        parts.append(Bullets(items=options))
    return Reply(
        verdict=line("You may use ", Strong(text=command.name), " here"),
        mood=Mood.GOOD,
        parts=tuple(parts),
        next_step=line("Next: copy ", *_typed(registry, command.example)),
    )


def _closed(command: Command, short: Shortfall) -> Reply:
    """What is not open here is not described; `explain` says who may, and who decides."""
    return Reply(
        verdict=line("You may not use ", Strong(text=command.name), " here: ", lower_first(short.missing)),
        mood=Mood.REFUSED,
        next_step=line("Next: ", *with_code(lower_first(short.remedy))),
        actions=(CommandButton(label="Who may", command=f"explain {command.name}"),),
    )


def _explained(parameter: Parameter) -> Line:
    name = parameter.option or placeholder_of(parameter)
    choices = f" One of {', '.join(parameter.choices)}." if parameter.choices else ""
    bounds = f" At most {parameter.maximum}." if parameter.maximum is not None else ""
    return line(Code(text=name), f" – {parameter.summary.rstrip('.')}.{choices}{bounds}")


def then_words(command: Command, others: int = 1) -> str:
    """What comes after asking, in words."""
    words = f"{GATE_WORDS[command.gate]}; {command.note}" if command.note else GATE_WORDS[command.gate]
    return as_set(words, others)


def as_set(words: str, others: int) -> str:
    """A command's own words with as many approvals as the settings want of this person here."""
    approving = "you confirm" if others == 0 else ONE_APPROVES if others == 1 else f"{others} other admins approve"
    return words.replace(ONE_APPROVES, approving)


def who_asks(command: Command) -> str:
    """Who may ask for it, in words."""
    if command.asks is Role.NONE:
        return "everybody"
    return command.asks.word if command.asks is Role.ADMIN else f"{command.asks.word} and above"


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _typed(registry: Registry, text: str) -> Line:
    return line(Code(text=f"{registry.slash} {text}"))


def _things(count: int) -> str:
    return "1 thing" if count == 1 else f"{count} things"


def _as_role(standing: Standing) -> str:
    if standing.binding is None:
        return ", as bot admin" if standing.is_bot_admin else ""
    return f", as {standing.role.word}"

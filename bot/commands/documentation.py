"""The README's table of commands, made from the registry so that it cannot fall behind."""

from __future__ import annotations

from bot.commands.arguments import usage
from bot.commands.command import Command
from bot.commands.help import who_asks
from bot.commands.registry import Registry
from bot.domain.access import Gate

HEADINGS = ("Command", "Endpoint", "Class", "Who asks", "Gate")
GATES = {Gate.NONE: "–", Gate.CONFIRM: "the asker confirms", Gate.APPROVE: "another admin approves"}


def command_table(registry: Registry) -> str:
    """A Markdown table with one row a command, in the order of registration."""
    rows = [HEADINGS, tuple("---" for _ in HEADINGS), *(_row(command) for command in registry.commands)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows) + "\n"


def _row(command: Command) -> tuple[str, ...]:
    form = " (form)" if command.form is not None else ""
    endpoint = f"`{command.endpoint}`" if command.endpoint else "–"
    typed = usage(command).replace("|", "\\|")
    gate = f"{GATES[command.gate]}; {command.note}" if command.note else GATES[command.gate]
    return (f"`{typed}`{form}", endpoint, command.operation_class.value, who_asks(command), gate)

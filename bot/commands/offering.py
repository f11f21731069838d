"""What an answer may offer to whoever reads it: only what they may ask for here, as `help` tells it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.commands.context import Context
from bot.commands.help import refused
from bot.domain.replies import CommandButton


def may_ask(context: Context, text: str) -> bool:
    """Whether this person may ask here for the command that this text begins with."""
    command, _ = context.registry.find(text.split())
    return command is not None and refused(command, context.standing) is None


def offered(context: Context, buttons: Iterable[CommandButton]) -> tuple[CommandButton, ...]:
    """Those of the buttons that this person may press here."""
    return tuple(button for button in buttons if may_ask(context, button.command))

"""What an answer may offer to whoever reads it: only what they may ask for here, as `help` tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.commands.context import Context
from bot.commands.help import refused
from bot.commands.registry import Registry
from bot.domain.access import CHANNEL_ROLE_NEEDED, Standing
from bot.domain.replies import Action, Code, CommandButton, Line, Reply, line
from bot.domain.requests import Request
from bot.services.card_parts import leads_back
from bot.services.next_steps import enabling_command, way_back, what_now

LONGEST_TOLD = 150
"""Characters of a command that a sentence names whole."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads an answer, and where."""

    registry: Registry
    standing: Standing
    slash: str

    def may_ask(self, text: str) -> bool:
        """Whether they may ask here for the command that this text begins with."""
        command, _ = self.registry.find(text.split())
        return command is not None and refused(command, self.standing) is None

    def may_press(self, action: Action) -> bool:
        """Buttons of requests are judged by themselves."""
        return not isinstance(action, CommandButton) or self.may_ask(action.command)

    def card(self, drawn: Reply, request: Request) -> Reply:
        """The request's card without what they may not ask for; where it leads on, with who may."""
        next_step = self._next(request) if drawn.next_step == what_now(request) else ()
        actions = tuple(action for action in drawn.actions if self.may_press(action))
        return replace(drawn, actions=actions, next_step=next_step or drawn.next_step)

    def _next(self, request: Request) -> Line:
        if leads_back(request):
            back = request.result.undo_command
            return way_back(request) if self.may_ask(back) else self._others("if this was a mistake, ", back)
        enabling = enabling_command(request)
        return () if not enabling or self.may_ask(enabling) else self._others("no table syncs yet; ", enabling)

    def _others(self, why: str, text: str) -> Line:
        """Who may ask for it, and in what channel, where this one will not do."""
        command, _ = self.registry.find(text.split())
        if command is None:
            return ()
        needed = CHANNEL_ROLE_NEEDED[command.operation_class]
        where = f", in a channel with the role {needed.word}" if self.standing.channel_role < needed else ""
        typed = Code(text=f"{self.slash} {text if len(text) <= LONGEST_TOLD else command.name}")
        return line(f"Next: {why}ask an {command.asks.word} for ", typed, f"{where}.")


def reader_of(context: Context) -> Reader:
    """Whoever asks."""
    return Reader(registry=context.registry, standing=context.standing, slash=context.services.slash)


def may_ask(context: Context, text: str) -> bool:
    """Whether this person may ask here for the command that this text begins with."""
    return reader_of(context).may_ask(text)


def whom_to_ask(context: Context, text: str) -> str:
    """Before what this person may not ask for here: who may, or where, as the beginning of a sentence's next step."""
    command, _ = context.registry.find(text.split())
    if command is None:
        return ""
    standing, needed = context.standing, CHANNEL_ROLE_NEEDED[command.operation_class]
    is_too_low = standing.channel_role < needed
    if is_too_low and standing.granted >= command.asks and standing.person.trusted:
        return f"go to a channel with the role {needed.word} to "
    where = f", in a channel with the role {needed.word}," if is_too_low else ""
    return f"ask an {command.asks.word}{where} to "


def offered(context: Context, buttons: Iterable[CommandButton]) -> tuple[CommandButton, ...]:
    """Those of the buttons that this person may press here."""
    return tuple(button for button in buttons if may_ask(context, button.command))

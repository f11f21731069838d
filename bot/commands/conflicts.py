"""The answers to what collides with what holds now: another request, a late step, consequences to agree to first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bot.commands.registry import Registry
from bot.commands.wording import lower_first, with_code
from bot.domain.errors import Conflict, TooLate, Unconfirmed
from bot.domain.replies import Bullets, CommandButton, Mood, Paragraph, Reply, Style, line
from bot.domain.secrecy import redact


def _conflict(error: Conflict, registry: Registry, slash: str) -> Reply:
    del registry, slash
    show = CommandButton(label="Show the request", command=f"approvals show {error.request_id}")
    default = "look at how it stands." if error.request_id else "look at what holds now before you ask again."
    return Reply(
        verdict=line(redact(error.holds).rstrip(".")),
        mood=Mood.REFUSED,
        next_step=line("Nothing was sent. Next: ", *with_code(lower_first(error.next_step) or default)),
        actions=(show,) if error.request_id else (),
    )


def _too_late(error: TooLate, registry: Registry, slash: str) -> Reply:
    reply = _conflict(error, registry, slash)
    parts = (Paragraph(lines=error.before),) if error.before else ()
    return replace(reply, parts=parts, next_step=line(f"Next: {lower_first(error.next_step)}"))


def _unconfirmed(error: Unconfirmed, registry: Registry, slash: str) -> Reply:
    reply = _conflict(error, registry, slash)
    return replace(
        reply,
        mood=Mood.WAITING,
        parts=(Bullets(items=error.consequences),),
        next_step=line("Nothing was changed yet. Next: ", *with_code(lower_first(error.next_step))),
        actions=(CommandButton(label=error.label, command=error.command, style=Style.DANGER, replaces=True),),
    )


CONFLICTS: Mapping[type[BaseException], Callable[[Any, Registry, str], Reply]] = MappingProxyType(
    {Conflict: _conflict, TooLate: _too_late, Unconfirmed: _unconfirmed}
)

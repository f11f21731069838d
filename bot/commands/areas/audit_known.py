"""Whether what was asked about is known to the trail at all, and what it knows that comes near."""

from __future__ import annotations

from bot.commands.command import Arguments
from bot.commands.context import Context
from bot.commands.kinds import not_picked
from bot.domain.audit import AuditFilter
from bot.domain.errors import UnknownTarget


async def require_picked(context: Context, arguments: Arguments) -> None:
    """People and channels are picked from Slack's list: what is only typed is nobody, and maybe a slip of a name."""
    trail = context.services.trail
    person, channel = arguments.text("user"), arguments.text("channel")
    example = "audit list --since 7d"
    if person.startswith("@"):
        nearest = [f"@{name}" for name in await trail.people_like(person[1:])]
        raise not_picked(person, "a person", "@", example=example, nearest=nearest)
    if channel.startswith("#"):
        nearest = [f"#{name}" for name in await trail.channels_like(channel[1:])]
        raise not_picked(channel, "a channel", "#", example=example, nearest=nearest)


async def require_known(context: Context, wanted: AuditFilter) -> None:
    """A database that no row is about is rather mistyped than without a history."""
    near = await context.services.trail.unknown_target(wanted.target) if wanted.target else None
    if near is not None:
        raise UnknownTarget(
            f"The trail holds nothing about a database “{(wanted.target or '')[:60]}”.",
            typed=wanted.target or "",
            candidates=[(name, name) for name in near],
        )

"""Where nothing fits: whether what was asked about is known to the trail at all."""

from __future__ import annotations

from bot.commands.context import Context
from bot.domain.audit import AuditFilter
from bot.domain.errors import UnknownTarget


async def require_known(context: Context, wanted: AuditFilter) -> None:
    """A database that no row is about is rather mistyped than without a history."""
    near = await context.services.trail.unknown_target(wanted.target) if wanted.target else None
    if near is not None:
        raise UnknownTarget(
            f"The trail holds nothing about a database “{(wanted.target or '')[:60]}”.",
            typed=wanted.target or "",
            candidates=[(name, name) for name in near],
        )

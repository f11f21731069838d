"""Said when roles change: in which channel a destructive request could now be decided by too few."""

from __future__ import annotations

from bot.commands.context import Context
from bot.domain.access import Role
from bot.domain.errors import PeopleUnavailable
from bot.domain.replies import ChannelRef, Code, Line, Paragraph, Part, line

CHANNELS_LOOKED_AT = 5
"""Each look asks Slack about several people."""
ENOUGH_AGAIN = line("Next: give somebody else the right to decide, as said above.")
"""The next step beneath the warning."""


async def too_few_warning(context: Context, channel_id: str | None) -> tuple[Part, ...]:
    """A line for each admin channel within reach of the change (None: all) where fewer than two could decide."""
    bound = await context.services.access.bindings()
    reached = [one.channel_id for one in bound if one.role is Role.ADMIN and channel_id in (None, one.channel_id)]
    lines: list[Line] = []
    for one in reached[:CHANNELS_LOOKED_AT]:
        try:
            able = await context.services.access.deciders(one, excluding="")
        except PeopleUnavailable:
            continue
        if len(able) < 2:
            found = (
                "only one person could decide, so their own requests are"
                if able
                else "nobody could decide, so requests are"
            )
            lines.append(line("In ", ChannelRef(id=one), f" {found} refused."))
    if not lines:
        return ()
    way_out = line("Give somebody the right: ", Code(text=f"{context.services.slash} roles grant @person admin"))
    return (Paragraph(lines=(*lines, way_out)),)

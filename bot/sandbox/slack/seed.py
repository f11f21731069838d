"""A believable workspace: the people and channels of the sandbox's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.sandbox.slack.workspace import Workspace, utc_now

PEOPLE: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("ada", "Ada Lovelace", "Admin everywhere (BOT_ADMINS)", {"is_admin": True}),
    ("grace", "Grace Hopper", "Admin of #prod, the second approver", {"tz": "America/New_York", "tz_offset": -18000}),
    ("alan", "Alan Turing", "Operator: changes, and asks for deletions in #prod", {}),
    ("cleo", "Cleo Park", "Viewer in #prod, operator in #staging", {"tz": "Asia/Seoul", "tz_offset": 32400}),
    ("guy", "Guy Guest", "Guest of the workspace: reads at most", {"is_restricted": True}),
)
AUDIT = "audit"
"""The bot is always in it: whoever sets AUDIT_CHANNEL has invited it."""
CHANNELS = (
    ("prod", "Production databases. Deletions need a second person.", True),
    ("staging", "The staging estate. Break things here.", True),
    ("support", "Customer questions. Everybody may look.", True),
    ("random", "Nothing to do with databases: not set up for the bot.", False),
    (AUDIT, "Where the bot posts what it will not let anybody forget.", True),
)


def believable_workspace(
    *, clock: Callable[[], datetime] = utc_now, bot_is_invited: bool = True, is_fixed: bool = False
) -> Workspace:
    """Five people, five channels. `is_fixed`: the same ids each time, for a database that outlives the workspace."""
    workspace = Workspace(clock=clock)
    people = [
        workspace.add_person(
            name, real_name, description=description, **flags, **({"id": f"U0{name.upper():0<9}"} if is_fixed else {})
        )
        for name, real_name, description, flags in PEOPLE
    ]
    for name, purpose, has_bot in CHANNELS:
        fixed = {"id": f"C0{name.upper():0<9}"} if is_fixed else {}
        workspace.add_channel(
            name, *people, with_bot=has_bot and (bot_is_invited or name == AUDIT), purpose=purpose, **fixed
        )
    workspace.add_group("dba", people[0], people[1], name="Database admins")
    return workspace

"""All commands, merged from their areas in the order in which help shows them."""

from __future__ import annotations

from bot.commands.areas import (
    approvals,
    audit,
    audit_export,
    audit_search_form,
    audit_summary,
    databases,
    devices,
    home,
    notifications,
    org,
    roles,
    tables,
)
from bot.commands.areas import help as help_area
from bot.commands.command import Command


def all_commands() -> tuple[Command, ...]:
    """Every command of the program."""
    trail = (audit, audit_search_form, audit_summary, audit_export)
    areas = (help_area, home, org, databases, tables, notifications, devices, approvals, *trail, roles)
    return tuple(command for area in areas for command in area.commands())

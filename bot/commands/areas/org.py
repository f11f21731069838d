"""The organisation behind the environment's key."""

from __future__ import annotations

from bot.commands.command import Answer, Arguments, Command
from bot.commands.context import Context
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.replies import Code, CommandButton, Facts, Mood, Reply, Strong, line


async def show(context: Context, arguments: Arguments) -> Answer:
    """`org`."""
    del arguments
    found = await context.api.get_organisation()
    name = found.name or found.slug or found.id or "unnamed"
    active = (found.status or "").casefold() == "active"
    environment = context.standing.environment
    verdict = (
        line(Strong(text=name), " is active")
        if active
        else line(Strong(text=name), f" is not active: {found.status or 'the API tells no status'}")
    )
    return Reply(
        verdict=verdict,
        mood=Mood.GOOD if active else Mood.WARNING,
        parts=(
            Facts(
                pairs=(
                    ("Slug", line(found.slug or "unknown")),
                    ("Status", line(found.status or "unknown")),
                    ("Organisation ID", line(Code(text=found.id or "unknown"))),
                    ("Environment", line(environment)),
                )
            ),
        ),
        next_step=line("Next: look at its databases.")
        if active
        else line("Next: whoever owns the account puts it in order; calls may fail until then."),
        actions=(CommandButton(label="Databases", command="databases list"),),
    )


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    return (
        Command(
            path=("org",),
            summary="Show which organisation this channel works on, and whether it is active.",
            example="org",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.ORG_SHOW,
            handler=show,
            endpoint="GET /v1/orgs",
        ),
    )

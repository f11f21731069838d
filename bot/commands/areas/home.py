"""`home`: where this person may do what, and what is open there. It is also the app's Home tab."""

from __future__ import annotations

from bot.commands.command import Answer, Arguments, Command
from bot.commands.context import Context
from bot.domain.access import Gate, OperationClass, Role, Standing
from bot.domain.audit import AuditAction
from bot.domain.errors import PeopleUnavailable
from bot.domain.replies import Bullets, ChannelRef, Code, CommandButton, Line, Paragraph, Part, Reply, Strong, line
from bot.domain.requests import Request

CHANNELS_SHOWN = 10
REQUESTS_SHOWN = 5


async def show(context: Context, arguments: Arguments) -> Answer:
    """`home`."""
    del arguments
    standings = await _standings(context)
    slash = context.services.slash
    if not standings:
        return _nowhere(context)
    parts: list[Part] = [Bullets(items=tuple(_where(one) for one in standings[:CHANNELS_SHOWN]))]
    waiting = await _waiting(context, standings)
    if waiting:
        parts.append(Paragraph(lines=(line(Strong(text="Open requests there:")),)))
        parts.append(Bullets(items=tuple(_open(request) for request in waiting[:REQUESTS_SHOWN])))
    noun = "channel" if len(standings) == 1 else "channels"
    return Reply(
        verdict=line(Strong(text=f"You may work in {len(standings)} {noun}")),
        parts=tuple(parts),
        next_step=line("Next: go to one of them and type ", Code(text=f"{slash} help")),
        actions=_setting_up(context),
    )


async def _standings(context: Context) -> list[Standing]:
    person_id, found = context.invocation.person_id, []
    for bound in await context.services.access.bindings():
        try:
            standing = await context.services.access.standing(person_id, bound.channel_id)
        except PeopleUnavailable:
            continue
        if standing.role is not Role.NONE:
            found.append(standing)
    return found


async def _waiting(context: Context, standings: list[Standing]) -> list[Request]:
    found: list[Request] = []
    for standing in standings[:CHANNELS_SHOWN]:
        found += await context.services.approvals.open_in(standing.channel_id)
    return found


def _where(standing: Standing) -> Line:
    return line(ChannelRef(id=standing.channel_id), f": {standing.role.word}, on {standing.environment}")


def _open(request: Request) -> Line:
    return line(ChannelRef(id=request.channel_id), " ", request.summary, " ", Code(text=request.id))


def _nowhere(context: Context) -> Reply:
    slash = context.services.slash
    if not context.standing.person.is_known:
        return Reply(
            verdict=line(Strong(text="Right now Slack does not say who you are")),
            next_step=line("Next: try again in a moment."),
        )
    return Reply(
        verdict=line(Strong(text="You may not work in any channel yet")),
        next_step=line("Next: ask a bot admin, or see what is missing with ", Code(text=f"{slash} whoami")),
        actions=_setting_up(context),
    )


def _setting_up(context: Context) -> tuple[CommandButton, ...]:
    if not context.standing.is_bot_admin:
        return ()
    return (CommandButton(label="Set up a channel", command="roles setup"),)


def commands() -> tuple[Command, ...]:
    """The area's one command."""
    return (
        Command(
            path=("home",),
            summary="Show where you may work, and what is open there.",
            example="home",
            operation_class=OperationClass.FREE,
            asks=Role.NONE,
            gate=Gate.NONE,
            action=AuditAction.HOME_SHOW,
            handler=show,
        ),
    )

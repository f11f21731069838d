"""Open requests that a channel would leave behind when less may be done in it: told before, not found out after."""

from __future__ import annotations

from bot.commands.command import Parameter, ParameterKind
from bot.commands.context import Context
from bot.domain.access import CHANNEL_ROLE_NEEDED, ChannelBinding, Gate, Role
from bot.domain.errors import Unconfirmed
from bot.domain.replies import PersonRef, Strong, line
from bot.domain.requests import Request, RequestState
from bot.services.access import Change

SHOWN = 5
ANYWAY = Parameter(name="anyway", kind=ParameterKind.FLAG, option="--anyway", summary="")
"""Carried by the button that agrees to it."""
WAITS = frozenset({RequestState.PENDING, RequestState.APPROVED, RequestState.NEEDS_HUMAN})
"""What needs somebody's right there to go on; what is being sent or read goes on by itself."""


async def agree_to_lower(context: Context, binding: ChannelBinding, change: Change) -> None:
    """Raise `Unconfirmed` where the new binding leaves requests behind that the old one would carry through."""
    behind = await _left_behind(context, binding.channel_id, binding.role)
    if behind:
        await context.services.access.require_bindable(binding, change)
        words = f"{binding.role.word} --members {binding.member_role.word} --environment {binding.environment}"
        command = f"roles bind <#{binding.channel_id}> {words} {ANYWAY.option}"
        raise await _unconfirmed(context, binding.channel_id, behind, "Bind it all the same", command)


async def agree_to_unbind(context: Context, channel_id: str, change: Change) -> None:
    """Raise `Unconfirmed` where requests are left behind."""
    behind = await _left_behind(context, channel_id, Role.NONE)
    if behind:
        await context.services.access.require_unbindable(channel_id, change)
        command = f"roles unbind <#{channel_id}> {ANYWAY.option}"
        raise await _unconfirmed(context, channel_id, behind, "Unbind it all the same", command)


async def _left_behind(context: Context, channel_id: str, role: Role) -> tuple[Request, ...]:
    """The open requests whose next step the channel allows now, and would not as `role`; the newest few."""
    now = next(
        (one.role for one in await context.services.access.bindings() if one.channel_id == channel_id), Role.NONE
    )
    if role >= now:
        return ()
    found = await context.services.approvals.open_in(channel_id)
    return tuple(request for request in found if request.state in WAITS and role < _needed(request) <= now)


def _needed(request: Request) -> Role:
    """The channel's role that the next step needs: admins decide and settle, the requester what is theirs alone."""
    if request.gate is Gate.APPROVE:
        return Role.ADMIN
    return CHANNEL_ROLE_NEEDED[request.operation_class]


async def _unconfirmed(
    context: Context, channel_id: str, behind: tuple[Request, ...], label: str, command: str
) -> Unconfirmed:
    name = await context.services.directory.channel_name(channel_id)
    count = "1 request stands" if len(behind) == 1 else f"{len(behind)} requests stand"
    listed = [line(Strong(text=one.summary), ", asked by ", PersonRef(id=one.requester_id)) for one in behind[:SHOWN]]
    rest = [line(f"and {len(behind) - SHOWN} more")] if len(behind) > SHOWN else []
    return Unconfirmed(
        f"In {f'#{name}' if name else 'that channel'} {count} open, and could then go no further",
        consequences=(*listed, *rest),
        next_step=f"Have them decided or cancelled first, or press {label}.",
        label=label,
        command=command,
    )

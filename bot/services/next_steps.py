"""What comes after what ended well: its warnings, what is left, what it was a first step for, the way back."""

from __future__ import annotations

from bot.domain.ends import LEFT_OVER
from bot.domain.replies import ChannelRef, Code, CommandButton, Line, Strong, line
from bot.domain.requests import OperationKind, Request
from bot.services.asking_again import ask_again_button, quoted
from bot.services.card_parts import leads_back
from bot.services.follow_ups import are_left_out, tables_to_enable

SYNC = "Enable tables"
"""The button that goes on from a registration."""


def what_now(request: Request) -> Line:
    """The next step of somebody who reads that it is done."""
    if is_left_over(request) and ask_again_button(request):
        return line("Next: ask again for what is left, if it is still needed.")
    if request.result.warnings:
        return line("Next: look at the warnings above.")
    if request.operation.kind is OperationKind.REHEARSAL:
        return after_rehearsal(request)
    if request.operation.kind is OperationKind.BIND_CHANNEL:
        return line("Next: try ", Code(text="databases list"), " in ", ChannelRef(id=request.target.id), ".")
    if leads_back(request):
        return way_back(request, for_admins(request))
    enabling = enabling_command(request)
    if enabling:
        return line("Next: no table syncs yet; choose which do, with ", Code(text=enabling), ".")
    return line("Next: nothing to do.")


def way_back(request: Request, whose: str = "") -> Line:
    """To the button that turns it back; `whose` it is, where that is not whoever reads it."""
    return line("Next: if this was a mistake, ", Strong(text=request.result.undo_label), f" leads back{whose}.")


def for_admins(request: Request) -> str:
    """Whose the way back is, where fewer have it than may have asked: it is not known who reads a message."""
    return ", for admins in an admin channel" if request.operation.kind is OperationKind.ENABLE_TABLES else ""


def is_left_over(request: Request) -> bool:
    """Whether some of its items did not end as wanted."""
    return any(item.state in LEFT_OVER for item in request.result.items)


def after_rehearsal(request: Request) -> Line:
    """From the rehearsal to the real thing."""
    following = Code(text=str(request.operation.arguments.get("following") or "databases delete <database>"))
    return line("Next: a real deletion goes the same way. In ", ChannelRef(id=request.channel_id), " type ", following)


def going_on(request: Request) -> tuple[CommandButton, ...]:
    """The buttons of what it was a first step for, and of what is left of it."""
    again = ask_again_button(request) if is_left_over(request) else ()
    enabling = enabling_command(request)
    return (*again, CommandButton(label=SYNC, command=enabling)) if enabling else again


def enabling_command(request: Request) -> str:
    """For a database that was registered: none of its tables syncs before somebody says which; "" where it is said."""
    created, named = request.result.created_id, quoted(request.target.label)
    follows = bool(tables_to_enable(request.operation) and created and not are_left_out(request))
    if request.operation.kind is not OperationKind.REGISTER_DATABASE or follows or not (created or named):
        return ""
    return f"tables enable {created or named}"

"""`roles list`: bound channels first, then who holds which role."""

from __future__ import annotations

from bot.commands.command import Answer, Arguments, Command, Parameter, ParameterKind
from bot.commands.context import Context
from bot.commands.offering import may_ask
from bot.commands.wording import next_or_page
from bot.domain.access import ChannelBinding, Gate, Grant, OperationClass, Role, SubjectKind
from bot.domain.audit import AuditAction
from bot.domain.replies import (
    Bullets,
    ChannelRef,
    Code,
    CommandButton,
    GroupRef,
    Line,
    PersonRef,
    Reply,
    Span,
    Strong,
    line,
)

PAGE = 15


def subject_of(kind: SubjectKind, subject_id: str) -> Span:
    """A mention of whoever a grant is for."""
    return PersonRef(id=subject_id) if kind is SubjectKind.USER else GroupRef(id=subject_id)


async def list_all(context: Context, arguments: Arguments) -> Answer:
    """`roles list`."""
    access = context.services.access
    bindings, grants = await access.bindings(), await access.grants()
    rows = [
        *(_bound(one) for one in bindings),
        *(granted(one) for one in grants),
        *(line(PersonRef(id=one), ": bot admin, by BOT_ADMINS") for one in sorted(access.bot_admins)),
    ]
    pages = max(1, -(-len(rows) // PAGE))
    page = min(arguments.get("page", int) or 1, pages)
    channels = f"{len(bindings)} channel{' is' if len(bindings) == 1 else 's are'} bound"
    roles = f"{len(grants)} role{' is' if len(grants) == 1 else 's are'} granted"
    where = f", page {page} of {pages}" if pages > 1 else ""
    turning = tuple(
        CommandButton(label=label, command=f"roles list --page {number}", replaces=True)
        for label, number in (("Previous", page - 1), ("Next", page + 1))
        if 1 <= number <= pages
    )
    return Reply(
        verdict=line(Strong(text=f"{channels}, {roles}"), where),
        parts=(Bullets(items=tuple(rows[(page - 1) * PAGE : page * PAGE])),) if rows else (),
        next_step=next_or_page(turning, *_leading_on(context)),
        actions=turning,
    )


def _leading_on(context: Context) -> Line:
    if may_ask(context, "roles grant"):
        return line("give a role with ", Code(text=f"{context.services.slash} roles grant @person operator"), ".")
    return line(Code(text=f"{context.services.slash} whoami"), " says who can give you another role.")


def _bound(one: ChannelBinding) -> Line:
    return line(ChannelRef(id=one.channel_id), f": {one.role.word}, members {one.member_role.word}, {one.environment}")


def granted(one: Grant) -> Line:
    """Who has which role where."""
    where: Line = (" in ", ChannelRef(id=one.channel_id)) if one.channel_id else (" everywhere",)
    return line(subject_of(one.subject_kind, one.subject_id), f": {one.role.word}", *where)


def command() -> Command:
    """`roles list`."""
    page = Parameter(name="page", kind=ParameterKind.NUMBER, option="--page", summary="", minimum=1)
    return Command(
        path=("roles", "list"),
        summary="List bound channels and granted roles.",
        example="roles list",
        operation_class=OperationClass.READ,
        asks=Role.VIEWER,
        gate=Gate.NONE,
        action=AuditAction.ROLES_LIST,
        handler=list_all,
        parameters=(page,),
    )

"""Who may do what where: bindings and grants, and the first set-up."""

from __future__ import annotations

from bot.commands.areas import roles_list, setup
from bot.commands.areas.left_behind import ANYWAY, agree_to_lower, agree_to_unbind
from bot.commands.areas.role_warnings import ENOUGH_AGAIN, too_few_warning
from bot.commands.areas.roles_list import subject_of
from bot.commands.command import Answer, Arguments, Command, Handler, Parameter, ParameterKind, Subject
from bot.commands.context import Context
from bot.domain.access import ChannelBinding, Gate, Grant, OperationClass, Role, SubjectKind
from bot.domain.audit import AuditAction
from bot.domain.errors import Conflict, InvalidInput
from bot.domain.replies import (
    ChannelRef,
    Code,
    Line,
    Mood,
    Paragraph,
    Reply,
    line,
)
from bot.domain.requests import Observation, Operation, Proposal, Target
from bot.services.access import Change, NeedsSecondAdmin
from bot.services.card_parts import EVERYWHERE, ONLY_IN
from bot.services.first_words import leading_in
from bot.services.operations.local import binding_operation, grant_operation

SECOND_ADMIN = "as admin: a second admin approves, where there is one"


def change_by(context: Context) -> Change:
    """Who changes access, in which story."""
    invocation = context.invocation
    return Change(by=context.standing, story=invocation.story, delivery=invocation.delivery)


async def bind(context: Context, arguments: Arguments) -> Answer:
    """`roles bind #channel <role>`."""
    binding = ChannelBinding(
        channel_id=arguments.text("channel"),
        role=arguments.get("role", Role) or Role.NONE,
        member_role=arguments.get("members", Role) or Role.VIEWER,
        environment=environment_named(context, arguments.text("environment")),
    )
    return await bound(context, binding, agreed=arguments.flag(ANYWAY.name))


def environment_named(context: Context, typed: str) -> str:
    """An environment that has a key; the only or default one where nothing is said."""
    names = context.services.environment_names
    if not typed:
        return "default" if "default" in names else names[0]
    if typed.casefold() not in names:
        raise InvalidInput(f"There is no environment {typed[:40]}.", nearest=names)
    return typed.casefold()


async def bound(context: Context, binding: ChannelBinding, *, agreed: bool) -> Answer:
    """Bind it, or ask a second admin; what it leaves behind must be agreed to."""
    if binding.member_role > binding.role:
        raise InvalidInput("Members cannot have more than the channel itself.", example="roles bind #prod admin")
    if not agreed:
        await agree_to_lower(context, binding, change_by(context))
    try:
        await context.services.access.bind(binding, change_by(context))
    except NeedsSecondAdmin as needed:
        named = await _named_channel(context, binding.channel_id)
        words = f"bind {named} as {binding.role.word}, members {binding.member_role.word}"
        return await _ask_second(
            context, binding_operation(binding), AuditAction.ROLES_BIND, words, binding.channel_id, needed
        )
    refusal = await context.services.directory.join(binding.channel_id)
    await context.services.first_run.bound(binding, by=context.standing.person.id)
    try_it = line("Next: try ", Code(text=f"{context.services.slash} databases list"), " there.")
    return Reply(
        verdict=line(
            "Bound ",
            ChannelRef(id=binding.channel_id),
            f" as {binding.role.word}, to the environment {binding.environment}",
        ),
        mood=Mood.WARNING if refusal else Mood.GOOD,
        parts=(
            Paragraph(lines=(line(f"Its members are {binding.member_role.word} there unless granted more."),)),
            *(setup.not_joined(refusal) if refusal else ()),
            *await too_few_warning(context, binding.channel_id),
        ),
        next_step=leading_in(binding.channel_id, context.services.slash, refusal) if refusal else try_it,
    )


async def unbind(context: Context, arguments: Arguments) -> Answer:
    """`roles unbind #channel`."""
    channel_id = arguments.text("channel")
    if not arguments.flag(ANYWAY.name):
        await agree_to_unbind(context, channel_id, change_by(context))
    if not await context.services.access.unbind(channel_id, change_by(context)):
        raise Conflict("That channel is not bound, so there is nothing to undo.")
    return Reply(
        verdict=line("Unbound ", ChannelRef(id=channel_id)),
        mood=Mood.GOOD,
        next_step=line("Next: nothing may be done there now but help, whoami and explain."),
    )


async def grant(context: Context, arguments: Arguments) -> Answer:
    """`roles grant @user-or-group <role> [--channel #c]`."""
    subject, role = arguments.get("subject", Subject), arguments.get("role", Role)
    if subject is None or role is None:
        raise InvalidInput("Whom, and which role?", example="roles grant @ada operator")
    given = Grant(
        subject_kind=subject.kind, subject_id=subject.id, role=role, channel_id=arguments.text("channel") or None
    )
    try:
        await context.services.access.grant(given, change_by(context))
    except NeedsSecondAdmin as needed:
        name = await context.services.access.name_of(subject.id)
        unnamed = "a group" if subject.kind is SubjectKind.GROUP else "somebody"
        only_in = f"{ONLY_IN}{await _named_channel(context, given.channel_id)}" if given.channel_id else EVERYWHERE
        words = f"give {name or unnamed} the role {role.word}{only_in}"
        return await _ask_second(context, grant_operation(given), AuditAction.ROLES_GRANT, words, subject.id, needed)
    where: Line = (" in ", ChannelRef(id=given.channel_id)) if given.channel_id else (" in every bound channel",)
    warned = await too_few_warning(context, given.channel_id)
    return Reply(
        verdict=line(subject_of(subject.kind, subject.id), f" is now {role.word}", *where),
        mood=Mood.WARNING if warned else Mood.GOOD,
        parts=warned,
        next_step=ENOUGH_AGAIN if warned else line("Next: nothing to do; a channel's own role still limits it."),
    )


async def revoke(context: Context, arguments: Arguments) -> Answer:
    """`roles revoke @user-or-group [--channel #c]`."""
    subject = arguments.get("subject", Subject)
    if subject is None:
        raise InvalidInput("Whose role?", example="roles revoke @ada")
    channel_id = arguments.text("channel") or None
    if subject.id in context.services.access.bot_admins:
        raise Conflict(
            "This is a bot admin by BOT_ADMINS, which Slack cannot revoke.",
            next_step="Change the setting BOT_ADMINS and restart the bot.",
        )
    if not await context.services.access.revoke(subject.kind, subject.id, channel_id, change_by(context)):
        raise Conflict("There is no such grant.", next_step="Look at what there is with `roles list`.")
    left = [one for one in await context.services.access.grants() if one.subject_id == subject.id]
    kept = (Paragraph(lines=tuple(roles_list.granted(one) for one in left)),) if left else ()
    warned = await too_few_warning(context, channel_id)
    return Reply(
        verdict=line("Took one role of ", subject_of(subject.kind, subject.id), " back, others remain")
        if left
        else line("Took the role of ", subject_of(subject.kind, subject.id), " back"),
        mood=Mood.WARNING if left or warned else Mood.GOOD,
        parts=(*kept, *warned),
        next_step=line("Next: take those back too, with ", Code(text="--channel"), ", if they should go.")
        if left
        else ENOUGH_AGAIN
        if warned
        else line("Next: nothing to do; what they had approved and is not sent yet is stopped."),
    )


async def _named_channel(context: Context, channel_id: str) -> str:
    name = await context.services.directory.channel_name(channel_id) if channel_id else ""
    return f"#{name}" if name else channel_id


async def _ask_second(
    context: Context,
    operation: Operation,
    action: AuditAction,
    words: str,
    target_id: str,
    needed: NeedsSecondAdmin,
) -> Proposal:
    label = await context.services.access.name_of(target_id) or target_id
    shown = {"role": "Role", "members": "Its members", "environment": "Environment"}
    given = operation.arguments
    facts = [(word, str(given[name])) for name, word in shown.items() if given.get(name)]
    only_in = await _named_channel(context, str(given.get("channel") or "")) if "subject" in given else ""
    if only_in:
        facts.append(("Only in", only_in))
    return Proposal(
        operation=operation,
        target=Target(key=f"{operation.kind.value}:{target_id}", id=target_id, label=label),
        observation=Observation(facts=tuple(facts)),
        operation_class=OperationClass.MANAGE,
        gate=Gate.APPROVE,
        action=action,
        summary=words,
        reason=f"asked for in {context.invocation.channel_name or 'a direct message'}",
        channel_id=needed.channel_id,
    )


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    channel = Parameter(name="channel", kind=ParameterKind.CHANNEL, summary="a channel, as in #prod", required=True)
    role = Parameter(name="role", kind=ParameterKind.ROLE, summary="viewer, operator or admin", required=True)
    subject = Parameter(name="subject", kind=ParameterKind.SUBJECT, summary="a person or user group", required=True)
    only_in = Parameter(name="channel", kind=ParameterKind.CHANNEL, option="--channel", summary="only in this channel")
    return (
        roles_list.command(),
        _managing(
            "bind",
            "Bind a channel to an environment, with the most that may be done there.",
            "roles bind #prod admin --members operator",
            AuditAction.ROLES_BIND,
            bind,
            (
                channel,
                role,
                Parameter(
                    name="members", kind=ParameterKind.ROLE, option="--members", summary="what members get, else viewer"
                ),
                Parameter(
                    name="environment", kind=ParameterKind.TEXT, option="--environment", summary="which, else default"
                ),
                ANYWAY,
            ),
            note=SECOND_ADMIN,
        ),
        _managing(
            "unbind",
            "Let go of a channel: nothing may be done there any more.",
            "roles unbind #prod",
            AuditAction.ROLES_UNBIND,
            unbind,
            (channel, ANYWAY),
        ),
        _managing(
            "grant",
            "Give a person or a user group a role.",
            "roles grant @ada operator --channel #prod",
            AuditAction.ROLES_GRANT,
            grant,
            (subject, role, only_in),
            note=SECOND_ADMIN,
        ),
        _managing(
            "revoke",
            "Take a role back.",
            "roles revoke @ada",
            AuditAction.ROLES_REVOKE,
            revoke,
            (subject, only_in),
        ),
        setup.command(),
    )


def _managing(
    verb: str,
    summary: str,
    example: str,
    action: AuditAction,
    handler: Handler,
    parameters: tuple[Parameter, ...],
    note: str = "",
) -> Command:
    return Command(
        path=("roles", verb),
        summary=summary,
        example=example,
        operation_class=OperationClass.MANAGE,
        asks=Role.ADMIN,
        gate=Gate.NONE,
        action=action,
        handler=handler,
        parameters=parameters,
        note=note,
        partly_approved=bool(note),
    )

"""`roles setup`: the first run, from an unbound workspace to a rehearsed approval."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands.areas.role_warnings import too_few_warning
from bot.commands.asking import value_of
from bot.commands.command import Answer, Arguments, Command, FormSpec, Values
from bot.commands.context import Context
from bot.domain.access import ChannelBinding, Gate, Grant, OperationClass, Role, SubjectKind
from bot.domain.audit import AuditAction
from bot.domain.errors import FieldErrors
from bot.domain.replies import (
    ChannelRef,
    Code,
    CommandButton,
    FieldKind,
    Form,
    FormField,
    Mood,
    Paragraph,
    Part,
    PersonRef,
    Reply,
    Strong,
    line,
)
from bot.services.access import Change, NeedsSecondAdmin, only_reads
from bot.services.first_words import leading_in, leading_there

TITLE = "Set up a channel"
ASK_FOR_IT = "Ask for it"
ROLES = (
    ("admin", "admin: everything, deletions with approval"),
    ("operator", "operator: reads and changes"),
    ("viewer", "viewer: reads only"),
)
MEMBERS = (
    ("viewer", "viewer: may read"),
    ("operator", "operator: may change and ask for deletions"),
)


async def form(context: Context, arguments: Arguments) -> Answer:
    """Channel, role, members, second approver."""
    del arguments
    names = context.services.environment_names
    environments = tuple((name, name) for name in names)
    fields = [
        FormField(
            name="channel",
            label="Channel",
            kind=FieldKind.CHANNEL,
            hint="The bot joins a public channel by itself; to a private one, invite it first.",
        ),
        FormField(name="role", label="What may be done there", kind=FieldKind.CHOICE, options=ROLES, value="admin"),
        FormField(
            name="members", label="What its members may do", kind=FieldKind.CHOICE, options=MEMBERS, value="viewer"
        ),
        FormField(
            name="approver",
            label="Who else may approve",
            kind=FieldKind.PERSON,
            required=False,
            hint="Nobody approves their own request, so a second person is needed.",
        ),
    ]
    if len(names) > 1:
        fields.append(
            FormField(
                name="environment", label="Environment", kind=FieldKind.CHOICE, options=environments, value=names[0]
            )
        )
    return Form(
        title=TITLE,
        submit="Set up",
        command="roles setup",
        intro=(line("You can change all of this later with the roles commands."),),
        waits="Setting the channel up.",
        fields=tuple(fields),
    )


def check(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """A channel and a role; members never above the channel."""
    del arguments
    problems = {}
    if not value_of(values, "channel"):
        problems["channel"] = "Choose a channel."
    role, members = value_of(values, "role") or "viewer", value_of(values, "members") or "viewer"
    if Role.from_word(members) > Role.from_word(role):
        problems["members"] = "Members cannot have more than the channel itself."
    return problems


async def submit(context: Context, arguments: Arguments, values: Values) -> Answer:
    """Grant first, then bind: with the first admin channel bound, a second admin is asked from then on."""
    del arguments
    channel_id = value_of(values, "channel")
    names = context.services.environment_names
    binding = ChannelBinding(
        channel_id=channel_id,
        role=Role.from_word(value_of(values, "role")),
        member_role=Role.from_word(value_of(values, "members")),
        environment=value_of(values, "environment") or names[0],
    )
    approver = value_of(values, "approver")
    await _require_able(context, approver)
    change = Change(by=context.standing, story=context.invocation.story, delivery=context.invocation.delivery)
    try:
        await context.services.access.require_bindable(binding, change)
        if approver:
            given = Grant(subject_kind=SubjectKind.USER, subject_id=approver, role=Role.ADMIN, channel_id=channel_id)
            await context.services.access.grant(given, change)
        await context.services.access.bind(binding, change)
    except NeedsSecondAdmin:
        return await _one_by_one(context, binding, approver)
    refusal = await context.services.directory.join(channel_id)
    return await _done(context, binding, approver, refusal)


async def _one_by_one(context: Context, binding: ChannelBinding, approver: str) -> Reply:
    """The commands that do the same, each of which asks another admin where that is needed."""
    words = f"{binding.role.word} --members {binding.member_role.word} --environment {binding.environment}"
    name = await context.services.access.name_of(binding.channel_id) or "channel"
    typed = Code(text=f"{context.services.slash} roles bind #{name} {words}")
    grant = Code(text=f"{context.services.slash} roles grant @person admin --channel #{name}")
    then = line("Then give ", PersonRef(id=approver), " the right to approve there: ", grant, ".")
    return Reply(
        verdict=line("Nothing was changed: a second admin must agree, as an admin channel is bound already"),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(then,)),) if approver else (),
        next_step=line("Next: press ", Strong(text=ASK_FOR_IT), " or type ", typed, ", which asks for what it needs."),
        actions=(CommandButton(label=ASK_FOR_IT, command=f"roles bind <#{binding.channel_id}> {words}"),),
    )


async def _require_able(context: Context, approver: str) -> None:
    """Somebody else who may approve, told before anything is changed: the menu offers guests and bots, too."""
    if not approver:
        return
    if approver == context.standing.person.id:
        raise FieldErrors({"approver": "This is you, and nobody approves their own request. Choose somebody else."})
    problem = only_reads(await context.services.directory.person(approver, fresh=True))
    if problem:
        raise FieldErrors({"approver": f"{problem} Choose a full member of the workspace."})


def not_joined(refusal: str) -> tuple[Part, ...]:
    """Said where the bot did not come in by itself."""
    return (Paragraph(lines=(line("The bot could not join it (", Code(text=refusal), ")."),)),)


async def _done(context: Context, binding: ChannelBinding, approver: str, refusal: str) -> Reply:
    """The channel's own message leads on; where the bot is not in it, this answer does."""
    await context.services.first_run.opened(binding, by=context.standing.person.id, refusal=refusal)
    there = binding.channel_id
    too = (Paragraph(lines=(line(PersonRef(id=approver), " may approve there too."),)),) if approver else ()
    parts: tuple[Part, ...] = (*too, *(not_joined(refusal) if refusal else ()))
    warned = await too_few_warning(context, there) if binding.role is Role.ADMIN else ()
    return Reply(
        verdict=line("Set up: ", ChannelRef(id=there), f" is {binding.role.word}, on {binding.environment}"),
        mood=Mood.WARNING if refusal or warned else Mood.GOOD,
        parts=(*parts, *warned),
        next_step=leading_in(there, context.services.slash, refusal) if refusal else leading_there(there),
    )


def command() -> Command:
    """`roles setup`."""
    return Command(
        path=("roles", "setup"),
        summary="Set up a first channel, step by step.",
        example="roles setup",
        operation_class=OperationClass.MANAGE,
        asks=Role.ADMIN,
        gate=Gate.NONE,
        action=AuditAction.SETUP,
        handler=form,
        form=FormSpec(title=TITLE, opens=lambda arguments: True, check=check, submit=submit),
    )

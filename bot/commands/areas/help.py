"""`help`, `whoami` and `explain`: they always answer, and say what is missing and who can give it."""

from __future__ import annotations

from bot.commands.command import Answer, Arguments, Command, Handler, Parameter, ParameterKind
from bot.commands.context import Context
from bot.commands.help import help_about, refused, then_words, who_asks
from bot.commands.kinds import mentioned_channel, mentioned_person, shortened
from bot.commands.normalise import split
from bot.commands.standing_words import rise_of, roles_given_by, why_line
from bot.commands.wording import lower_first, with_code
from bot.domain.access import Gate, OperationClass, Role, Shortfall, Standing
from bot.domain.audit import AuditAction
from bot.domain.errors import Denied, InvalidInput, PeopleUnavailable
from bot.domain.replies import (
    ChannelRef,
    CommandButton,
    Facts,
    Line,
    Mood,
    PersonRef,
    Reply,
    Span,
    Strong,
    enumerated,
    line,
)

DECIDERS_NAMED = 4


async def show_help(context: Context, arguments: Arguments) -> Answer:
    """`help [area or command]`."""
    topic, standing = arguments.text("topic"), context.standing
    return help_about(topic, context.registry, standing, others=_others(context, standing))


async def whoami(context: Context, arguments: Arguments) -> Answer:
    """`whoami`: the role here, where it comes from, and what would raise it."""
    del arguments
    standing = context.standing
    grants = await context.services.access.grants()
    pairs = [("Why", why_line(standing, grants))]
    if standing.binding is not None:
        pairs.append(("This channel", line(f"up to {standing.binding.role.word}")))
        pairs.append(("Environment", line(standing.binding.environment)))
    pairs.append(("Who gives roles", roles_given_by(context.services.access.bot_admins, grants, standing.channel_id)))
    return Reply(
        verdict=_who(standing),
        mood=Mood.REFUSED if standing.role is Role.NONE and not standing.is_bot_admin else Mood.PLAIN,
        parts=(Facts(pairs=tuple(pairs)),),
        next_step=line("Next: ", *with_code(rise_of(standing, context.registry.slash))),
        actions=(CommandButton(label="What I may do", command="help"),),
    )


def _who(standing: Standing) -> Line:
    if not standing.person.is_known:
        return line("Right now Slack does not say who you are")
    if standing.binding is not None:
        role = "no role" if standing.role is Role.NONE else f"the role {standing.role.word}"
        return line(f"You have {role} here")
    where = "in this direct message" if standing.is_direct else "here, where nothing is bound"
    if standing.is_bot_admin:
        return line(f"You are a bot admin, which opens roles {where}")
    return line(f"You have no role {where}")


async def explain(context: Context, arguments: Arguments) -> Answer:
    """`explain <command> [@user] [#channel]`: who may ask, who decides, and whether this person may."""
    command, person_id, channel_id = _subject(context, arguments.text("command"))
    standing = context.standing
    if (person_id, channel_id) != (standing.person.id, standing.channel_id):
        standing = await context.services.access.standing(person_id, channel_id)
    short, others = await _refused(context, command, standing), _others(context, standing)
    who: Span = "You" if person_id == context.standing.person.id else PersonRef(id=person_id)
    where: Span = "here" if channel_id == context.standing.channel_id else ChannelRef(id=channel_id)
    after_in = " " if where == "here" else " in "
    then = then_words(command, others)
    then = then if who == "You" else then.replace("you confirm", "they confirm")
    pairs = [("May ask", line(who_asks(command))), ("Then", line(then))]
    if command.may_wait and (others or command.about_roles):
        pairs.append(("Could approve", await _deciders(context, command, channel_id, person_id)))
    if short is not None:
        said = short.missing if who == "You" else f"they would read “{short.missing}”"
        return Reply(
            verdict=line(who, " may not ask for ", Strong(text=command.name), after_in, where, ": ", lower_first(said)),
            mood=Mood.REFUSED,
            parts=(Facts(pairs=tuple(pairs)),),
            next_step=line("Next: ", *with_code(lower_first(short.remedy))),
        )
    return Reply(
        verdict=line(who, " may ask for ", Strong(text=command.name), after_in, where),
        mood=Mood.GOOD,
        parts=(Facts(pairs=tuple(pairs)),),
        next_step=line("Next: see how it is typed."),
        actions=(CommandButton(label="How to", command=f"help {command.name}"),),
    )


def _others(context: Context, standing: Standing) -> int:
    """How many others must approve what needs an approval; where nothing is bound, as it is for most."""
    return (
        1 if standing.binding is None else context.services.approvals.others_needed(standing.environment, standing.role)
    )


async def _refused(context: Context, command: Command, standing: Standing) -> Shortfall | None:
    """What stands in the way of asking; too few others who could approve do so too, as far as Slack says."""
    short = refused(command, standing)
    if short is not None or command.gate is not Gate.APPROVE:
        return short
    try:
        await context.services.approvals.require_deciders(standing, environment=standing.environment)
    except Denied as denied:
        return Shortfall(missing=denied.missing, remedy=denied.remedy)
    except PeopleUnavailable:
        return None
    return None


def _subject(context: Context, typed: str) -> tuple[Command, str, str]:
    """The command, the person and the channel that are meant; the asker and this channel unless mentioned.

    What else follows the command's name, as it would be typed to run it, does not matter.
    """
    person_id, channel_id = context.standing.person.id, context.standing.channel_id
    words: list[str] = []
    for word in split(typed):
        person, channel = mentioned_person(word), mentioned_channel(word)
        if person is None and channel is None and word.startswith(("@", "#", "<")):
            raise InvalidInput(
                f"{shortened(word)} is not a person or channel as picked from Slack's list.",
                advice=f"Type {word[0] if word[0] in '@#' else '@'} and pick the name from the list that Slack offers.",
            )
        person_id, channel_id = person or person_id, channel or channel_id
        if person is None and channel is None:
            words.append(word)
    command = context.registry.find(words)[0] if words else None
    if command is None:
        near = [found.name for found in context.registry.nearest(words)]
        example = f"explain {near[0]}" if near else "explain databases delete"
        problem = f"There is no command “{shortened(' '.join(words))}”." if words else "Say which command to explain."
        raise InvalidInput(problem, nearest=near, example=example)
    return command, person_id, channel_id


async def _deciders(context: Context, command: Command, channel_id: str, person_id: str) -> Line:
    try:
        able = await context.services.access.deciders(channel_id, excluding=person_id)
    except PeopleUnavailable:
        return line("not known: Slack did not say just now")
    if not able and command.operation_class is OperationClass.MANAGE:
        return line("nobody else there; a second admin is asked in an admin channel, where there is one")
    if not able:
        return line("nobody else there; an admin channel and a second admin are needed")
    return enumerated([PersonRef(id=decider) for decider in able], most=DECIDERS_NAMED)


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    return (
        _free(
            "help",
            "Show what you may do here, or how one command goes.",
            "help databases",
            AuditAction.HELP,
            show_help,
            Parameter(name="topic", kind=ParameterKind.WORDS, summary="an area or a command"),
        ),
        _free(
            "whoami",
            "Show your role here, where it comes from, and who can change it.",
            "whoami",
            AuditAction.WHOAMI,
            whoami,
        ),
        _free(
            "explain",
            "Say who may ask for a command, who decides, and whether somebody may.",
            "explain databases delete",
            AuditAction.EXPLAIN,
            explain,
            Parameter(
                name="command",
                kind=ParameterKind.WORDS,
                summary="a command, and if you like @user and #channel",
                required=True,
                runs_on=True,
            ),
        ),
    )


def _free(
    word: str, summary: str, example: str, action: AuditAction, handler: Handler, *parameters: Parameter
) -> Command:
    return Command(
        path=(word,),
        summary=summary,
        example=example,
        operation_class=OperationClass.FREE,
        asks=Role.NONE,
        gate=Gate.NONE,
        action=action,
        handler=handler,
        parameters=parameters,
    )

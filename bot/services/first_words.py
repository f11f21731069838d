"""What the first run says: to the admins while nothing is set up, and in the channel that was."""

from __future__ import annotations

from bot.domain.access import ChannelBinding, Role
from bot.domain.replies import (
    ChannelRef,
    Code,
    CommandButton,
    Facts,
    Line,
    Mood,
    Paragraph,
    Part,
    PersonRef,
    Reply,
    Strong,
    Style,
    enumerated,
    line,
)

FIRST_LIST = CommandButton(label="First list", command="databases list", style=Style.PRIMARY)
REHEARSAL = CommandButton(label="Rehearse an approval", command="approvals rehearse")
DECIDERS_NAMED = 5
MEMBERS_MAY = {
    Role.NONE: "do nothing unless granted more",
    Role.VIEWER: "read",
    Role.OPERATOR: "read, change, and ask for deletions",
    Role.ADMIN: "do everything, and decide for others",
}


def welcome() -> Reply:
    """What the bot writes to its admins while no channel is bound."""
    words = "You are one of its admins. Choose a channel, what may be done there, and who else may approve."
    return Reply(
        verdict=line("The bot is installed, and no channel may use it yet"),
        mood=Mood.WAITING,
        parts=(Paragraph(lines=(line(words),)),),
        next_step=line("Next: press Set up a channel. It takes a minute and touches no database."),
        actions=(CommandButton(label="Set up a channel", command="roles setup"),),
    )


def set_up(binding: ChannelBinding, by: str, next_step: Line) -> Reply:
    """What takes the welcome's place once a channel is bound."""
    return Reply(
        verdict=_what_it_is(ChannelRef(id=binding.channel_id), binding),
        mood=Mood.GOOD,
        parts=(Paragraph(lines=(line("Set up by ", PersonRef(id=by), "."),)),),
        next_step=next_step,
    )


def leading_there(channel_id: str) -> Line:
    """To the message that waits in the channel."""
    return line("Next: go to ", ChannelRef(id=channel_id), " and press ", Strong(text=FIRST_LIST.label), " there.")


def leading_in(channel_id: str, slash: str, refusal: str) -> Line:
    """To the channel where no message could be put: how the bot comes in, and what to type."""
    invited = ("invite the bot with ", Code(text="/invite"), ", then ") if refusal else ()
    typed = Code(text=f"{slash} {FIRST_LIST.command}")
    return line("Next: go to ", ChannelRef(id=channel_id), ", ", *invited, "type ", typed, ".")


def opened(binding: ChannelBinding, by: str, deciders: tuple[str, ...], *, lacking: int, slash: str) -> Reply:
    """In the channel itself: what may be done here, and the first two things to try, none of which changes anything."""
    decides = binding.role is Role.ADMIN
    rehearses = decides and not lacking
    return Reply(
        verdict=_what_it_is("this channel", binding),
        mood=Mood.GOOD,
        parts=_facts(binding, by, deciders if decides else None),
        next_step=_first_step(lacking if decides else 0, slash, rehearses=rehearses),
        actions=(FIRST_LIST, REHEARSAL) if rehearses else (FIRST_LIST,),
    )


def _what_it_is(where: str | ChannelRef, binding: ChannelBinding) -> Line:
    return line("Set up: ", where, f" is {binding.role.word}, on {binding.environment}")


def _facts(binding: ChannelBinding, by: str, deciders: tuple[str, ...] | None) -> tuple[Part, ...]:
    pairs: list[tuple[str, Line]] = [("Members may", line(MEMBERS_MAY[binding.member_role]))]
    if deciders is not None:
        people = enumerated([PersonRef(id=one) for one in deciders], most=DECIDERS_NAMED)
        pairs.append(("Who may decide", (*people, "; nobody decides their own request") if people else line("nobody")))
    return (Facts(pairs=(*pairs, ("Set up by", line(PersonRef(id=by))))),)


def _first_step(lacking: int, slash: str, *, rehearses: bool) -> Line:
    if lacking:
        who = "somebody else" if lacking == 1 else f"{lacking} others"
        grant = Code(text=f"{slash} roles grant @person admin")
        return line("Next: type ", grant, f": nothing can be approved here before {who} may decide.")
    leads = "It only reads, and leads on to a rehearsal." if rehearses else "It only reads."
    return line("Next: press ", Strong(text=FIRST_LIST.label), f". {leads}")

"""What a request looks like to people: drawn from its row alone, never from a click."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.access import Gate
from bot.domain.replies import (
    ChannelRef,
    Code,
    CommandButton,
    Line,
    LinkButton,
    Moment,
    Mood,
    Paragraph,
    Reply,
    RequestButton,
    Strong,
    line,
)
from bot.domain.requests import OperationKind, Request, RequestState, Step
from bot.domain.slack_refusals import UNINVITED, refusal_in_words
from bot.services.asking_again import LABEL
from bot.services.card_parts import (
    facts,
    going_ahead,
    leads_back,
    titled,
    unread,
)
from bot.services.cards_after import AFTER
from bot.services.cards_before import BEFORE
from bot.services.next_steps import for_admins

TO_DECIDE = frozenset({RequestState.PENDING, RequestState.NEEDS_HUMAN})
"""What waits for somebody's word."""
DRAWN = {**BEFORE, **AFTER}


def card(request: Request, *, deciders: tuple[str, ...] = ()) -> Reply:
    """The channel's message about a request, as it stands."""
    return DRAWN[request.state](request, deciders)


def confirmation(request: Request) -> Reply:
    """The private question of the `confirm` gate."""
    return Reply(
        verdict=line("Please confirm: ", *titled(request)),
        mood=Mood.WAITING,
        parts=(facts(request, ("Until", (Moment(at=request.decide_by),))), *unread(request)),
        next_step=line("Next: Confirm sends it at once; Cancel sends nothing."),
        actions=(
            RequestButton(label="Confirm", request_id=request.id, step=Step.CONFIRM, style=going_ahead(request)),
            RequestButton(label="Cancel", request_id=request.id, step=Step.CANCEL),
        ),
        reference=request.id,
    )


def asked(request: Request, slash: str) -> Reply:
    """What the requester reads privately while others decide.

    No button: Slack lets nobody redraw this message later, and it would stay when there is nothing left to withdraw.
    """
    return Reply(
        verdict=line("Asked: ", *titled(request)),
        mood=Mood.WAITING,
        parts=(
            Paragraph(
                lines=(
                    line(
                        "The request stands in ",
                        ChannelRef(id=request.channel_id),
                        " until ",
                        Moment(at=request.decide_by),
                        ".",
                    ),
                )
            ),
        ),
        next_step=line(
            "Next: another admin approves it there, and you are told how it ends. "
            "To withdraw it, press Cancel there or type ",
            Code(text=f"{slash} approvals cancel {request.id}"),
        ),
        reference=request.id,
    )


def undeliverable(request: Request, code: str) -> Reply:
    """To the requester, when Slack will not take the card in the channel, and with what code it said so."""
    inviting = line("Next: invite the bot to the channel with ", Code(text="/invite"), ", then ask again.")
    return Reply(
        verdict=line("Not asked: the message with the buttons did not reach the channel"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=(line(request.end_reason), line("The request was cancelled and nothing was sent."))),),
        next_step=inviting if code in UNINVITED else line(f"Next: {refusal_in_words(code)[1]}"),
        reference=request.id,
    )


def reminder(request: Request, *, link: str = "") -> Reply:
    """In the channel, once, before the time to decide runs out.

    It leads to the card and decides nothing itself: what two messages offer would be pressed in both.
    """
    return Reply(
        verdict=line("Still waiting for a decision: ", *titled(request)),
        mood=Mood.WAITING,
        next_step=line(
            "Next: approve or deny it where it was asked, further up here, before ", Moment(at=request.decide_by), "."
        ),
        actions=(LinkButton(label="Open the request", url=link),) if link else (),
        reference=request.id,
    )


def reminded(request: Request, *, link: str = "") -> Reply:
    """What the reminder says once the request was decided or is over."""
    return replace(
        card(request),
        parts=(),
        next_step=line("Next: nothing to do here. Where it was asked, further up, all of it can be read."),
        actions=(LinkButton(label="Open the request", url=link),) if link else (),
    )


def reminder_marker(request: Request) -> str:
    """What the reminder is found by in the channel, before and after."""
    return f"{request.id}-reminder"


def notice(request: Request) -> Reply:
    """The card as a direct message: without buttons, which count only in the channel, and naming that channel."""
    return replace(card(request), actions=(), next_step=_what_now_away(request))


def shown(request: Request, *, to: str, channel_id: str) -> Reply:
    """What somebody who asks for it reads: the question where it is put to them, else the card as far as they stand."""
    if request.state is RequestState.PENDING and request.gate is Gate.CONFIRM and request.requester_id == to:
        return confirmation(request)
    return card(request) if request.channel_id == channel_id else elsewhere(request)


def elsewhere(request: Request) -> Reply:
    """The card, for reading only: seen from another channel, where nothing can be decided."""
    drawn, there = card(request), ChannelRef(id=request.channel_id)
    if request.state is RequestState.PENDING and request.gate is Gate.CONFIRM:
        return replace(drawn, actions=())
    if request.state in TO_DECIDE:
        return replace(drawn, actions=(), next_step=line("Next: decide it in ", there, ", where it was asked."))
    if request.is_open:
        return replace(drawn, actions=(), next_step=line("Next: wait; the message in ", there, " tells how it ends."))
    return replace(drawn, actions=(), next_step=_what_now_away(request))


def _what_now_away(request: Request) -> Line:
    """The card's next step where its buttons are not; without `approve` hardly ever a message has them."""
    there = ChannelRef(id=request.channel_id)
    if request.operation.kind is OperationKind.REHEARSAL and request.state is RequestState.SUCCEEDED:
        return card(request).next_step
    again = any(isinstance(one, CommandButton) and one.label == LABEL for one in card(request).actions)
    if again and request.gate is Gate.APPROVE:
        return line(*card(request).next_step, " It was asked in ", there, ", where ", Strong(text=LABEL), " does it.")
    if not leads_back(request):
        return line(*card(request).next_step, " It was asked in ", there, ".")
    if request.gate is not Gate.APPROVE and not request.card_ts:
        return line("Next: nothing to do. It was asked in ", there, ".")
    back = Strong(text=request.result.undo_label)
    whose = for_admins(request)
    return line("Next: if this was a mistake, press ", back, " in ", there, f", where it was asked{whose}.")

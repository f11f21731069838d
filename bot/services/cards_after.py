"""Cards from the send on: done, refused, not sent, unknown, settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.cloudsync.writing import HELD_UP
from bot.domain.access import Gate
from bot.domain.replies import (
    Bullets,
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
    RequestButton,
    Strong,
    line,
)
from bot.domain.requests import OperationKind, Request, RequestState, Step
from bot.services.asking_again import ask_again_button
from bot.services.card_parts import (
    api_words,
    bullets,
    deciders_in_words,
    done_words,
    facts,
    items,
    leads_back,
    story_button,
    undo_button,
    votes,
    whether_again,
)


def _succeeded(request: Request, _: tuple[str, ...]) -> Reply:
    result = request.result
    warned = bool(result.warnings)
    verdict: Line = (Strong(text=done_words(request.summary)),)
    if result.inferred:
        verdict = (*verdict, " (the answer was lost; reading shows that it happened)")
    parts: list[Part] = [*_warnings(request), *items(request), *_receipt(request), facts(request), *votes(request)]
    return Reply(
        verdict=verdict,
        mood=Mood.WARNING if warned else Mood.GOOD,
        parts=tuple(parts),
        next_step=_what_now(request),
        actions=(*undo_button(request), story_button(request)),
        reference=request.id,
    )


def _warnings(request: Request) -> tuple[Part, ...]:
    """What went through with a reservation."""
    told = tuple(line("Warning: ", warning) for warning in request.result.warnings)
    return (Bullets(items=told),) if told else ()


def _receipt(request: Request) -> tuple[Part, ...]:
    """What was read afterwards."""
    read = request.result.receipt
    return (Facts(pairs=tuple((name, line(value)) for name, value in read)),) if read else ()


def _what_now(request: Request) -> Line:
    if request.result.warnings:
        return line("Next: look at the warnings above.")
    if request.operation.kind is OperationKind.REHEARSAL:
        return after_rehearsal(request)
    if leads_back(request):
        return line("Next: if this was a mistake, ", Strong(text=request.result.undo_label), " leads back.")
    return line("Next: nothing to do.")


def after_rehearsal(request: Request) -> Line:
    """From the rehearsal to the real thing."""
    following = Code(text=str(request.operation.arguments.get("following") or "databases delete <database>"))
    return line("Next: a real deletion goes the same way. In ", ChannelRef(id=request.channel_id), " type ", following)


def _already_absent(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Already gone: ", Strong(text=request.summary)),
        mood=Mood.GOOD,
        parts=(
            Paragraph(lines=(line("The API answered that it was not there (not_found), so nothing was left to do."),)),
            *items(request),
            *_receipt(request),
            facts(request),
            *votes(request),
        ),
        next_step=line("Next: see in the trail who removed it before, if that matters."),
        actions=(*undo_button(request), story_button(request)),
        reference=request.id,
    )


def _rejected(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Failed: could not ", Strong(text=request.summary)),
        mood=Mood.BAD,
        parts=(*api_words(request), *items(request), facts(request), *votes(request)),
        next_step=line(whether_again(request)),
        actions=(*ask_again_button(request), story_button(request)),
        reference=request.id,
    )


def _not_sent(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Not sent: could not ", Strong(text=request.summary)),
        mood=Mood.BAD,
        parts=(
            Paragraph(lines=(line(_why_not_sent(request)),)),
            *api_words(request),
            *items(request),
            facts(request),
            *votes(request),
        ),
        next_step=line("Next: ask again once the API answers; trying again is safe."),
        actions=(
            *ask_again_button(request),
            CommandButton(label="Check the API", command="org"),
            story_button(request),
        ),
        reference=request.id,
    )


def _why_not_sent(request: Request) -> str:
    if HELD_UP in request.result.messages:
        return "The bot took too long before sending, and does not send on what it read too long ago."
    return "The Management API could not be reached, so nothing was changed."


def _unknown(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Unknown whether it happened: ", Strong(text=request.summary)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=(line("It was sent once, and the answer was lost. It is not sent again."),)),
            *api_words(request),
            *items(request),
            facts(request),
            *votes(request),
        ),
        next_step=line("Next: wait; the bot reads the state and tells here, within 15 minutes."),
        actions=(story_button(request),),
        reference=request.id,
    )


def _not_applied(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("It did not happen: ", Strong(text=request.summary)),
        mood=Mood.BAD,
        parts=(
            Paragraph(lines=(line("It was sent once, the answer was lost, and reading shows no effect."),)),
            *bullets(request.result.readings),
            *items(request),
            facts(request),
            *votes(request),
        ),
        next_step=line("Next: ask again if it is still needed."),
        actions=(*ask_again_button(request), story_button(request)),
        reference=request.id,
    )


def _needs_human(request: Request, deciders: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Somebody must say whether it happened: ", Strong(text=request.summary)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=(line("It was sent once, and neither answer nor reading tells how it ended."),)),
            *bullets(request.result.readings),
            *items(request),
            facts(request, ("Who may decide", _settlers(request, deciders))),
            *votes(request),
        ),
        next_step=line("Next: one of them looks for themselves, then presses what holds."),
        actions=(
            RequestButton(label="It happened", request_id=request.id, step=Step.HAPPENED),
            RequestButton(label="It did not", request_id=request.id, step=Step.DID_NOT),
        ),
        reference=request.id,
    )


def _settlers(request: Request, deciders: tuple[str, ...]) -> Line:
    """Whoever asked too, where nobody else had to approve."""
    if request.gate is Gate.APPROVE:
        return deciders_in_words(request, deciders)
    if not deciders:
        return line(PersonRef(id=request.requester_id), " or an admin of ", ChannelRef(id=request.channel_id))
    return deciders_in_words(request, tuple(dict.fromkeys((request.requester_id, *deciders))))


def _resolved(request: Request, _: tuple[str, ...]) -> Reply:
    who: Line = (PersonRef(id=request.ended_by),) if request.ended_by else ("somebody",)
    return Reply(
        verdict=line("Settled by a person: ", Strong(text=request.summary)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=((*who, f" says: {request.end_reason}"),)),
            *_warnings(request),
            *bullets(request.result.readings),
            *items(request),
            *_receipt(request),
            facts(request),
            *votes(request),
        ),
        next_step=_what_now(request),
        actions=(*undo_button(request), story_button(request)),
        reference=request.id,
    )


AFTER: Mapping[RequestState, Callable[[Request, tuple[str, ...]], Reply]] = {
    RequestState.SUCCEEDED: _succeeded,
    RequestState.ALREADY_ABSENT: _already_absent,
    RequestState.REJECTED: _rejected,
    RequestState.NOT_SENT: _not_sent,
    RequestState.UNKNOWN: _unknown,
    RequestState.NOT_APPLIED: _not_applied,
    RequestState.NEEDS_HUMAN: _needs_human,
    RequestState.RESOLVED: _resolved,
}
"""From the send on."""

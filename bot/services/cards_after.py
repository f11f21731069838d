"""Cards from the send on: done, refused, not sent, unknown, settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.cloudsync.writing import HELD_UP
from bot.domain.access import Gate
from bot.domain.ends import SAID
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
    enumerated,
    line,
)
from bot.domain.requests import Request, RequestState, Step
from bot.services.asking_again import ask_again_button
from bot.services.card_parts import (
    api_words,
    bullets,
    deciders_in_words,
    done_words,
    facts,
    items,
    story_button,
    titled,
    undo_button,
    unread,
    votes,
    whether_again,
)
from bot.services.next_steps import going_on, is_left_over, what_now

DID_NOT, _ = SAID[Step.DID_NOT]


def _succeeded(request: Request, _: tuple[str, ...]) -> Reply:
    result = request.result
    warned = bool(result.warnings)
    verdict: Line = titled(request, done_words(request.summary))
    if result.inferred:
        verdict = (*verdict, f" ({_what_failed(request)}; reading shows that it happened)")
    if any(item.state is RequestState.UNKNOWN for item in result.items):
        verdict = (*verdict, " (so the API answered; reading shows otherwise)")
    parts: list[Part] = [*_warnings(request), *items(request), *_receipt(request), facts(request), *unread(request)]
    parts += votes(request)
    return Reply(
        verdict=verdict,
        mood=Mood.WARNING if warned else Mood.GOOD,
        parts=tuple(parts),
        next_step=what_now(request),
        actions=(*undo_button(request), *going_on(request), story_button(request)),
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


def _already_absent(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Already gone: ", *titled(request)),
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
        verdict=line("Failed: could not ", *titled(request)),
        mood=Mood.BAD,
        parts=(*api_words(request), *items(request), facts(request), *votes(request)),
        next_step=line(whether_again(request)),
        actions=(*ask_again_button(request), story_button(request)),
        reference=request.id,
    )


def _not_sent(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Not sent: could not ", *titled(request)),
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


def _has_no_answer(request: Request) -> bool:
    """Whether the sender died before it could write down how its call ended, or that there was one."""
    return request.result.http_status is None and not request.result.messages


def _what_failed(request: Request) -> str:
    """Why only reading could tell."""
    if _has_no_answer(request):
        return "the bot stopped while sending"
    return "the answer was lost" if request.result.http_status is None else "the answer did not tell"


def _why_in_doubt(request: Request) -> str:
    """What is known of the send and its answer: one came that does not tell, it was lost, or the bot died with it."""
    if not _has_no_answer(request):
        lost = request.result.http_status is None
        return f"It was sent once, and the answer {'was lost' if lost else 'does not tell whether it happened'}."
    if len(request.operation.items) < 2:
        return "The bot stopped while sending; whether it was sent is unknown, it was not sent more than once."
    return "The bot stopped while sending; which of them were sent is unknown, none was sent more than once."


def _of_those_in_doubt(request: Request) -> Line:
    """For which of several items a person must say, where the end of the others is known."""
    doubtful = [item.item for item in request.result.items if item.state is RequestState.UNKNOWN]
    if not doubtful or len(doubtful) == len(request.result.items):
        return ()
    return line(" for ", *enumerated([Code(text=name) for name in doubtful], most=len(doubtful)))


def _unknown(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Unknown whether it happened: ", *titled(request)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=(line(f"{_why_in_doubt(request)} It is not sent again."),)),
            *api_words(request),
            *items(request),
            facts(request),
            *votes(request),
        ),
        next_step=line(f"Next: wait; the bot reads the state and {_tells(request)}, within 15 minutes."),
        actions=(story_button(request),),
        reference=request.id,
    )


def _tells(request: Request) -> str:
    """Where: without a card, by message."""
    return "tells here" if request.gate is Gate.APPROVE or request.card_ts else "tells whoever asked by message"


def _not_applied(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("It did not happen: ", *titled(request)),
        mood=Mood.BAD,
        parts=(
            Paragraph(lines=(line(f"{_why_in_doubt(request)} Reading shows no effect."),)),
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
        verdict=line("Somebody must say whether it happened: ", *titled(request)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=(line(f"{_why_in_doubt(request)} Reading does not tell either."),)),
            *bullets(request.result.readings),
            *items(request),
            facts(request, ("Who may decide", _settlers(request, deciders))),
            *votes(request),
        ),
        next_step=line(
            "Next: one of them looks for themselves, then presses what holds", *_of_those_in_doubt(request), "."
        ),
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
    again = ask_again_button(request) if _still_to_do(request) else ()
    return Reply(
        verdict=line("Settled by a person: ", *titled(request)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=((*who, " says: ", *_said(request)),)),
            *_warnings(request),
            *bullets(request.result.readings),
            *items(request),
            *_receipt(request),
            facts(request),
            *votes(request),
        ),
        next_step=line("Next: ask again if it is still needed.") if again else what_now(request),
        actions=(*undo_button(request), *(again or going_on(request)), story_button(request)),
        reference=request.id,
    )


def _said(request: Request) -> Line:
    """Their word, for the items alone that it was about."""
    left = [item.item for item in request.result.items if item.state is RequestState.NOT_APPLIED]
    if request.end_reason != DID_NOT or not left or len(left) == len(request.result.items):
        return line(request.end_reason)
    return line(*enumerated([Code(text=name) for name in left], most=len(left)), " did not happen.")


def _still_to_do(request: Request) -> bool:
    return is_left_over(request) if request.result.items else request.end_reason == DID_NOT


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

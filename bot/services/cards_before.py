"""Cards up to the send: waiting, approved, running, and every end without a send."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.domain.access import Gate
from bot.domain.replies import (
    Code,
    Line,
    Moment,
    Mood,
    Paragraph,
    PersonRef,
    Reply,
    RequestButton,
    line,
)
from bot.domain.requests import Request, RequestState, Step
from bot.services.asking_again import ask_again_button
from bot.services.card_parts import (
    bullets,
    deciders_in_words,
    decision_buttons,
    facts,
    titled,
    unread,
    votes,
)


def _pending(request: Request, deciders: tuple[str, ...]) -> Reply:
    if request.gate is Gate.CONFIRM:
        return _unconfirmed(request)
    missing = request.approvals_required - len(request.approvals)
    spoken = {vote.person_id for vote in request.votes}
    deciders = tuple(person_id for person_id in deciders if person_id not in spoken)
    return Reply(
        verdict=line(PersonRef(id=request.requester_id), " asks to ", *titled(request)),
        mood=Mood.WAITING,
        parts=(
            facts(
                request,
                ("Who may decide", deciders_in_words(request, deciders)),
                ("Until", (Moment(at=request.decide_by),)),
            ),
            *unread(request),
            *votes(request),
        ),
        next_step=_needs(missing, deciders),
        actions=decision_buttons(request),
        reference=request.id,
    )


def _needs(missing: int, deciders: tuple[str, ...]) -> Line:
    """Whose turn it is: by name where it can only be one, and so that the chat tells them."""
    if missing == 1 and len(deciders) == 1:
        return line("Next: ", PersonRef(id=deciders[0]), " approves or denies.")
    if missing == 1:
        return line("Next: an admin other than the requester approves or denies.")
    return line(f"Next: {missing} admins other than the requester approve, or one denies.")


def _unconfirmed(request: Request) -> Reply:
    """The requester alone can let it go ahead, and is asked so in private: here it can only be withdrawn."""
    asker = PersonRef(id=request.requester_id)
    return Reply(
        verdict=line("Not confirmed yet: ", *titled(request)),
        mood=Mood.WAITING,
        parts=(facts(request, ("Until", (Moment(at=request.decide_by),))), *unread(request)),
        next_step=line(
            "Next: ", asker, " confirms it with ", Code(text=f"approvals show {request.id}"), ", or it ends."
        ),
        actions=(RequestButton(label="Cancel", request_id=request.id, step=Step.CANCEL),),
        reference=request.id,
    )


def _approved(request: Request, _: tuple[str, ...]) -> Reply:
    if request.result.held_up:
        return _held_up(request)
    return Reply(
        verdict=line("Approved, about to ", *titled(request)),
        mood=Mood.WAITING,
        parts=(facts(request), *unread(request), *votes(request)),
        next_step=line("Next: nothing to do; this message will tell how it ends."),
        actions=(*_deny(request), RequestButton(label="Cancel", request_id=request.id, step=Step.CANCEL)),
        reference=request.id,
    )


def _held_up(request: Request) -> Reply:
    until: Line = ("It is tried until ", Moment(at=request.send_by), ".") if request.send_by else ()
    return Reply(
        verdict=line("Not sent yet: ", *titled(request)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=(line(request.result.held_up), line("Without its row there, nothing is sent. ", *until))),
            facts(request),
            *unread(request),
            *votes(request),
        ),
        next_step=line("Next: tell whoever runs the bot. How it ends is told as well."),
        actions=(*_deny(request), RequestButton(label="Cancel", request_id=request.id, step=Step.CANCEL)),
        reference=request.id,
    )


def _deny(request: Request) -> tuple[RequestButton, ...]:
    """One denial ends it until it is claimed, where others decide at all."""
    is_decided_by_others = request.gate is Gate.APPROVE
    return (RequestButton(label="Deny", request_id=request.id, step=Step.DENY),) if is_decided_by_others else ()


def _executing(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Running: ", *titled(request)),
        mood=Mood.WAITING,
        parts=(facts(request), *unread(request), *votes(request)),
        next_step=line("Next: wait; it can no longer be cancelled."),
        reference=request.id,
    )


def _denied(request: Request, _: tuple[str, ...]) -> Reply:
    told = () if request.end_reason else (Paragraph(lines=(line("No reason was given."),)),)  # else the vote has it
    return Reply(
        verdict=line("Denied: ", *titled(request)),
        mood=Mood.REFUSED,
        parts=(*told, facts(request), *votes(request)),
        next_step=line("Nothing was sent. Next: talk to whoever denied it, then ask anew if it is still needed."),
        reference=request.id,
    )


def _cancelled(request: Request, _: tuple[str, ...]) -> Reply:
    who: Line = line("By ", PersonRef(id=request.ended_by)) if request.ended_by else line(request.end_reason)
    return Reply(
        verdict=line("Cancelled: ", *titled(request)),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(who,)), facts(request)),
        next_step=line("Nothing was sent. Next: ask anew if it is still needed."),
        reference=request.id,
    )


def _expired(request: Request, _: tuple[str, ...]) -> Reply:
    when = "nobody decided in time" if request.decided_at is None else "it was approved but could not be sent in time"
    why = (line(request.result.held_up),) if request.result.held_up else ()
    return Reply(
        verdict=line("Expired: ", *titled(request)),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(line(f"Nothing was sent: {when}."), *why)), facts(request), *votes(request)),
        next_step=line("Next: ask again if it is still needed."),
        actions=ask_again_button(request),
        reference=request.id,
    )


def _stale(request: Request, _: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Stopped before sending: ", *titled(request)),
        mood=Mood.REFUSED,
        parts=(
            Paragraph(lines=(line(request.end_reason or "What was approved is no longer what is there."),)),
            *bullets(request.result.difference),
            facts(request),
            *votes(request),
        ),
        next_step=line("Nothing was sent. Next: look at what changed, then ask again if it is still needed."),
        actions=ask_again_button(request),
        reference=request.id,
    )


BEFORE: Mapping[RequestState, Callable[[Request, tuple[str, ...]], Reply]] = {
    RequestState.PENDING: _pending,
    RequestState.APPROVED: _approved,
    RequestState.EXECUTING: _executing,
    RequestState.DENIED: _denied,
    RequestState.CANCELLED: _cancelled,
    RequestState.EXPIRED: _expired,
    RequestState.STALE: _stale,
}
"""Up to the send, and all ends without one."""

"""What a request looks like to people: drawn from its row alone, never from a click."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.domain.access import Gate
from bot.domain.replies import (
    Action,
    Bullets,
    Code,
    CommandButton,
    Facts,
    Line,
    Moment,
    Mood,
    Paragraph,
    Part,
    PersonRef,
    Question,
    Reply,
    RequestButton,
    Small,
    Strong,
    Style,
    line,
)
from bot.domain.requests import OperationKind, Request, RequestState, Step

PAST = {
    "bind": "Bound",
    "clear": "Cleared",
    "delete": "Deleted",
    "disable": "Disabled",
    "enable": "Enabled",
    "give": "Gave",
    "grant": "Granted",
    "register": "Registered",
    "rehearse": "Rehearsed",
    "remove": "Removed",
    "rename": "Renamed",
    "replace": "Replaced",
    "set": "Set",
    "update": "Updated",
}


def done_words(summary: str) -> str:
    """`delete the database` → `Deleted the database`."""
    verb, _, rest = summary.partition(" ")
    return f"{PAST[verb]} {rest}" if verb in PAST else f"Done: {summary}"


def card(request: Request, *, deciders: tuple[str, ...] = ()) -> Reply:
    """The channel's message about a request, as it stands."""
    return _DRAWN[request.state](request, deciders)


def _pending(request: Request, deciders: tuple[str, ...]) -> Reply:
    missing = request.approvals_required - len(request.approvals)
    return Reply(
        verdict=line(PersonRef(id=request.requester_id), " asks to ", Strong(text=request.summary)),
        mood=Mood.WAITING,
        parts=(
            _facts(request, ("Who may decide", _deciders(deciders)), ("Until", (Moment(at=request.decide_by),))),
            *_unread(request),
            *_votes(request),
        ),
        next_step=line(_needs(missing)),
        actions=_decision_buttons(request),
        reference=request.id,
    )


def _needs(missing: int) -> str:
    people = "an admin other than the requester" if missing == 1 else f"{missing} admins other than the requester"
    return f"Next: {people} approves or denies." if missing == 1 else f"Next: {people} approve, or one denies."


def _decision_buttons(request: Request) -> tuple[Action, ...]:
    question = Question(
        title="Approve this",
        text=f"This will {request.summary}. It starts at once and cannot be called back.",
        confirm="Approve",
    )
    return (
        RequestButton(
            label="Approve", request_id=request.id, step=Step.APPROVE, style=Style.PRIMARY, question=question
        ),
        RequestButton(label="Deny", request_id=request.id, step=Step.DENY, style=Style.DANGER),
        RequestButton(label="Cancel", request_id=request.id, step=Step.CANCEL),
    )


def _approved(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    return Reply(
        verdict=line("Approved, about to ", Strong(text=request.summary)),
        mood=Mood.WAITING,
        parts=(_facts(request), *_votes(request)),
        next_step=line("Next: nothing to do; this message will tell how it ends."),
        actions=(RequestButton(label="Cancel", request_id=request.id, step=Step.CANCEL),),
        reference=request.id,
    )


def _executing(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    return Reply(
        verdict=line("Running: ", Strong(text=request.summary)),
        mood=Mood.WAITING,
        parts=(_facts(request), *_votes(request)),
        next_step=line("Next: wait; it can no longer be cancelled."),
        reference=request.id,
    )


def _denied(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    why = line("Reason: ", request.end_reason) if request.end_reason else line("No reason was given.")
    return Reply(
        verdict=line("Denied: ", Strong(text=request.summary)),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(why,)), _facts(request), *_votes(request)),
        next_step=line("Nothing was sent. Next: talk to whoever denied it, then ask anew if it is still needed."),
        reference=request.id,
    )


def _cancelled(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    who: Line = line("By ", PersonRef(id=request.ended_by)) if request.ended_by else line(request.end_reason)
    return Reply(
        verdict=line("Cancelled: ", Strong(text=request.summary)),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(who,)), _facts(request)),
        next_step=line("Nothing was sent. Next: ask anew if it is still needed."),
        reference=request.id,
    )


def _expired(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    when = "nobody decided in time" if request.decided_at is None else "it was approved but could not be sent in time"
    return Reply(
        verdict=line("Expired: ", Strong(text=request.summary)),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(line(f"Nothing was sent: {when}."),)), _facts(request), *_votes(request)),
        next_step=line("Next: ask anew if it is still needed."),
        reference=request.id,
    )


def _stale(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    return Reply(
        verdict=line("Stopped before sending: ", Strong(text=request.summary)),
        mood=Mood.REFUSED,
        parts=(
            Paragraph(lines=(line(request.end_reason or "What was approved is no longer what is there."),)),
            *_bullets(request.result.difference),
            _facts(request),
            *_votes(request),
        ),
        next_step=line("Nothing was sent. Next: look at what changed, then ask anew if it is still needed."),
        reference=request.id,
    )


def _succeeded(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    result = request.result
    warned = bool(result.warnings)
    verdict: Line = (Strong(text=done_words(request.summary)),)
    if result.inferred:
        verdict = (*verdict, " (the answer was lost; reading shows that it happened)")
    parts: list[Part] = []
    if warned:
        parts.append(Bullets(items=tuple(line("Warning: ", warning) for warning in result.warnings)))
    parts += _items(request)
    if result.receipt:
        parts.append(Facts(pairs=tuple((name, line(value)) for name, value in result.receipt)))
    parts += [_facts(request), *_votes(request)]
    return Reply(
        verdict=verdict,
        mood=Mood.WARNING if warned else Mood.GOOD,
        parts=tuple(parts),
        next_step=line("Next: look at the warnings above.") if warned else line("Next: nothing to do."),
        actions=(_story_button(request),),
        reference=request.id,
    )


def _already_absent(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    return Reply(
        verdict=line("Already gone: ", Strong(text=request.summary)),
        mood=Mood.GOOD,
        parts=(
            Paragraph(lines=(line("The API answered that it was not there (not_found), so nothing was left to do."),)),
            _facts(request),
            *_votes(request),
        ),
        next_step=line("Next: see in the trail who removed it before, if that matters."),
        actions=(_story_button(request),),
        reference=request.id,
    )


def _rejected(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    return Reply(
        verdict=line("Failed: could not ", Strong(text=request.summary)),
        mood=Mood.BAD,
        parts=(*_api_words(request), *_items(request), _facts(request), *_votes(request)),
        next_step=line(_again(request)),
        actions=(_story_button(request),),
        reference=request.id,
    )


def _not_sent(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    return Reply(
        verdict=line("Not sent: could not ", Strong(text=request.summary)),
        mood=Mood.BAD,
        parts=(
            Paragraph(lines=(line("The Management API could not be reached, so nothing was changed."),)),
            *_api_words(request),
            _facts(request),
            *_votes(request),
        ),
        next_step=line("Next: ask anew once the API answers; trying again is safe."),
        actions=(CommandButton(label="Check the API", command="org"), _story_button(request)),
        reference=request.id,
    )


def _unknown(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    return Reply(
        verdict=line("Unknown whether it happened: ", Strong(text=request.summary)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=(line("It was sent once, and the answer was lost. It is not sent again."),)),
            *_api_words(request),
            _facts(request),
            *_votes(request),
        ),
        next_step=line("Next: wait; the bot reads the state and tells here, within 15 minutes."),
        actions=(_story_button(request),),
        reference=request.id,
    )


def _not_applied(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    return Reply(
        verdict=line("It did not happen: ", Strong(text=request.summary)),
        mood=Mood.BAD,
        parts=(
            Paragraph(lines=(line("It was sent once, the answer was lost, and reading shows no effect."),)),
            *_bullets(request.result.readings),
            _facts(request),
            *_votes(request),
        ),
        next_step=line("Next: ask anew if it is still needed."),
        actions=(_story_button(request),),
        reference=request.id,
    )


def _needs_human(request: Request, deciders: tuple[str, ...]) -> Reply:
    return Reply(
        verdict=line("Somebody must say whether it happened: ", Strong(text=request.summary)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=(line("It was sent once, and neither answer nor reading tells how it ended."),)),
            *_bullets(request.result.readings),
            _facts(request, ("Who may decide", _deciders(deciders))),
            *_votes(request),
        ),
        next_step=line("Next: an admin looks for themselves, then presses what holds."),
        actions=(
            RequestButton(label="It happened", request_id=request.id, step=Step.HAPPENED),
            RequestButton(label="It did not", request_id=request.id, step=Step.DID_NOT),
        ),
        reference=request.id,
    )


def _resolved(request: Request, deciders: tuple[str, ...]) -> Reply:
    del deciders
    who: Line = (PersonRef(id=request.ended_by),) if request.ended_by else ("somebody",)
    return Reply(
        verdict=line("Settled by a person: ", Strong(text=request.summary)),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=((*who, f" says: {request.end_reason}"),)),
            *_bullets(request.result.readings),
            _facts(request),
            *_votes(request),
        ),
        next_step=line("Next: nothing to do."),
        actions=(_story_button(request),),
        reference=request.id,
    )


def _facts(request: Request, *more: tuple[str, Line]) -> Facts:
    pairs: list[tuple[str, Line]] = []
    if request.target.id and request.target.id != request.target.label:
        pairs.append(("Target", line(request.target.label, " ", Code(text=request.target.id))))
    else:
        pairs.append(("Target", line(request.target.label)))
    if request.operation.environment:
        pairs.append(("Environment", line(request.operation.environment)))
    pairs.append(("Asked by", line(PersonRef(id=request.requester_id))))
    if request.reason:
        pairs.append(("Why", line(request.reason)))
    if request.is_open:
        pairs += [(name, line(value)) for name, value in request.observation.facts]
    return Facts(pairs=(*pairs, *more))


def _deciders(people: tuple[str, ...]) -> Line:
    if not people:
        return line("admins of this channel, other than the requester")
    mentions: list[PersonRef | str] = []
    for person_id in people[:5]:
        mentions += [PersonRef(id=person_id), " "]
    rest = f"and {len(people) - 5} more" if len(people) > 5 else ""
    return (*mentions, rest) if rest else tuple(mentions)


def _unread(request: Request) -> tuple[Part, ...]:
    if not request.observation.unread:
        return ()
    return (Small(line=line("Could not be read: ", "; ".join(request.observation.unread), ".")),)


def _votes(request: Request) -> tuple[Part, ...]:
    if not request.votes:
        return ()
    spoken = tuple(
        line(
            "Approved by " if vote.vote.value == "approve" else "Denied by ",
            PersonRef(id=vote.person_id),
            " ",
            Moment(at=vote.at),
            f": {vote.reason}" if vote.reason else "",
        )
        for vote in request.votes
    )
    if request.gate is Gate.CONFIRM:
        return ()
    return (Paragraph(lines=spoken),)


def _bullets(sentences: tuple[str, ...]) -> tuple[Part, ...]:
    return (Bullets(items=tuple(line(sentence) for sentence in sentences)),) if sentences else ()


def _items(request: Request) -> list[Part]:
    items = request.result.items
    if len(items) < 2:
        return []
    words = {
        RequestState.SUCCEEDED: "done",
        RequestState.ALREADY_ABSENT: "was already gone",
        RequestState.REJECTED: "refused",
        RequestState.NOT_SENT: "not sent",
        RequestState.UNKNOWN: "unknown",
        RequestState.NOT_APPLIED: "did not happen",
    }
    return [
        Bullets(
            items=tuple(
                line(Code(text=item.item), f": {words.get(item.state, item.state.value)}", _note(item.note))
                for item in items
            )
        )
    ]


def _note(note: str) -> str:
    return f" ({note})" if note else ""


def _api_words(request: Request) -> tuple[Part, ...]:
    result = request.result
    lines: list[Line] = [line(message) for message in result.messages]
    if result.codes or result.http_status:
        status = f" (HTTP {result.http_status})" if result.http_status else ""
        lines.append(line("Code: ", Code(text=", ".join(result.codes) or "none"), status))
    return (Paragraph(lines=tuple(lines)),) if lines else ()


def _again(request: Request) -> str:
    if request.result.retryable is True:
        return "Next: trying again may help; ask anew in a moment."
    if request.result.retryable is False:
        return "Next: mend the cause first; trying again as it is will not help."
    return "Next: mend the cause, then ask anew."


def _story_button(request: Request) -> CommandButton:
    return CommandButton(label="Audit story", command=f"audit show {request.id}")


_DRAWN: Mapping[RequestState, Callable[[Request, tuple[str, ...]], Reply]] = {
    RequestState.PENDING: _pending,
    RequestState.APPROVED: _approved,
    RequestState.EXECUTING: _executing,
    RequestState.DENIED: _denied,
    RequestState.CANCELLED: _cancelled,
    RequestState.EXPIRED: _expired,
    RequestState.STALE: _stale,
    RequestState.SUCCEEDED: _succeeded,
    RequestState.ALREADY_ABSENT: _already_absent,
    RequestState.REJECTED: _rejected,
    RequestState.NOT_SENT: _not_sent,
    RequestState.UNKNOWN: _unknown,
    RequestState.NOT_APPLIED: _not_applied,
    RequestState.NEEDS_HUMAN: _needs_human,
    RequestState.RESOLVED: _resolved,
}


def confirmation(request: Request) -> Reply:
    """The private question of the `confirm` gate."""
    return Reply(
        verdict=line("Please confirm: ", Strong(text=request.summary)),
        mood=Mood.WAITING,
        parts=(_facts(request, ("Until", (Moment(at=request.decide_by),))), *_unread(request)),
        next_step=line("Next: Confirm sends it at once; Cancel sends nothing."),
        actions=(
            RequestButton(label="Confirm", request_id=request.id, step=Step.CONFIRM, style=Style.PRIMARY),
            RequestButton(label="Cancel", request_id=request.id, step=Step.CANCEL),
        ),
        reference=request.id,
    )


def asked(request: Request) -> Reply:
    """What the requester reads privately while others decide."""
    return Reply(
        verdict=line("Asked: ", Strong(text=request.summary)),
        mood=Mood.WAITING,
        parts=(
            Paragraph(lines=(line("The request stands in this channel until ", Moment(at=request.decide_by), "."),)),
        ),
        next_step=line("Next: another admin approves it there; you are told how it ends."),
        actions=(RequestButton(label="Cancel", request_id=request.id, step=Step.CANCEL),),
        reference=request.id,
    )


def undeliverable(request: Request, code: str) -> Reply:
    """To the requester, when Slack will not take the card in the channel."""
    return Reply(
        verdict=line("Not asked: Slack does not let the bot write in that channel"),
        mood=Mood.BAD,
        parts=(
            Paragraph(lines=(line("Code: ", Code(text=code), ". The request was cancelled and nothing was sent."),)),
        ),
        next_step=line("Next: invite the bot to the channel with ", Code(text="/invite"), ", then ask again."),
        reference=request.id,
    )


def reminder(request: Request) -> Reply:
    """In the channel, once, before the time to decide runs out."""
    return Reply(
        verdict=line("Still waiting for a decision: ", Strong(text=request.summary)),
        mood=Mood.WAITING,
        next_step=line("Next: approve or deny it before ", Moment(at=request.decide_by), "."),
        actions=_decision_buttons(request),
        reference=request.id,
    )


def is_rehearsal(request: Request) -> bool:
    """Whether the request touches nothing, on purpose."""
    return request.operation.kind is OperationKind.REHEARSAL


def without_buttons(reply: Reply) -> Reply:
    """The same, for reading only: seen from another channel, where nothing can be decided."""
    return replace(reply, actions=(), next_step=line("Next: decide it in the channel where it was asked."))

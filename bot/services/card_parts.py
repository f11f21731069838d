"""What the cards of all states share: facts, votes, items, the API's words."""

from __future__ import annotations

from bot.cloudsync.writing import HELD_UP
from bot.domain.access import Gate, OperationClass, SubjectKind
from bot.domain.database_failures import sentence_for
from bot.domain.replies import (
    Action,
    Bullets,
    ChannelRef,
    Code,
    CommandButton,
    Facts,
    GroupRef,
    Line,
    Moment,
    Paragraph,
    Part,
    PersonRef,
    Question,
    RequestButton,
    Small,
    Strong,
    Style,
    enumerated,
    line,
)
from bot.domain.requests import OperationKind, Request, RequestState, Step, Target
from bot.services.operations.updates import NEW_CONNECTION, NEW_JWT_SECRET

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


UNREADABLE_AFTERWARDS = frozenset({NEW_CONNECTION, NEW_JWT_SECRET})
"""Facts that only the request can tell once it has ended."""

DECIDERS_NAMED = 5
OUR_WORDS = ("The API ", "Something other ", "The connection broke ", "No connection ", HELD_UP)
"""How sentences about a call begin that are not the API's: see `bot.cloudsync.classification`."""
A_CHANNEL = "a channel"
"""What the summary of a binding once had where the channel belongs."""
EVERYWHERE, ONLY_IN = " in every bound channel", ", only in "
"""How the summary of a grant ends."""


def done_words(summary: str) -> str:
    """`delete the database` → `Deleted the database`."""
    verb, _, rest = summary.partition(" ")
    return f"{PAST[verb]} {rest}" if verb in PAST else f"Done: {summary}"


def titled(request: Request, words: str = "") -> Line:
    """What it is to do, or in other words; a channel that a change of access is about as a link."""
    words, kind = words or request.summary, request.operation.kind
    if kind is OperationKind.BIND_CHANNEL:
        return _linked(words, request.target)
    if kind is not OperationKind.GRANT_ROLE:
        return line(Strong(text=words))
    only_in = request.operation.arguments.get("channel")
    if not only_in:
        return line(words.removesuffix(EVERYWHERE), EVERYWHERE)
    return line(words.rpartition(ONLY_IN)[0] or words, ONLY_IN, ChannelRef(id=str(only_in)))


def _linked(words: str, target: Target) -> Line:
    """The channel in place of the name that it had then, or of its id where none was known."""
    for named in (f"#{target.label}", target.id, A_CHANNEL):
        before, found, after = words.partition(named)
        if found:
            return line(before, ChannelRef(id=target.id), after)
    return line(words)


def _in_plain_text(request: Request) -> str:
    """The same where nothing can be linked: channels by the name that they had when it was asked for."""
    if request.operation.kind is OperationKind.BIND_CHANNEL:
        return request.summary.replace(A_CHANNEL, f"the channel {request.target.label}", 1)
    only_in = dict(request.observation.facts).get("Only in", "")
    is_said = not only_in or ONLY_IN in request.summary
    return request.summary if is_said else f"{request.summary}{ONLY_IN}{only_in}"


def _target(request: Request) -> Line:
    """What it is about: a channel or person by mention, anything else by label and id."""
    target, kind = request.target, request.operation.kind
    if kind is OperationKind.BIND_CHANNEL:
        return line(ChannelRef(id=target.id))
    if kind is OperationKind.GRANT_ROLE:
        is_group = request.operation.arguments.get("subject_kind") == SubjectKind.GROUP.value
        return line(GroupRef(id=target.id) if is_group else PersonRef(id=target.id))
    if target.id and target.id != target.label:
        return line(target.label, " ", Code(text=target.id))
    return line(target.label)


def facts(request: Request, *more: tuple[str, Line]) -> Facts:
    """Why, on what and for whom; what was read is shown while it still matters, what no reading returns always."""
    where = f", {request.operation.environment}" if request.operation.environment else ""
    target = (*_target(request), where)
    pairs: list[tuple[str, Line]] = [("Why", line(request.reason))] if request.reason else []
    pairs.append(("Target", target))
    if request.state is not RequestState.PENDING or request.gate is not Gate.APPROVE:
        pairs.append(("Asked by", line(PersonRef(id=request.requester_id))))
    pairs += [
        (name, line(value))
        for name, value in request.observation.facts
        if request.is_open or name in UNREADABLE_AFTERWARDS
    ]
    return Facts(pairs=(*pairs, *more))


def deciders_in_words(request: Request, people: tuple[str, ...]) -> Line:
    """Who could decide, the first few by name."""
    if not people:
        return line("admins of ", ChannelRef(id=request.channel_id), ", other than the requester")
    return enumerated([PersonRef(id=person_id) for person_id in people], most=DECIDERS_NAMED)


def unread(request: Request) -> tuple[Part, ...]:
    """What could not be read."""
    if not request.observation.unread:
        return ()
    return (Small(line=line("Could not be read: ", "; ".join(request.observation.unread), ".")),)


def votes(request: Request) -> tuple[Part, ...]:
    """Who approved or denied."""
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


def bullets(sentences: tuple[str, ...]) -> tuple[Part, ...]:
    """Sentences as a list; nothing where there are none."""
    return (Bullets(items=tuple(line(sentence) for sentence in sentences)),) if sentences else ()


def items(request: Request) -> list[Part]:
    """How each of several tables or devices ended."""
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


def api_words(request: Request) -> tuple[Part, ...]:
    """What the API said, and all of its codes; `database_*` codes in plain words with what to do."""
    result = request.result
    known = [told for code in result.codes if (told := sentence_for(code)) is not None]
    lines: list[Line] = [line(f"{what} {advice}") for what, advice in known]
    lines = lines or [_spoken(message, answered=result.http_status is not None) for message in result.messages]
    if result.codes:
        status = f" (HTTP {result.http_status})" if result.http_status else ""
        lines.append(line("Code: ", Code(text=", ".join(result.codes)), status))
    elif result.http_status and not any(str(result.http_status) in message for message in result.messages):
        lines.append(line(f"It answered HTTP {result.http_status}, without a code."))
    return (Paragraph(lines=tuple(lines)),) if lines else ()


def _spoken(message: str, *, answered: bool) -> Line:
    """The API's own words are marked as such; what this program says of an answer stands as it is."""
    return line(message) if not answered or message.startswith(OUR_WORDS) else line(f"The API said: “{message}”")


def whether_again(request: Request) -> str:
    """Whether trying again helps."""
    if request.result.retryable is True:
        return "Next: trying again may help; ask again in a moment."
    if request.result.retryable is False:
        return "Next: mend the cause first, then ask again; trying again as it is will not help."
    return "Next: look at what the API said, then ask again; whether trying again as it is helps is not known."


def undo_button(request: Request) -> tuple[CommandButton, ...]:
    """The way back, where the API has one: a command like any other, with its own gate."""
    if not request.result.undo_command:
        return ()
    return (CommandButton(label=request.result.undo_label, command=request.result.undo_command),)


def leads_back(request: Request) -> bool:
    """Whether the way back is the next thing to do: warnings come before it."""
    return bool(request.result.undo_command) and not request.result.warnings


def story_button(request: Request) -> CommandButton:
    """The way to the trail."""
    return CommandButton(label="Audit story", command=f"audit show {request.id}")


def going_ahead(request: Request) -> Style:
    """How a button looks that lets the request go ahead: red where that destroys something."""
    return Style.DANGER if request.operation_class is OperationClass.DESTRUCTIVE else Style.PRIMARY


def decision_buttons(request: Request) -> tuple[Action, ...]:
    """**Approve**, **Deny**, **Cancel**."""
    question = Question(
        title="Approve this",
        text=f"This will {_in_plain_text(request)}. It starts at once and cannot be called back.",
        confirm="Approve",
        style=going_ahead(request),
    )
    return (
        RequestButton(
            label="Approve", request_id=request.id, step=Step.APPROVE, style=question.style, question=question
        ),
        RequestButton(label="Deny", request_id=request.id, step=Step.DENY),
        RequestButton(label="Cancel", request_id=request.id, step=Step.CANCEL),
    )

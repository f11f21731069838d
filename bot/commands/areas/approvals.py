"""Requests from the outside: what is open, how one stands, cancelling; and the rehearsal."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.asking import typed_reason
from bot.commands.command import Answer, Arguments, Command, Parameter, ParameterKind
from bot.commands.context import Context
from bot.commands.offering import reader_of
from bot.commands.wording import next_or_page, past_the_end
from bot.domain.access import Gate, OperationClass, Role, Standing
from bot.domain.audit import AuditAction
from bot.domain.decisions import refusal
from bot.domain.ids import new_story_id
from bot.domain.replies import (
    Action,
    Bullets,
    CommandButton,
    CommandMenu,
    Line,
    Moment,
    PersonRef,
    Reply,
    RequestButton,
    Strong,
    line,
)
from bot.domain.requests import Observation, Operation, OperationKind, Proposal, Request, RequestState, Step, Target
from bot.services import cards
from bot.services.approvals import OPEN_READ
from bot.services.lifecycle import Act

REQUEST = Parameter(name="request", kind=ParameterKind.TEXT, summary="its id, or the beginning of it", required=True)
PAGE_PARAMETER = Parameter(name="page", kind=ParameterKind.NUMBER, option="--page", summary="", minimum=1)
PAGE = 10
STATE_WORDS = {
    RequestState.PENDING: "waits for a decision",
    RequestState.APPROVED: "is approved, about to be sent",
    RequestState.EXECUTING: "is running",
    RequestState.UNKNOWN: "has an unknown end, being found out",
    RequestState.NEEDS_HUMAN: "needs a person to say what happened",
}


async def list_open(context: Context, arguments: Arguments) -> Answer:
    """`approvals list [--page N]`."""
    found = await context.services.approvals.open_in(context.standing.channel_id)
    if not found:
        return Reply(verdict=line("Nothing is open in this channel"), next_step=line("Next: nothing to do."))
    pages = -(-len(found) // PAGE)
    asked = arguments.get("page", int) or 1
    page = min(asked, pages)
    shown = found[(page - 1) * PAGE : page * PAGE]
    options = tuple((f"{request.id}: {request.summary}"[:75], f"approvals show {request.id}") for request in shown)
    turning = tuple(
        CommandButton(label=label, command=f"approvals list --page {number}", replaces=True)
        for label, number in (("Previous", page - 1), ("Next", page + 1))
        if 1 <= number <= pages
    )
    where = f", page {page} of {pages}" if pages > 1 else ""
    return Reply(
        verdict=line(Strong(text=_counted(len(found))), f" in this channel{where}"),
        parts=(*past_the_end(asked, pages), Bullets(items=tuple(_listed(request) for request in shown))),
        next_step=next_or_page(turning, "open one to see it whole."),
        actions=(CommandMenu(label="Show a request", options=options), *turning),
    )


def _counted(count: int) -> str:
    if count >= OPEN_READ:
        return f"At least {count:,} requests are open"
    return "1 request is open" if count == 1 else f"{count:,} requests are open"


def _listed(request: Request) -> Line:
    until = (" until ", Moment(at=request.decide_by)) if request.state is RequestState.PENDING else ()
    state = STATE_WORDS.get(request.state, request.state.value)
    return line(Strong(text=request.summary), f" {state}", *until, ", asked by ", PersonRef(id=request.requester_id))


async def show(context: Context, arguments: Arguments) -> Answer:
    """`approvals show <id>`: the card as it stands, with the steps that whoever reads it may take."""
    request = await context.services.approvals.find(arguments.text("request"))
    drawn = cards.shown(request, to=context.invocation.person_id, channel_id=context.standing.channel_id)
    shown = reader_of(context).card(drawn, request)
    return replace(shown, actions=tuple(one for one in shown.actions if _may_press(one, request, context.standing)))


def _may_press(action: Action, request: Request, by: Standing) -> bool:
    """Where rights count here; what is shown in another channel has only what works from there."""
    if not isinstance(action, RequestButton) or by.channel_id != request.channel_id:
        return True
    return refusal(Step(action.step), request, by) is None


async def cancel(context: Context, arguments: Arguments) -> Answer:
    """`approvals cancel <id>`: the requester from anywhere, or an admin of its channel, in it."""
    request = await context.services.approvals.find(arguments.text("request"))
    person_id = context.invocation.person_id
    is_own = person_id == request.requester_id
    channel_id = request.channel_id if is_own else context.standing.channel_id
    by = await context.services.access.standing(person_id, channel_id, fresh=True)
    act = Act(
        person_id=by.person.id,
        person_name=by.person.name,
        delivery=context.invocation.delivery,
        surface=context.invocation.surface.value,
    )
    return cards.card(await context.services.approvals.cancel(request, by, act))


async def rehearse(context: Context, arguments: Arguments) -> Answer:
    """`approvals rehearse`: asks and approves like a deletion, and touches nothing."""
    following = f"{context.services.slash} databases delete <database>"
    return Proposal(
        operation=Operation(kind=OperationKind.REHEARSAL, environment="", arguments={"following": following}),
        target=Target(key=f"rehearsal:{new_story_id()}", id="", label="nothing at all"),
        observation=Observation(facts=(("What it touches", "nothing: this only shows how approvals work"),)),
        operation_class=OperationClass.DESTRUCTIVE,
        gate=Gate.APPROVE,
        action=AuditAction.APPROVALS_REHEARSE,
        summary="rehearse an approval",
        reason=typed_reason(arguments) or "a rehearsal",
    )


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    return (
        Command(
            path=("approvals", "list"),
            summary="List what is open in this channel.",
            example="approvals list",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.APPROVALS_LIST,
            handler=list_open,
            parameters=(PAGE_PARAMETER,),
        ),
        Command(
            path=("approvals", "show"),
            summary="Show how one request stands.",
            example="approvals show rq-7k3m9p2x4abc",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.APPROVALS_SHOW,
            handler=show,
            parameters=(REQUEST,),
        ),
        Command(
            path=("approvals", "cancel"),
            summary="Withdraw a request before it is sent: whoever asked, or an admin in its channel.",
            example="approvals cancel rq-7k3m9p2x4abc",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.APPROVALS_CANCEL,
            handler=cancel,
            parameters=(REQUEST,),
        ),
        Command(
            path=("approvals", "rehearse"),
            summary="Go through an approval that touches nothing.",
            example="approvals rehearse",
            operation_class=OperationClass.DESTRUCTIVE,
            asks=Role.OPERATOR,
            gate=Gate.APPROVE,
            action=AuditAction.APPROVALS_REHEARSE,
            handler=rehearse,
        ),
    )

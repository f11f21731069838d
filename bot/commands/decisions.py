"""Buttons on requests: approve, deny, cancel, confirm, and what a person says happened."""

from __future__ import annotations

from bot.commands.gate import Gatekeeper
from bot.commands.journey import Journey
from bot.domain.access import Standing
from bot.domain.decisions import may_still_decide
from bot.domain.errors import Denied
from bot.domain.invocation import Invocation, Surface
from bot.domain.replies import FieldKind, Form, FormField, Mood, Reply, Strong, line
from bot.domain.requests import Request, RequestState, Step, Vote
from bot.services.access import Access
from bot.services.approval_words import too_late
from bot.services.approvals import Approvals
from bot.services.background import Background
from bot.services.reconcile import Reconciler

REASON_LENGTH = 500


class Decisions:
    """Each click is judged by who clicked, where, and how things stand in SQL at that moment."""

    def __init__(
        self,
        access: Access,
        approvals: Approvals,
        reconciler: Reconciler,
        background: Background,
        gatekeeper: Gatekeeper,
    ) -> None:
        self._access = access
        self._approvals = approvals
        self._reconciler = reconciler
        self._background = background
        self._gatekeeper = gatekeeper

    async def take(self, journey: Journey) -> Reply | Form:
        """Carry out the step that the click or the submitted form asks for."""
        invocation = journey.invocation
        request = await self._request(invocation)
        journey.request = request
        step = _step(invocation)
        by = await self._standing(invocation, request, step)
        journey.standing = by
        if step is Step.DENY and invocation.surface is not Surface.FORM:
            return self._reason_form(journey, request, by)
        return await self._carry_out(journey, request, step, by)

    async def _request(self, invocation: Invocation) -> Request:
        request = await self._approvals.get(invocation.request_id or "")
        if request is None or request.team_id != invocation.team_id:
            raise Denied("There is no such request.", remedy="Look at what is open with `approvals list`.")
        return request

    async def _standing(self, invocation: Invocation, request: Request, step: Step) -> Standing:
        """Rights count in the channel where the click was made; only the requester's own steps work elsewhere."""
        clicked_in = invocation.message_channel_id or invocation.channel_id
        own = step in (Step.CANCEL, Step.CONFIRM) and invocation.person_id == request.requester_id
        channel_id = request.channel_id if own or invocation.surface is Surface.FORM else clicked_in
        return await self._access.standing(invocation.person_id, channel_id, fresh=True)

    def _reason_form(self, journey: Journey, request: Request, by: Standing) -> Form:
        self._approvals.refuse(Step.DENY, request, by)
        if not may_still_decide(request, Vote.DENY):
            raise too_late(request, journey.invocation.surface)
        return Form(
            title="Deny this request",
            submit="Deny",
            command="",
            step=Step.DENY,
            request_id=request.id,
            intro=(line("This ends the request to ", Strong(text=request.summary), ". Nothing is sent."),),
            fields=(
                FormField(
                    name="reason",
                    label="Reason",
                    kind=FieldKind.LONG_TEXT,
                    required=False,
                    max_length=REASON_LENGTH,
                    hint="Whoever asked reads it, and the audit trail keeps it.",
                ),
            ),
        )

    async def _carry_out(self, journey: Journey, request: Request, step: Step, by: Standing) -> Reply:
        act = journey.act
        match step:
            case Step.APPROVE:
                after = await self._approvals.decide(request, Vote.APPROVE, by, act)
                return self._approved(after, by)
            case Step.DENY:
                reason = str(journey.invocation.form_values.get("reason") or "").strip()
                after = await self._approvals.decide(request, Vote.DENY, by, act, reason[:REASON_LENGTH])
            case Step.CONFIRM:
                after = await self._approvals.confirm(request, by, act)
                if after.state is RequestState.APPROVED:
                    journey.request = after = await self._gatekeeper.carry(after)
                return self._gatekeeper.answer(after, by)
            case Step.CANCEL:
                after = await self._approvals.cancel(request, by, act)
            case _:
                after = await self._reconciler.settle_by_person(request, step, by, act)
        self._background.wake_messages()
        return self._gatekeeper.shown(after, by)

    def _approved(self, after: Request, by: Standing) -> Reply:
        self._background.wake_messages()
        if after.state is RequestState.APPROVED:
            self._background.send(after.id)
            return _said("Approved, and on its way", after, "Next: the message in the channel tells how it ends.")
        if after.state is RequestState.PENDING:
            missing = after.approvals_required - len(after.approvals)
            return _said("Your approval is recorded", after, f"Next: {missing} more must approve before it is sent.")
        return self._gatekeeper.shown(after, by)


def _said(verdict: str, request: Request, next_step: str) -> Reply:
    return Reply(
        verdict=line(f"{verdict}: ", Strong(text=request.summary)),
        mood=Mood.GOOD,
        next_step=line(next_step),
        reference=request.id,
    )


def _step(invocation: Invocation) -> Step:
    try:
        return Step(invocation.request_step or "")
    except ValueError:
        raise Denied("This button is not one of ours.", remedy="Look at what is open with `approvals list`.") from None

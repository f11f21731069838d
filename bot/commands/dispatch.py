"""The one pipeline: parse, authorise, gate, answer, and audit, the same for every surface."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.commands.authorise import Authoriser
from bot.commands.command import Answer
from bot.commands.context import Services
from bot.commands.decisions import Decisions
from bot.commands.failures import failure_reply
from bot.commands.form_desk import FormDesk, Submission, asked_of, form_of, suggestions, turned_away, with_problem
from bot.commands.gate import Gatekeeper
from bot.commands.journey import Journey
from bot.commands.parsing import parse, retyped
from bot.commands.registry import Registry
from bot.commands.secrets_in_text import refuse_typed
from bot.domain.access import OperationClass, Role, shortfall
from bot.domain.audit import AuditEntry
from bot.domain.errors import BotError, Conflict, Denied, TrailUnavailable, Unavailable, UnknownTarget
from bot.domain.ids import new_reference
from bot.domain.invocation import Invocation, Surface
from bot.domain.ports import Clock, FormAdmission, MessageDelayed, MessageRefused, Messenger, Responder
from bot.domain.records import FormState
from bot.domain.replies import Form, Reply, Small, line
from bot.domain.requests import Proposal, Request, RequestState
from bot.services import cards
from bot.services.audit import Trail
from bot.services.environments import Environments
from bot.services.metrics import ANSWERS, SECONDS
from bot.services.secrets import Vault

log = structlog.get_logger(__name__)

FORM_STAYS_OPEN = frozenset({RequestState.REJECTED, RequestState.NOT_SENT})
"""Ends after which the form comes back with what the API said, and nothing that was typed is lost."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the dispatcher is put together from."""

    registry: Registry
    services: Services
    environments: Environments
    trail: Trail
    vault: Vault
    forms: FormDesk
    gatekeeper: Gatekeeper
    decisions: Decisions
    messenger: Messenger
    clock: Clock


class Dispatcher:
    """Implements `bot.domain.ports.Pipeline`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._authoriser = Authoriser(parts.registry, parts.services, parts.environments, parts.clock)

    async def run(self, invocation: Invocation, responder: Responder) -> str | None:
        """Carry a delivery through. Whatever happens, the person gets an answer and the trail a row."""
        journey = Journey(invocation=invocation, reference=new_reference())
        surface, outcome = invocation.surface.value, "answered"
        bound = structlog.contextvars.bound_contextvars(reference=journey.reference, delivery=invocation.delivery)
        with bound, SECONDS.labels(surface=surface).time():
            try:
                reply = await self._route(journey, responder)
            except Exception as error:  # noqa: BLE001 - the outer edge: every delivery gets an answer
                reply = await self._failed(journey, error)
                outcome = type(error).__name__
            ANSWERS.labels(surface=surface, outcome=outcome).inc()
            form_id = await self._parts.forms.keep_answer(reply, journey) if reply is not None else ""
            if reply is not None and await responder.show(reply, form_id=form_id):
                await self._settle(journey)
        return None if journey.untold else plain_verdict(reply)

    async def _route(self, journey: Journey, responder: Responder) -> Reply | None:
        invocation = journey.invocation = await self._parts.forms.placed(journey.invocation)
        if invocation.surface is Surface.FORM_CLOSED:
            await self._closed(journey)
            return None
        if invocation.surface is Surface.FORM:
            return await self._submitted(journey, responder)
        if invocation.request_id is not None:
            return await self._decision(journey, responder)
        return await self._typed(journey, responder)

    async def _typed(self, journey: Journey, responder: Responder) -> Reply | None:
        invocation = journey.invocation
        refuse_typed(invocation.text, self._parts.registry, self._parts.vault.fingerprint)
        parsed = parse(invocation.text, self._parts.registry, now=self._parts.clock.now(), timezone=None)
        journey.command = parsed.command
        form = parsed.command.form
        if form is not None and form.opens(parsed.arguments):
            journey.in_view = True
            await responder.open_loading(form.title)
        context, parsed = await self._authoriser.authorise(journey, parsed)
        answer = await parsed.command.handler(replace(context, say=responder.show), parsed.arguments)
        return await self._answered(journey, answer, responder, shared=parsed.share)

    async def _answered(
        self, journey: Journey, answer: Answer, responder: Responder, *, shared: bool = False
    ) -> Reply | None:
        if isinstance(answer, Form):
            await self._open(journey, answer, responder)
            return None
        if isinstance(answer, Proposal):
            return self._parts.gatekeeper.answer(await self._proposed(journey, answer), journey.standing)
        return await self._with_row(replace(answer, shared=shared), journey)

    async def _proposed(self, journey: Journey, proposal: Proposal) -> Request:
        """A handler may find out only while planning that more is asked than the command alone would."""
        if journey.standing is not None and proposal.operation_class is OperationClass.DESTRUCTIVE:
            asks = journey.command.asks if journey.command else Role.ADMIN
            short = shortfall(journey.standing, operation_class=proposal.operation_class, needs=asks)
            if short is not None:
                raise Denied(short.missing, remedy=short.remedy)
        return await self._parts.gatekeeper.put(proposal, journey)

    async def _with_row(self, reply: Reply, journey: Journey) -> Reply:
        """A read needs one row, after the fact, and is answered with a warning when that cannot be written."""
        if await self._record(journey.succeeded(reply.code)):
            return reply
        journey.untold = True
        warning = Small(line=line("This answer could not be written to the audit trail."))
        return replace(reply, parts=(*reply.parts, warning))

    async def _record(self, entry: AuditEntry) -> bool:
        try:
            await self._parts.trail.record(entry)
        except TrailUnavailable:
            return False
        return True

    async def _open(self, journey: Journey, form: Form, responder: Responder) -> None:
        form_id = await self._parts.forms.keep(form, journey)
        journey.untold = not await self._record(journey.form_opened())
        await responder.open_form(form, form_id)

    async def _decision(self, journey: Journey, responder: Responder) -> Reply | None:
        answer = await self._parts.decisions.take(journey)
        if isinstance(answer, Form):
            await self._open(journey, answer, responder)
            return None
        return answer

    async def _settle(self, journey: Journey) -> None:
        request = journey.request
        if request is not None and request.requester_id == journey.invocation.person_id:
            with contextlib.suppress(Unavailable):  # then the notice tells the same once more
                await self._parts.gatekeeper.told(request)

    async def _closed(self, journey: Journey) -> None:
        invocation = journey.invocation
        record = await self._parts.forms.find(invocation.form_id or "")
        if record is not None and record.person_id == invocation.person_id:
            self._adopt(journey, self._parts.forms.submission(record, invocation))
            await self._parts.forms.move(record.id, FormState.OPEN, FormState.CLOSED)
        journey.untold = not await self._record(journey.form_closed())

    async def admit(self, invocation: Invocation) -> FormAdmission:
        """Judge a submission within Slack's three seconds; what is turned away leaves its row at once."""
        record = await self._parts.forms.find(invocation.form_id or "")
        admission = await self._parts.forms.admit(record, invocation)
        refused = turned_away(admission)
        if refused is not None:
            journey = Journey(invocation=invocation, reference=new_reference())
            if record is not None:
                self._adopt(journey, self._parts.forms.submission(record, invocation))
            await self._record(journey.failed(refused))
        return admission

    def _adopt(self, journey: Journey, submission: Submission) -> None:
        """A view carries no channel: the form's row knows where it was opened, and in which story."""
        record = submission.record
        journey.invocation = replace(
            journey.invocation,
            story=record.story,
            channel_id=record.channel_id,
            is_direct=record.channel_id.startswith("D"),
            request_id=record.request_id,
            request_step=submission.form.step if record.request_id else None,
        )
        if submission.parsed is not None:
            journey.command = submission.parsed.command

    async def _submitted(self, journey: Journey, responder: Responder) -> Reply | None:
        record = await self._parts.forms.find(journey.invocation.form_id or "")
        if record is None or record.state is not FormState.WORKING:
            raise Conflict("This form was sent already, or is no longer known.", next_step="Open it again.")
        submission = self._parts.forms.submission(record, journey.invocation)
        self._adopt(journey, submission)
        try:
            reply = await self._worked(journey, submission, responder)
        except Exception as error:  # noqa: BLE001 - the outer edge of a form: what was typed must not be lost
            reply = await self._failed(journey, error)
            if submission.form.waits:
                return await self._reopened(journey, submission, responder, reply, error)
        await self._parts.forms.move(record.id, FormState.WORKING, FormState.DONE)
        if reply is None or submission.form.waits:
            return reply
        return None if await self._whispered(journey, reply) else reply

    async def _worked(self, journey: Journey, submission: Submission, responder: Responder) -> Reply | None:
        if submission.parsed is None:
            answer: Answer = await self._parts.decisions.take(journey)
            return answer if isinstance(answer, Reply) else None
        parsed = submission.parsed
        context, parsed = await self._authoriser.authorise(journey, parsed)
        if parsed.command.form is None:
            raise Conflict("This form belongs to an older version.", next_step="Ask again.")
        shown = {field.name: field.value for field in submission.form.fields}
        context = replace(context, shown=shown, say=responder.show)
        journey.notes.update(asked_of(submission, journey.invocation.form_values))
        answer = await parsed.command.form.submit(context, parsed.arguments, journey.invocation.form_values)
        if isinstance(answer, Proposal):
            request = await self._proposed(journey, answer)
            told = self._parts.gatekeeper.answer(request, journey.standing)
            if submission.form.waits and request.state in FORM_STAYS_OPEN:
                return await self._reopened(journey, submission, responder, told)
            return told
        return await self._answered(journey, answer, responder)

    async def _reopened(
        self,
        journey: Journey,
        submission: Submission,
        responder: Responder,
        told: Reply,
        error: Exception | None = None,
    ) -> Reply | None:
        """The API said no: the form stays, with its words above the fields and what was typed still there.

        Where the form is gone, since somebody closed it meanwhile, the same words are left to be told by message.
        """
        form_id = submission.record.id
        await self._parts.forms.move(form_id, FormState.WORKING, FormState.OPEN)
        try:
            await responder.open_form(with_problem(submission.form, told, error), form_id)
        except (MessageRefused, MessageDelayed) as refused:
            log.info("form_gone", code=refused.code)
            if isinstance(refused, MessageRefused):
                await self._parts.forms.move(form_id, FormState.OPEN, FormState.CLOSED)
            return told if journey.request is None else cards.notice(journey.request)
        await self._settle(journey)
        return None

    async def _whispered(self, journey: Journey, reply: Reply) -> bool:
        """A form that closed on submission has no place to answer in: the channel it was opened from has."""
        try:
            await self._parts.messenger.whisper(journey.invocation.channel_id, journey.invocation.person_id, reply)
        except (MessageRefused, MessageDelayed):
            return False
        await self._settle(journey)
        return True

    async def suggest(self, invocation: Invocation, field_name: str, typed: str) -> Sequence[tuple[str, str]]:
        """Type-ahead: the command's own look-up, or the stored options that fit what is typed."""
        record = await self._parts.forms.find(invocation.form_id or "")
        if record is None or record.person_id != invocation.person_id:
            return ()
        return suggestions(form_of(record), field_name, typed)

    async def _failed(self, journey: Journey, error: Exception) -> Reply:
        if isinstance(error, BotError):
            log.info("refused_or_failed", error=type(error).__name__)
        else:
            log.error("unexpected_error", exc_info=error)
        journey.untold = not await self._record(journey.failed(error))
        if isinstance(error, UnknownTarget):
            error = _choosable(error, journey.invocation.text)
        return failure_reply(
            error,
            registry=self._parts.registry,
            reference=journey.reference,
            slash=self._parts.services.slash,
        )


def _choosable(error: UnknownTarget, text: str) -> UnknownTarget:
    """The candidates as commands, so that a menu can offer them."""
    offered = [(retyped(text, error.typed, value) or "", label) for value, label in error.candidates]
    return UnknownTarget(
        error.problem, typed=error.typed, candidates=offered, ambiguous=error.ambiguous, look=error.look
    )


def plain_verdict(reply: Reply | None) -> str:
    """The verdict as one plain line, for the inbox: a repeated delivery gets it again."""
    if reply is None:
        return ""
    return "".join(span if isinstance(span, str) else getattr(span, "text", "") for span in reply.verdict)

"""Forms between opening and submission: kept as rows, known outside by an opaque id, submitted at most once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from pydantic import TypeAdapter

from bot.commands.command import Arguments
from bot.commands.journey import Journey
from bot.commands.normalise import comparable
from bot.commands.on_demand import called_for, with_demanded
from bot.commands.parsing import Parsed, parse
from bot.commands.registry import Registry
from bot.commands.secrets_in_text import secrets_in_the_open
from bot.db.engine import Database
from bot.domain.access import OperationClass
from bot.domain.audit import JsonValue
from bot.domain.errors import BotError, Conflict, Denied, FieldErrors, InvalidInput, Unavailable
from bot.domain.ids import new_request_id
from bot.domain.invocation import FormValue, Invocation, Surface
from bot.domain.ports import Clock, FormAdmission
from bot.domain.records import FormRecord, FormState
from bot.domain.replies import FieldKind, Form, FormField, Moment, Mood, Paragraph, Reply, line
from bot.domain.secrecy import redact

log = structlog.get_logger(__name__)

ASKED_KEPT = 200
"""Characters of a field that the trail keeps."""

FOREIGN = "This came from another workspace or app than the one that this bot serves."

_FIELDS = TypeAdapter(tuple[FormField, ...])


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A submitted form together with what it belongs to."""

    record: FormRecord
    form: Form
    parsed: Parsed | None
    """The command and its fixed arguments; None for a form that belongs to a request's button."""


class FormDesk:
    """Keeps forms. No transaction is held while somebody types."""

    def __init__(self, database: Database, registry: Registry, clock: Clock) -> None:
        self._database = database
        self._registry = registry
        self._clock = clock

    async def keep(self, form: Form, journey: Journey) -> str:
        """Store a form that is about to be shown; returns its opaque id."""
        invocation = journey.invocation
        form_id = new_request_id().replace("rq-", "fm-")
        record = FormRecord(
            id=form_id,
            command=form.command,
            story=journey.request.story if journey.request else invocation.story,
            person_id=invocation.person_id,
            team_id=invocation.team_id,
            channel_id=invocation.channel_id,
            environment=journey.environment,
            arguments=_stored(form, invocation),
            state=FormState.OPEN,
            request_id=form.request_id,
            created_at=self._clock.now(),
        )
        await self._database.note(lambda unit: unit.forms.put(record))
        return form_id

    async def keep_answer(self, reply: Reply, journey: Journey) -> str:
        """The form's id for an answer in its place, so that the answer's buttons know their channel; "" elsewhere.

        Where it cannot be written, the buttons have no channel: that is no reason to keep the answer back.
        """
        form_id = journey.invocation.form_id or ""
        if form_id or not journey.in_view or not reply.actions:
            return form_id
        try:
            form_id = await self.keep(Form(title="CloudSync", submit="", command="", fields=()), journey)
            await self.move(form_id, FormState.OPEN, FormState.DONE)
        except Unavailable as error:
            log.warning("answer_not_kept", error=type(error).__name__)
        return form_id

    async def placed(self, invocation: Invocation) -> Invocation:
        """A click in a view carries no channel: the form's row knows where it was opened, and for whom.

        What was meant for another workspace or app has no place here, whatever it asks for.
        """
        if invocation.is_foreign:
            raise Denied(FOREIGN, remedy="Use the bot in the workspace that it was installed for.")
        if invocation.surface not in (Surface.BUTTON, Surface.MENU) or invocation.channel_id or not invocation.form_id:
            return invocation
        record = await self.find(invocation.form_id)
        if record is None or record.person_id != invocation.person_id or record.team_id != invocation.team_id:
            return invocation
        return replace(invocation, channel_id=record.channel_id, is_direct=record.channel_id.startswith("D"))

    async def find(self, form_id: str) -> FormRecord | None:
        """The form's row."""
        return await self._database.read(lambda unit: unit.forms.get(form_id))

    async def move(self, form_id: str, before: FormState, after: FormState) -> bool:
        """Compare-and-set on the form's state; False where somebody was quicker."""
        return bool(await self._database.note(lambda unit: unit.forms.move(form_id, before, after)))

    async def admit(self, record: FormRecord | None, invocation: Invocation) -> FormAdmission:
        """Judge a submission before it is acknowledged: whose it is, whether it runs already, whether it fits."""
        if record is None or record.person_id != invocation.person_id or record.team_id != invocation.team_id:
            return FormAdmission(refused=_refusal("This form is no longer known", "open it again"))
        form = with_demanded(form_of(record), called_for(invocation.form_values))
        if record.state is FormState.WORKING:
            return FormAdmission(waiting=form)
        if record.state is not FormState.OPEN:
            return FormAdmission(refused=_refusal("This form was sent already", "look at what came of it in the trail"))
        submission = self.submission(record, invocation)
        problems = self.problems(submission, invocation.form_values)
        if problems:
            return FormAdmission(errors=problems)
        if not await self.move(record.id, FormState.OPEN, FormState.WORKING):
            return FormAdmission(waiting=form)
        return FormAdmission(waiting=form if form.waits else None, admitted=True)

    def submission(self, record: FormRecord, invocation: Invocation) -> Submission:
        """The form together with its command, parsed again from what was stored."""
        form = with_demanded(form_of(record), called_for(invocation.form_values))
        if not form.command:
            return Submission(record=record, form=form, parsed=None)
        timezone = str(record.arguments.get("timezone") or "UTC")
        parsed = parse(form.command, self._registry, now=self._clock.now(), timezone=timezone)
        return Submission(record=record, form=form, parsed=parsed)

    @staticmethod
    def problems(submission: Submission, values: Mapping[str, FormValue]) -> Mapping[str, str]:
        """What can be told without asking anybody: field name → what is wrong."""
        parsed, leaked = submission.parsed, secrets_in_the_open(submission.form, values)
        if parsed is None or parsed.command.form is None:
            return leaked
        mistyped = {
            field.name: f"This does not fit. Type: {field.expects}"
            for field in submission.form.fields
            if field.expects and comparable(str(values.get(field.name) or "")) != comparable(field.expects)
        }
        try:
            return {**parsed.command.form.check(Arguments(parsed.arguments.values), values), **mistyped, **leaked}
        except FieldErrors as error:
            return error.fields
        except InvalidInput as error:
            return {submission.form.fields[0].name: error.problem}


def form_of(record: FormRecord) -> Form:
    """The stored form; what was typed is not part of it, and no secret ever is."""
    kept = record.arguments
    return Form(
        title=str(kept["title"]),
        submit=str(kept["submit"]),
        command=record.command,
        fields=_FIELDS.validate_python(kept["fields"]),
        intro=tuple(line(str(text)) for text in _list(kept.get("intro"))),
        step=str(kept["step"]),
        request_id=record.request_id,
        waits=str(kept["waits"]),
    )


def asked_of(submission: Submission, values: Mapping[str, FormValue]) -> dict[str, JsonValue]:
    """What a form that only asks was filled in with, for the trail: the text typed before it does not tell."""
    parsed = submission.parsed
    if parsed is None or parsed.command.operation_class is not OperationClass.READ:
        return {}
    shown = [field.name for field in submission.form.fields if field.kind is not FieldKind.SECRET]
    return {"asked": {name: redact(str(values[name]))[:ASKED_KEPT] for name in shown if values.get(name)}}


def suggestions(form: Form, field_name: str, typed: str) -> Sequence[tuple[str, str]]:
    """The stored options of a field that fit what is typed, and what is typed where any text is taken."""
    fitting = [field for field in form.fields if field.name == field_name]
    if not fitting:
        return ()
    wanted = typed.casefold().strip()
    options = [option for option in fitting[0].options if wanted in option[1].casefold()]
    if fitting[0].kind is FieldKind.SUGGESTED and wanted and wanted not in {value for value, _ in options}:
        options.insert(0, (typed.strip(), typed.strip()))
    return options[:100]


def turned_away(admission: FormAdmission) -> BotError | None:
    """Why a submission does not run; None where it does."""
    if admission.errors:
        return InvalidInput("; ".join(admission.errors.values()))
    if admission.refused is not None:
        return Conflict("This form was sent already, or is not known.")
    return None if admission.admitted else Conflict("This form is being worked on already.")


def _stored(form: Form, invocation: Invocation) -> dict[str, JsonValue]:
    fields: list[JsonValue] = _FIELDS.dump_python(form.fields, mode="json")
    return {
        "title": form.title,
        "submit": form.submit,
        "step": form.step,
        "waits": form.waits,
        "intro": ["".join(_plain(span) for span in spans) for spans in form.intro],
        "fields": fields,
        "surface": invocation.surface.value,
    }


def _plain(span: object) -> str:
    if isinstance(span, Moment):
        return f"{span.at:%Y-%m-%d %H:%M} UTC"
    return span if isinstance(span, str) else str(getattr(span, "text", getattr(span, "id", "")))


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _refusal(verdict: str, advice: str) -> Reply:
    return Reply(verdict=line(verdict), mood=Mood.REFUSED, next_step=line(f"Nothing was sent. Next: {advice}."))


def with_problem(form: Form, reply: Reply, error: Exception | None = None) -> Form:
    """The same form, with what the API said above its fields, or what is wrong with some of them at these."""
    if isinstance(error, FieldErrors):
        form = with_demanded(form, error.offers)
        marked = tuple(replace(one, problem=redact(error.fields.get(one.name, ""))) for one in form.fields)
        return replace(
            form, fields=marked, problem=(reply.verdict, line("Next: mend what is marked, then send it again."))
        )
    said = [spans for part in reply.parts if isinstance(part, Paragraph) for spans in part.lines]
    return replace(form, problem=tuple(spans for spans in (reply.verdict, *said, reply.next_step) if spans))

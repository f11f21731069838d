"""`audit search`: the trail's filters as a form with pickers, for those who do not type options."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from bot.commands.areas.audit import listed
from bot.commands.areas.audit_filters import ACTIONS, SPOKEN, WENT_WRONG, action_typed, filters, range_from
from bot.commands.areas.audit_known import require_picked
from bot.commands.areas.audit_sentences import OUTCOME_WORDS
from bot.commands.asking import value_of
from bot.commands.command import Answer, Arguments, Command, FormSpec, Values
from bot.commands.context import Context
from bot.commands.normalise import quoted
from bot.commands.parsing import parse
from bot.commands.secrets_in_text import refuse_secrets
from bot.commands.times import zone_of
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction, AuditOutcome
from bot.domain.errors import InvalidInput
from bot.domain.replies import FieldKind, Form, FormField, line

TITLE = "Search the trail"
TEXT_LENGTH = 200
PICKED = (("user", "<@{}>"), ("channel", "<#{}>"), ("action", "{}"), ("outcome", "{}"))
TYPED = ("database", "text")


async def form(context: Context, arguments: Arguments) -> Answer:
    """The form, filled in with what was asked so far."""
    await require_picked(context, arguments)
    since, until = _days(context, arguments)
    return Form(
        title=TITLE,
        submit="Search",
        command="audit search",
        intro=(line("Leave empty what does not matter. Days are those of your own time zone."),),
        fields=(
            _field("user", "Person", FieldKind.PERSON, arguments.text("user")),
            _field("channel", "Channel", FieldKind.CHANNEL, arguments.text("channel")),
            _field("action", "What was done", FieldKind.CHOICE, action_typed(arguments.text("action")), _actions()),
            _field("outcome", "How it ended", FieldKind.CHOICE, _outcome(arguments.text("outcome")), _outcomes()),
            _typed_field("database", "Database", arguments.text("database"), "Its id, or its whole label."),
            _field("since", "From this day", FieldKind.DAY, since),
            _field("until", "To this day, inclusive", FieldKind.DAY, until),
            _typed_field("text", "Words that occur in it", arguments.text("text"), "A reason, a code, a request’s id."),
            FormField(
                name="all",
                label="With reads and mistypes",
                kind=FieldKind.TICK,
                required=False,
                value=arguments.flag("all"),
            ),
        ),
    )


def _field(name: str, label: str, kind: FieldKind, value: str, options: tuple[tuple[str, str], ...] = ()) -> FormField:
    return FormField(name=name, label=label, kind=kind, required=False, value=value or None, options=options)


def _typed_field(name: str, label: str, value: str, hint: str) -> FormField:
    return FormField(
        name=name,
        label=label,
        kind=FieldKind.TEXT,
        required=False,
        value=value[:TEXT_LENGTH] or None,
        max_length=TEXT_LENGTH,
        hint=hint,
    )


def _actions() -> tuple[tuple[str, str], ...]:
    """Whole areas first, then single actions."""
    areas = dict.fromkeys(action.split(".")[0] for action in ACTIONS)
    whole = ((area, f"{area}: anything") for area in areas)
    return (*whole, *((action, action.replace(".", " ").replace("_", " ")) for action in ACTIONS))


def _outcomes() -> tuple[tuple[str, str], ...]:
    wrong = ("wrong", "anything that went wrong")
    return (*((outcome.value, OUTCOME_WORDS[outcome]) for outcome in AuditOutcome), wrong)


def _outcome(typed: str) -> str:
    """What was typed as the menu has it."""
    spoken = SPOKEN.get(typed, ())
    return spoken[0].value if spoken and spoken != WENT_WRONG else typed


def _days(context: Context, arguments: Arguments) -> tuple[str, str]:
    """The range so far as days: the last one is inclusive."""
    zone = zone_of(context.standing.person.timezone)
    wanted = range_from(arguments, context.standing.person.timezone)
    since = wanted[0].astimezone(zone).date().isoformat() if wanted[0] else ""
    until = (wanted[1] - timedelta(microseconds=1)).astimezone(zone).date().isoformat() if wanted[1] else ""
    return since, until


def check(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """A range that is turned round."""
    del arguments
    since, until = value_of(values, "since"), value_of(values, "until")
    return {"until": "This day lies before the first one."} if since and until and until < since else {}


async def submit(context: Context, arguments: Arguments, values: Values) -> Answer:
    """The same list as if the options had been typed."""
    del arguments
    text = typed_as(values, today=context.now.astimezone(zone_of(context.standing.person.timezone)).date())
    refuse_secrets(text, context.services.vault.fingerprint)
    parsed = parse(text, context.registry, now=context.now, timezone=context.standing.person.timezone)
    return await listed(context, parsed.arguments, text)


def typed_as(values: Values, *, today: date) -> str:
    """The form's question as a command."""
    words = ["audit list"]
    for name, shape in PICKED:
        value = value_of(values, name)
        words += [f"--{name} {shape.format(value)}"] if value else []
    for name in TYPED:
        value = " ".join(value_of(values, name).split())
        words += [f"--{name} {quoted(value)}"] if value else []
    words += _range(value_of(values, "since"), value_of(values, "until"), today)
    words += ["--all"] if values.get("all") is True else []
    return " ".join(words)


def _range(since: str, until: str, today: date) -> list[str]:
    """The last day is inclusive; a range to today or beyond has no end."""
    words = [f"--since {since}"] if since else []
    if until:
        try:
            last = date.fromisoformat(until)
        except ValueError:
            raise InvalidInput(f"This is not a day: {until[:40]}.", example="audit list --day yesterday") from None
        words += [f"--until {last + timedelta(days=1)}"] if last < today else []
    return words


def commands() -> tuple[Command, ...]:
    """The area's command."""
    return (
        Command(
            path=("audit", "search"),
            summary="Ask the audit trail through a form with pickers.",
            example="audit search --since 7d",
            operation_class=OperationClass.READ,
            asks=Role.OPERATOR,
            gate=Gate.NONE,
            action=AuditAction.AUDIT_SEARCH,
            handler=form,
            parameters=filters(),
            form=FormSpec(title=TITLE, opens=lambda arguments: True, check=check, submit=submit),
        ),
    )

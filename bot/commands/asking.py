"""What the areas share when something is to be done: the reason's form, its checks, and proposals."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands.command import Arguments, Values
from bot.commands.context import Context
from bot.commands.normalise import quoted
from bot.domain.access import Gate, OperationClass
from bot.domain.audit import AuditAction, JsonValue
from bot.domain.errors import InvalidInput
from bot.domain.replies import FieldKind, FormField
from bot.domain.requests import Operation, OperationKind, Proposal, Target
from bot.services.catalog import shown

REASON_LENGTH = 500
REASON = FormField(
    name="reason",
    label="Reason",
    kind=FieldKind.LONG_TEXT,
    max_length=REASON_LENGTH,
    hint="Whoever decides reads it, and the audit trail keeps it.",
)


def approval_follows(context: Context) -> str:
    """What comes after the form of something that needs approval, as a sentence."""
    others = others_needed(context)
    if others == 0:
        return "You confirm it in the next message."
    return "Another admin must approve." if others == 1 else f"{others} other admins must approve."


def ask_label(context: Context) -> str:
    """The button of a form that asks for what needs approval."""
    return "Ask for approval" if others_needed(context) else "Continue"


def others_needed(context: Context) -> int:
    """How many others must approve what needs approval, asked for by this person here."""
    return context.services.approvals.others_needed(context.standing.environment, context.standing.role)


async def require_deciders(context: Context) -> None:
    """Before a form opens: raise `Denied` where too few others could approve what it asks for."""
    await context.services.approvals.require_deciders(context.standing, environment=context.standing.environment)


def needs_reason(arguments: Arguments) -> bool:
    """Whether the form must ask for the reason."""
    return not arguments.text("reason").strip()


def reason_problem(values: Values) -> dict[str, str]:
    """A reason that is empty or too long."""
    reason = value_of(values, "reason")
    if not reason:
        return {"reason": "Say why; whoever decides needs it."}
    return {"reason": f"At most {REASON_LENGTH} characters."} if len(reason) > REASON_LENGTH else {}


def value_of(values: Values, name: str) -> str:
    """A field's text, without outer spaces."""
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""


def lines_of(values: Values, name: str) -> tuple[str, ...]:
    """A field of one entry a line."""
    return tuple(part.strip() for part in value_of(values, name).splitlines() if part.strip())


def several_of(values: Values, name: str) -> tuple[str, ...]:
    """A multiple choice."""
    value = values.get(name)
    return value if isinstance(value, tuple) else ()


def reason_of(arguments: Arguments, values: Values) -> str:
    """From the form, else from `--reason`."""
    return value_of(values, "reason") or arguments.text("reason").strip()[:REASON_LENGTH]


def typed_reason(arguments: Arguments) -> str:
    """From `--reason`, where no form shows it before it counts: one that is too long is refused instead of cut."""
    reason = arguments.text("reason").strip()
    if len(reason) > REASON_LENGTH:
        raise InvalidInput(
            f"The reason is too long: at most {REASON_LENGTH} characters, and these are {len(reason):,}.",
            advice="Shorten it and ask again; nothing was asked for.",
        )
    return reason


def reopening(command: str, arguments: Arguments) -> str:
    """The command of a form with the reason that was typed: a message leads to its form by that alone."""
    reason = reason_of(arguments, {})
    return f"{command} --reason {quoted(reason)}" if reason else command


async def propose(
    context: Context,
    kind: OperationKind,
    *,
    summary: str,
    operation_class: OperationClass,
    gate: Gate,
    action: AuditAction,
    reason: str = "",
    items: tuple[str, ...] = (),
    arguments: Mapping[str, JsonValue] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Proposal:
    """A proposal on the command's database, with the target as just read."""
    database = context.database
    environment = context.standing.environment
    operation = Operation(
        kind=kind,
        environment=environment,
        database_id=database.id,
        items=items,
        arguments=arguments or {},
    )
    observation = await context.services.operations[kind].observe(context.api, operation)
    return Proposal(
        operation=operation,
        target=Target(
            key=f"{environment}:{database.id}", id=database.id or "", label=database.label or database.id or ""
        ),
        observation=observation,
        operation_class=operation_class,
        gate=gate,
        action=action,
        summary=summary,
        reason=reason,
        secrets=secrets or {},
    )


def named(context: Context) -> str:
    """The command's database as a summary names it."""
    return f"“{context.database.label or context.database.id}”"


def described(context: Context) -> str:
    """The command's database with its id."""
    return shown(context.database)

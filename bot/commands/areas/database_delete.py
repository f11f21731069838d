"""`databases delete <db>`: a reason, the label typed by the one who asks, and another admin's approval."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands.asking import (
    REASON,
    approval_follows,
    ask_label,
    described,
    named,
    propose,
    reason_of,
    reason_problem,
    reopening,
    require_deciders,
    value_of,
)
from bot.commands.command import DATABASE, Answer, Arguments, Command, FormSpec, Values
from bot.commands.context import Context
from bot.commands.normalise import comparable
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.errors import InvalidInput
from bot.domain.replies import FieldKind, Form, FormField, line
from bot.domain.requests import OperationKind

TITLE = "Delete a database"


async def form(context: Context, arguments: Arguments) -> Answer:
    """Ask for the reason and for the label."""
    await require_deciders(context)
    label = context.database.label or context.database.id or ""
    reason = reason_of(arguments, {})
    return Form(
        title=TITLE,
        submit=ask_label(context),
        command=reopening(f"databases delete {context.database.id}", arguments),
        intro=(
            line(f"You ask to delete {described(context)}."),
            line(f"Its enabled tables stop syncing and its pending jobs go. {approval_follows(context)}"),
        ),
        fields=(
            FormField(
                name="reason",
                label=REASON.label,
                kind=REASON.kind,
                value=reason or None,
                max_length=REASON.max_length,
                hint=REASON.hint,
            ),
            FormField(
                name="typed_label",
                label="Type the label to confirm",
                kind=FieldKind.TEXT,
                placeholder=label[:150],
                expects=label,
                hint="The label of the database, as shown above.",
            ),
        ),
    )


def check(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """A reason must be there; whether the label fits is told once the database is read."""
    del arguments
    problems = reason_problem(values)
    if not value_of(values, "typed_label"):
        problems["typed_label"] = "Type the label of the database."
    return problems


async def submit(context: Context, arguments: Arguments, values: Values) -> Answer:
    """Propose the deletion, if the label was typed right."""
    label = context.database.label or context.database.id or ""
    if comparable(value_of(values, "typed_label")) != comparable(label):
        raise InvalidInput(
            "The label does not fit, so nothing was asked for.",
            advice=f"Type {label} as it stands, capitals included, and ask again.",
        )
    return await propose(
        context,
        OperationKind.DELETE_DATABASE,
        summary=f"delete the database {named(context)}",
        operation_class=OperationClass.DESTRUCTIVE,
        gate=Gate.APPROVE,
        action=AuditAction.DATABASES_DELETE,
        reason=reason_of(arguments, values),
    )


def command() -> Command:
    """`databases delete <db>`."""
    return Command(
        path=("databases", "delete"),
        summary="Ask for the deletion of a database; another admin approves.",
        example='databases delete orders-eu --reason "moved to orders-us"',
        operation_class=OperationClass.DESTRUCTIVE,
        asks=Role.OPERATOR,
        gate=Gate.APPROVE,
        action=AuditAction.DATABASES_DELETE,
        handler=form,
        endpoint="DELETE /v1/databases/:databaseID",
        parameters=(DATABASE,),
        form=FormSpec(title=TITLE, opens=lambda arguments: True, check=check, submit=submit),
    )

"""`databases update <db>`: only what differs is sent; anything but the label needs an approval."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cloudsync.models import Database
from bot.cloudsync.responses import host_of
from bot.commands.areas.changed_meanwhile import OVERWRITE, refuse_overwriting
from bot.commands.areas.database_fields import (
    audiences_of,
    connection_field,
    connection_problem,
    issuers_of,
    jwks_problem,
    jwt_fields,
    jwt_secret_field,
    label_field,
    label_problem,
)
from bot.commands.areas.label_taken import SAME_LABEL, refuse_taken
from bot.commands.asking import (
    REASON_LENGTH,
    described,
    lines_of,
    named,
    others_needed,
    propose,
    reason_of,
    reason_problem,
    reopening,
    require_deciders,
    value_of,
)
from bot.commands.command import DATABASE, Answer, Arguments, Command, FormSpec, Parameter, ParameterKind, Values
from bot.commands.context import Context
from bot.commands.wording import lower_first, with_code
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction, JsonValue
from bot.domain.errors import Denied, FieldErrors, InvalidInput, PeopleUnavailable
from bot.domain.replies import FieldKind, Form, FormField, Line, line
from bot.domain.requests import OperationKind

TITLE = "Update a database"


async def form(context: Context, arguments: Arguments) -> Answer:
    """The form, with what can be read filled in."""
    database = await context.api.get_database(context.database.id or "")
    back = arguments.text("back")
    before = await _label_before(context, back)
    return Form(
        title=TITLE,
        submit="Update",
        command=reopening(f"databases update {context.database.id}{f' --back {back}' if before else ''}", arguments),
        intro=(
            line(f"{described(context)}. Only what differs is sent."),
            line(f"A new label is changed at once; {_the_rest(context)}."),
            *await _unless_too_few(context),
        ),
        waits="You may close the form; the result then comes by message.",
        fields=(
            label_field(before or database.label),
            SAME_LABEL,
            OVERWRITE,
            connection_field(required=False),
            *jwt_fields(
                database.jwt_allowed_issuers or (), database.jwt_expected_audiences or (), database.jwks_uri or ""
            ),
            jwt_secret_field("Never readable. Empty leaves it as it is."),
            FormField(
                name="clear_jwt_secret",
                label="Clear the JWT secret",
                kind=FieldKind.TICK,
                required=False,
                value=False,
            ),
            FormField(
                name="reason",
                label="Reason",
                kind=FieldKind.LONG_TEXT,
                required=False,
                value=reason_of(arguments, {}) or None,
                max_length=REASON_LENGTH,
                hint="Needed for anything but the label.",
            ),
        ),
    )


def _the_rest(context: Context) -> str:
    """What becomes of anything but the label, as a clause."""
    others = others_needed(context)
    if others == 0:
        return "you confirm everything else in the next message"
    whose = "another admin's approval" if others == 1 else f"the approval of {others} other admins"
    return f"everything else waits for {whose}"


async def _unless_too_few(context: Context) -> tuple[Line, ...]:
    """What only the label's change would not be refused for: told before the rest is filled in."""
    try:
        await require_deciders(context)
    except Denied as denied:
        return (line("Change only the label here: ", lower_first(denied.missing)), with_code(denied.remedy))
    except PeopleUnavailable:
        return ()  # the label needs nobody; for the rest they are looked up again
    return ()


async def _label_before(context: Context, request_id: str) -> str:
    """The label that a request changed, for the button **Rename it back**; "" where there is none."""
    request = await context.services.approvals.get(request_id) if request_id else None
    if request is None or request.operation.database_id != context.database.id:
        return ""
    before = request.observation.keep.get("label")
    return before if isinstance(before, str) else ""


def check(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """What can be told before any call."""
    del arguments
    problems = {**label_problem(values), **jwks_problem(values), **connection_problem(values, "")}
    if value_of(values, "jwt_secret") and values.get("clear_jwt_secret") is True:
        problems["jwt_secret"] = "Either set a new secret or clear it, not both."  # noqa: S105 - a sentence
    secrets = value_of(values, "connection_string") or value_of(values, "jwt_secret")
    if secrets or values.get("clear_jwt_secret") is True or value_of(values, "reason"):
        problems |= reason_problem(values)
    return problems


async def submit(context: Context, arguments: Arguments, values: Values) -> Answer:
    """Propose what was changed in the form and differs from what is there now."""
    database = await context.api.get_database(context.database.id or "")
    mistaken = connection_problem(values, database.provider or "")
    if mistaken:
        raise FieldErrors(mistaken)
    back = {"label"} if arguments.text("back") else set()
    shown = {name: value for name, value in context.shown.items() if name not in back}
    changed = differing(database, shown, values)
    refuse_overwriting(database, shown, values, changed)
    if "label" in changed:
        await refuse_taken(context, values, own_id=database.id or context.database.id)
    secrets = {
        name: value
        for name, value in (
            ("connectionString", value_of(values, "connection_string")),
            ("jwtSecret", value_of(values, "jwt_secret")),
        )
        if value
    }
    if not changed and not secrets:
        raise InvalidInput("Nothing differs from what is there, so nothing was sent.", advice="Change a field first.")
    if "connectionString" in secrets:
        changed["new_host"] = host_of(secrets["connectionString"])[0]
        changed["fingerprint"] = context.services.vault.fingerprint(secrets["connectionString"])
    if "jwtSecret" in secrets:
        changed["new_jwt_secret"] = True
    only_label = set(changed) == {"label"}
    reason = value_of(values, "reason")
    if not only_label and not reason:
        raise FieldErrors({"reason": f"Say why: {_the_rest(context)}."})
    return await propose(
        context,
        OperationKind.UPDATE_DATABASE,
        summary=_summary(context, changed, only_label=only_label),
        operation_class=OperationClass.CHANGE if only_label else OperationClass.DESTRUCTIVE,
        gate=Gate.NONE if only_label else Gate.APPROVE,
        action=AuditAction.DATABASES_UPDATE,
        reason=reason,
        arguments=changed,
        secrets=secrets,
    )


def _summary(context: Context, changed: Mapping[str, JsonValue], *, only_label: bool) -> str:
    if only_label:
        return f"rename the database {named(context)} to “{changed['label']}”"
    if "new_host" in changed:
        return f"update the connection of the database {named(context)}"
    return f"update the settings of the database {named(context)}"


def differing(database: Database, shown: Values, values: Values) -> dict[str, JsonValue]:
    """The readable fields that were changed in the form and differ from what is there; an emptied one clears.

    What the form showed counts, for whoever left a field alone did not ask for it to be put back to that.
    """
    changed: dict[str, JsonValue] = {}
    label, jwks_uri = value_of(values, "label"), value_of(values, "jwks_uri")
    issuers, audiences = issuers_of(values), audiences_of(values)
    if label and label not in (database.label or "", value_of(shown, "label")):
        changed["label"] = label
    if jwks_uri != (database.jwks_uri or "") and _touched(shown, "jwks_uri", values):
        changed["jwksUri"] = jwks_uri
    if issuers != (database.jwt_allowed_issuers or ()) and _touched(shown, "jwt_allowed_issuers", values):
        changed["jwtAllowedIssuers"] = [*issuers]
    if audiences != (database.jwt_expected_audiences or ()) and _touched(shown, "jwt_expected_audiences", values):
        changed["jwtExpectedAudiences"] = [*audiences]
    if values.get("clear_jwt_secret") is True:
        changed["clear_jwt_secret"] = True
    return changed


def _touched(shown: Values, name: str, values: Values) -> bool:
    """Whether a field no longer holds what it showed. Lines are compared as they are read."""
    return name not in shown or lines_of(values, name) != lines_of(shown, name)


def command() -> Command:
    """`databases update <db>`."""
    return Command(
        path=("databases", "update"),
        summary="Change a database's label, connection or JWT settings, through a form.",
        example="databases update orders-eu",
        operation_class=OperationClass.CHANGE,
        asks=Role.OPERATOR,
        gate=Gate.NONE,
        action=AuditAction.DATABASES_UPDATE,
        handler=form,
        note="connection or JWT: destructive, another admin approves",
        partly_approved=True,
        endpoint="PATCH /v1/databases/:databaseID",
        parameters=(
            DATABASE,
            Parameter(name="back", kind=ParameterKind.TEXT, option="--back", summary=""),
        ),
        form=FormSpec(title=TITLE, opens=lambda arguments: True, check=check, submit=submit, takes_secrets=True),
    )

"""`databases register`: the form is the confirmation."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cloudsync.responses import host_of
from bot.commands.areas.database_fields import (
    FLAVORS,
    PROVIDERS,
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
from bot.commands.areas.register_again import Deleted, deleted
from bot.commands.asking import value_of
from bot.commands.command import Answer, Arguments, Command, FormSpec, Parameter, ParameterKind, Values
from bot.commands.context import Context
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction, JsonValue
from bot.domain.replies import FieldKind, Form, FormField, line
from bot.domain.requests import Operation, OperationKind, Proposal, Target
from bot.services.follow_ups import THEN_ENABLE

TITLE = "Register a database"


async def form(context: Context, arguments: Arguments) -> Answer:
    """The empty form, or the one that a deletion's receipt fills in."""
    environment = context.standing.environment
    again = await deleted(context, arguments.text("again"))
    return Form(
        title=TITLE,
        submit="Register",
        command=f"databases register --again {again.request_id}" if again.request_id else "databases register",
        intro=(
            line(f"In {environment}. CloudSync checks the connection first, which takes some seconds."),
            *(line(words) for words in again.words),
        ),
        waits="Checking the connection and registering. This takes some seconds; you may close the form, "
        "the result then comes by message.",
        fields=_fields(again),
    )


def _fields(again: Deleted) -> tuple[FormField, ...]:
    return (
        label_field(again.text("label")),
        SAME_LABEL,
        FormField(
            name="provider",
            label="Provider",
            kind=FieldKind.CHOICE,
            options=PROVIDERS,
            value=again.one_of("provider", PROVIDERS),
        ),
        FormField(name="flavor", label="Flavor", kind=FieldKind.SUGGESTED, options=FLAVORS, value=again.text("flavor")),
        FormField(
            name="database_name",
            label="Database name",
            kind=FieldKind.TEXT,
            max_length=200,
            value=again.text("database_name"),
        ),
        connection_field(required=True),
        FormField(
            name="schema_name",
            label="Schema name",
            kind=FieldKind.TEXT,
            required=False,
            hint="Only for postgres.",
            value=again.text("schema_name"),
        ),
        *jwt_fields(
            again.several("jwt_allowed_issuers"),
            again.several("jwt_expected_audiences"),
            again.text("jwks_uri") or "",
        ),
        jwt_secret_field("Optional. Sealed until it is sent, then forgotten."),
        FormField(
            name="project_id",
            label="Project ID",
            kind=FieldKind.TEXT,
            required=False,
            value=again.text("project_id"),
        ),
    )


def check(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """What can be told before any call."""
    del arguments
    provider = value_of(values, "provider")
    problems = {
        **label_problem(values),
        **jwks_problem(values),
        **connection_problem(values, provider),
    }
    for name, sentence in (
        ("provider", "Choose postgres or sqlitecloud."),
        ("flavor", "A flavor is needed, for example vanilla."),
        ("database_name", "A database name is needed."),
        ("connection_string", "A connection string is needed."),
    ):
        if not value_of(values, name):
            problems[name] = sentence
    if provider not in ("", "postgres", "sqlitecloud"):
        problems["provider"] = "Choose postgres or sqlitecloud."
    if value_of(values, "schema_name") and provider == "sqlitecloud":
        problems["schema_name"] = "Only postgres has schemas; leave it empty for sqlitecloud."
    return problems


async def submit(context: Context, arguments: Arguments, values: Values) -> Answer:
    """Make the proposal; `workspaceId` is never part of it."""
    await refuse_taken(context, values)
    label, name = value_of(values, "label"), value_of(values, "database_name")
    secrets = {"connectionString": value_of(values, "connection_string"), "jwtSecret": value_of(values, "jwt_secret")}
    environment, given = context.standing.environment, _given(values, secrets)
    tables = (await deleted(context, arguments.text("again"))).several("enabled_tables")
    if tables:
        given[THEN_ENABLE] = [*tables]
    operation = Operation(kind=OperationKind.REGISTER_DATABASE, environment=environment, arguments=given)
    return Proposal(
        operation=operation,
        target=Target(key=f"{environment}:new:{label}:{name}", id="", label=label),
        observation=await context.services.operations[operation.kind].observe(context.api, operation),
        operation_class=OperationClass.CHANGE,
        gate=Gate.NONE,
        action=AuditAction.DATABASES_REGISTER,
        summary=f"register the database “{label}”",
        secrets={name: value for name, value in secrets.items() if value},
    )


def _given(values: Values, secrets: Mapping[str, str]) -> dict[str, JsonValue]:
    host, _ = host_of(secrets["connectionString"])
    given: dict[str, JsonValue] = {
        "label": value_of(values, "label"),
        "provider": value_of(values, "provider"),
        "flavor": value_of(values, "flavor"),
        "databaseName": value_of(values, "database_name"),
        "schemaName": value_of(values, "schema_name"),
        "jwtAllowedIssuers": [*issuers_of(values)],
        "jwtExpectedAudiences": [*audiences_of(values)],
        "jwksUri": value_of(values, "jwks_uri"),
        "projectId": value_of(values, "project_id"),
        "host": host,
    }
    return {name: value for name, value in given.items() if value}


def command() -> Command:
    """`databases register`."""
    return Command(
        path=("databases", "register"),
        summary="Register a database, through a form.",
        example="databases register",
        operation_class=OperationClass.CHANGE,
        asks=Role.OPERATOR,
        gate=Gate.NONE,
        action=AuditAction.DATABASES_REGISTER,
        handler=form,
        endpoint="POST /v1/databases",
        parameters=(Parameter(name="again", kind=ParameterKind.TEXT, option="--again", summary=""),),
        form=FormSpec(title=TITLE, opens=lambda arguments: True, check=check, submit=submit, takes_secrets=True),
    )

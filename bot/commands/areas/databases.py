"""Databases: list, show and check. What changes them is in `database_forms`."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cloudsync.errors import CloudSyncError
from bot.cloudsync.models import ConnectionCheck, Database
from bot.commands.areas import database_changes, database_delete, database_register
from bot.commands.command import Answer, Arguments, Command, Parameter, ParameterKind
from bot.commands.context import Context
from bot.commands.failures import sentence_for
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.replies import (
    Action,
    Bullets,
    Code,
    CommandButton,
    Facts,
    Line,
    Moment,
    Mood,
    Paragraph,
    Part,
    Reply,
    Strong,
    line,
)

PAGE = 10
DATABASE = Parameter(
    name="database",
    kind=ParameterKind.DATABASE,
    summary="id, label, or the beginning of either",
    required=True,
)


async def list_all(context: Context, arguments: Arguments) -> Answer:
    """`databases list [text]`."""
    wanted = arguments.text("text").strip()
    everything = await context.api.list_databases()
    found = sorted(
        (database for database in everything if _fits(database, wanted.casefold())),
        key=lambda database: (database.label or database.id or "").casefold(),
    )
    pages = max(1, -(-len(found) // PAGE))
    page = min(arguments.get("page", int) or 1, pages)
    part = found[(page - 1) * PAGE : page * PAGE]
    about = f" that fit “{wanted}”" if wanted else ""
    if not found:
        return Reply(
            verdict=line(f"No databases{about}"),
            next_step=line("Next: register one.") if not wanted else line("Next: look at all of them."),
            actions=(CommandButton(label="All databases", command="databases list"),) if wanted else (),
        )
    where = f", page {page} of {pages}" if pages > 1 else ""
    return Reply(
        verdict=line(Strong(text=f"{len(found)} database{'s' if len(found) != 1 else ''}{about}"), where),
        parts=(Bullets(items=tuple(_listed(database) for database in part)),),
        next_step=line("Next: ", Code(text=f"{context.services.slash} databases show <name>"), " opens one."),
        actions=_paging(wanted, page, pages),
    )


def _fits(database: Database, wanted: str) -> bool:
    names = (database.label, database.id, database.provider, database.flavor, database.database_name)
    return not wanted or any(wanted in (name or "").casefold() for name in names)


def _listed(database: Database) -> Line:
    kind = " / ".join(part for part in (database.provider, database.flavor) if part)
    return line(
        Strong(text=database.label or "unnamed"), " ", Code(text=database.id or "?"), f" {kind}" if kind else ""
    )


def _paging(wanted: str, page: int, pages: int) -> tuple[Action, ...]:
    base = f'databases list "{wanted}"' if wanted else "databases list"
    buttons: list[Action] = []
    if page > 1:
        buttons.append(CommandButton(label="Previous", command=f"{base} --page {page - 1}", replaces=True))
    if page < pages:
        buttons.append(CommandButton(label="Next", command=f"{base} --page {page + 1}", replaces=True))
    return tuple(buttons)


async def show(context: Context, arguments: Arguments) -> Answer:
    """`databases show <db>`."""
    del arguments
    database = await context.api.get_database(context.database.id or "")
    database_id = database.id or context.database.id or ""
    return Reply(
        verdict=line(Strong(text=database.label or "unnamed"), f" is a {_kind(database)} database"),
        parts=(Facts(pairs=_facts(database)),),
        next_step=line("Next: check its connection, or look closer."),
        actions=(
            CommandButton(label="Check connection", command=f"databases check {database_id}"),
            CommandButton(label="Tables", command=f"tables list {database_id}"),
            CommandButton(label="Devices", command=f"devices list {database_id}"),
            CommandButton(label="Notifications", command=f"notifications status {database_id}"),
        ),
    )


def _kind(database: Database) -> str:
    parts = [part for part in (database.provider, database.flavor) if part]
    return " / ".join(dict.fromkeys(parts)) or "registered"


def _facts(database: Database) -> tuple[tuple[str, Line], ...]:
    host = f"{database.host}:{database.port}" if database.host and database.port else database.host
    pairs: list[tuple[str, Line]] = [("ID", line(Code(text=database.id or "unknown")))]
    for name, value in (
        ("Database name", database.database_name),
        ("Schema", database.schema_name),
        ("Host", host),
        ("Project", database.project_id),
        ("JWKS URI", database.jwks_uri),
    ):
        if value:
            pairs.append((name, line(value)))
    for name, values in (
        ("JWT issuers", database.jwt_allowed_issuers),
        ("JWT audiences", database.jwt_expected_audiences),
    ):
        if values:
            pairs.append((name, line(", ".join(values))))
    pairs.append(("JWT secret", line("never readable")))
    if database.updated_at:
        pairs.append(("Updated", line(Moment(at=database.updated_at))))
    return tuple(pairs)


async def check(context: Context, arguments: Arguments) -> Answer:
    """`databases check <db>`."""
    del arguments
    database_id = context.database.id or ""
    try:
        found = await context.api.check_connection(database_id)
    except CloudSyncError as error:
        if not any(code.startswith("database_") for code in error.codes):
            raise
        found = ConnectionCheck(ok=False)
        return _failed_check(context, found, error.codes, (), retryable=error.retryable)
    label = context.database.label or database_id
    when = (Paragraph(lines=(line("Checked ", Moment(at=found.checked_at)),)),) if found.checked_at else ()
    if found.ok:
        return Reply(
            verdict=line(Strong(text=label), " answers"),
            mood=Mood.GOOD,
            parts=when,
            next_step=line("Next: nothing to do."),
        )
    failure = found.failure
    codes = (failure.code,) if failure and failure.code else ()
    return _failed_check(context, found, codes, when, retryable=failure.retryable if failure else None)


def _failed_check(
    context: Context,
    found: ConnectionCheck,
    codes: Sequence[str],
    when: Sequence[Part],
    *,
    retryable: bool | None,
) -> Reply:
    known = sentence_for(codes[0]) if codes else None
    message = found.failure.message if found.failure else ""
    what, advice = known or (message or "The API does not say why.", "Look at the database itself.")
    again = CommandButton(label="Check again", command=f"databases check {context.database.id}", replaces=True)
    lines = [line(what)]
    if codes:
        lines.append(line("Code: ", Code(text=", ".join(codes))))
    helps = " Trying again may help." if retryable else " Trying again alone will not help."
    if retryable is None:
        helps = ""
    return Reply(
        verdict=line(Strong(text=context.database.label or context.database.id or ""), " does not answer"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=tuple(lines)), *when),
        next_step=line(f"Next: {advice[:1].lower()}{advice[1:]}{helps}"),
        actions=(again,) if retryable else (),
    )


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    page = Parameter(name="page", kind=ParameterKind.NUMBER, option="--page", summary="which page", minimum=1)
    text = Parameter(name="text", kind=ParameterKind.WORDS, summary="part of a label, id or provider")
    return (
        Command(
            path=("databases", "list"),
            summary="List the databases, or those that fit a word.",
            example="databases list orders",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.DATABASES_LIST,
            handler=list_all,
            endpoint="GET /v1/databases",
            parameters=(text, page),
        ),
        Command(
            path=("databases", "show"),
            summary="Show one database.",
            example="databases show orders-eu",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.DATABASES_SHOW,
            handler=show,
            endpoint="GET /v1/databases/:databaseID",
            parameters=(DATABASE,),
        ),
        Command(
            path=("databases", "check"),
            summary="Check live whether a database answers.",
            example="databases check orders-eu",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.DATABASES_CHECK,
            handler=check,
            endpoint="GET /v1/databases/:databaseID/connection",
            parameters=(DATABASE,),
        ),
        database_register.command(),
        database_changes.command(),
        database_delete.command(),
    )

"""Databases: list, show and check. What changes them is in the modules beside this one."""

from __future__ import annotations

from bot.cloudsync.errors import CloudSyncError
from bot.cloudsync.models import ConnectionCheck, ConnectionFailure, Database
from bot.commands.areas import database_changes, database_delete, database_register
from bot.commands.command import DATABASE, Answer, Arguments, Command, Parameter, ParameterKind
from bot.commands.context import Context
from bot.commands.failures import sentence_for
from bot.commands.normalise import quoted
from bot.commands.offering import offered, whom_to_ask
from bot.commands.wording import lower_first, next_or_page, past_the_end
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
from bot.services.first_words import REHEARSAL

PAGE = 10


async def list_all(context: Context, arguments: Arguments) -> Answer:
    """`databases list [text]`."""
    wanted = arguments.text("text").strip()
    everything = await context.api.list_databases()
    found = sorted(
        (database for database in everything if _fits(database, wanted.casefold())),
        key=lambda database: (database.label or database.id or "").casefold(),
    )
    pages = max(1, -(-len(found) // PAGE))
    asked = arguments.get("page", int) or 1
    page = min(asked, pages)
    part = found[(page - 1) * PAGE : page * PAGE]
    about = f" that {'fits' if len(found) == 1 else 'fit'} “{wanted}”" if wanted else ""
    if not found:
        return _none(context, about)
    where = f", page {page} of {pages}" if pages > 1 else ""
    turning = _paging(wanted, page, pages)
    leads, rehearsing = await _leading_on(context)
    return Reply(
        verdict=line(Strong(text=f"{len(found)} database{'s' if len(found) != 1 else ''}{about}"), where),
        parts=(*past_the_end(asked, pages), Bullets(items=tuple(_listed(database) for database in part))),
        next_step=next_or_page(turning, *leads),
        actions=(*turning, *rehearsing),
    )


async def _leading_on(context: Context) -> tuple[Line, tuple[Action, ...]]:
    """To one database; in a channel just set up first to the rehearsal, for those who may ask for it."""
    due = context.standing.role >= Role.OPERATOR and await context.services.first_run.rehearsal_is_due(
        context.standing.channel_id
    )
    if due:
        return line("press ", Strong(text=REHEARSAL.label), ", which touches nothing."), (REHEARSAL,)
    return line("open one with ", Code(text=f"{context.services.slash} databases show <name>"), "."), ()


def _none(context: Context, about: str) -> Reply:
    if about:
        return Reply(
            verdict=line(f"No databases{about}"),
            next_step=line("Next: look at all of them."),
            actions=(CommandButton(label="All databases", command="databases list"),),
        )
    registering = offered(context, (CommandButton(label="Register one", command="databases register"),))
    return Reply(
        verdict=line("No databases are registered"),
        next_step=line(f"Next: {'' if registering else whom_to_ask(context, 'databases register')}register one."),
        actions=registering,
    )


def _fits(database: Database, wanted: str) -> bool:
    names = (database.label, database.id, database.provider, database.flavor, database.database_name)
    return not wanted or any(wanted in (name or "").casefold() for name in names)


def _listed(database: Database) -> Line:
    kind = f" {database.kind}" if database.kind else ""
    return line(Strong(text=database.label or "unnamed"), " ", Code(text=database.id or "?"), kind)


def _paging(wanted: str, page: int, pages: int) -> tuple[Action, ...]:
    base = f"databases list {quoted(wanted)}" if wanted else "databases list"
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
        verdict=line(Strong(text=database.label or "unnamed"), f" is a {database.kind or 'registered'} database"),
        parts=(Facts(pairs=_facts(database)),),
        next_step=line("Next: check its connection, or look closer."),
        actions=(
            CommandButton(label="Check connection", command=f"databases check {database_id}"),
            CommandButton(label="Tables", command=f"tables list {database_id}"),
            CommandButton(label="Devices", command=f"devices list {database_id}"),
            CommandButton(label="Notifications", command=f"notifications status {database_id}"),
        ),
    )


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
        code = next((code for code in error.codes if sentence_for(code)), None)
        if code is None:
            raise
        failure = ConnectionFailure(code=code, retryable=error.retryable or None)
        return _failed_check(context, ConnectionCheck(ok=False, failure=failure))
    if not found.ok:
        return _failed_check(context, found)
    return Reply(
        verdict=line(Strong(text=context.database.label or database_id), " answers"),
        mood=Mood.GOOD,
        parts=(_checked(context, found),),
        next_step=line("Next: nothing to do."),
    )


def _checked(context: Context, found: ConnectionCheck) -> Part:
    """When it was checked: the API's word for it, else the moment in which it was asked."""
    return Paragraph(lines=(line("Checked ", Moment(at=found.checked_at or context.now)),))


def _failed_check(context: Context, found: ConnectionCheck) -> Reply:
    failure = found.failure or ConnectionFailure()
    helps = {True: " Trying again may help.", False: " Trying again alone will not help.", None: ""}[failure.retryable]
    what, advice = sentence_for(failure.code) or (
        failure.message or "The API does not say why.",
        f"Look at the database itself.{helps}",
    )
    lines = [line(what)]
    if failure.code:
        lines.append(line("Code: ", Code(text=failure.code)))
    again = CommandButton(label="Check again", command=f"databases check {context.database.id}", replaces=True)
    return Reply(
        verdict=line(Strong(text=context.database.label or context.database.id or ""), " does not answer"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=tuple(lines)), _checked(context, found)),
        next_step=line(f"Next: {lower_first(advice)}"),
        actions=(again,) if failure.retryable else (),
        code=failure.code or "",
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

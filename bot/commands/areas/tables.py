"""CloudSync tables: list, enable, disable."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from bot.cloudsync.models import Table
from bot.commands.asking import (
    REASON,
    described,
    named,
    needs_reason,
    propose,
    reason_of,
    reason_problem,
    reopening,
    several_of,
    typed_reason,
)
from bot.commands.command import DATABASE, Answer, Arguments, Command, FormSpec, Parameter, ParameterKind, Values
from bot.commands.context import Context
from bot.commands.normalise import quoted
from bot.commands.offering import offered, whom_to_ask
from bot.commands.wording import next_or_page, past_the_end
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.errors import InvalidInput
from bot.domain.replies import (
    LONGEST_COMMAND,
    Bullets,
    CommandButton,
    FieldKind,
    Form,
    FormField,
    Line,
    Reply,
    Strong,
    line,
)
from bot.domain.requests import OperationKind

SHOWN = 20
TOLD = 5
"""Unknown names that are told."""
COMPARED = 100
"""Letters of a name that are compared."""
TABLES = Parameter(name="tables", kind=ParameterKind.NAMES, summary="tables; left out, a menu asks for them")


async def list_all(context: Context, arguments: Arguments) -> Answer:
    """`tables list <db>`."""
    asked = arguments.get("page", int) or 1
    tables = sorted(await context.api.list_tables(context.database.id or ""), key=lambda table: table.name)
    enabled = sum(table.enabled is True for table in tables)
    pages = max(1, -(-len(tables) // SHOWN))
    page = min(asked, pages)
    base = f"tables list {context.database.id}"
    buttons = [
        CommandButton(label=label, command=f"{base} --page {number}", replaces=True)
        for label, number, there in (("Previous", page - 1, page > 1), ("Next", page + 1, page < pages))
        if there
    ]
    where = f", page {page} of {pages}" if pages > 1 else ""
    changing = _changing(context) if tables else ()
    verbs = " or ".join(button.label.lower() for button in changing)
    then = f"{verbs} tables." if changing else _for_others(context) if tables else "create tables in the database."
    return Reply(
        verdict=line(Strong(text=f"{enabled} of {len(tables)} tables sync"), f" in {described(context)}{where}"),
        parts=(
            *past_the_end(asked, pages),
            Bullets(items=tuple(_listed(table) for table in tables[(page - 1) * SHOWN : page * SHOWN])),
        ),
        next_step=next_or_page(buttons, then),
        actions=(*buttons, *changing),
    )


def _for_others(context: Context) -> str:
    """Who may change them, for those who only look."""
    disabling = ", or an admin to disable them" if context.standing.channel_role is Role.ADMIN else ""
    return f"{whom_to_ask(context, 'tables enable')}enable tables{disabling}."


def _changing(context: Context) -> tuple[CommandButton, ...]:
    enabling = CommandButton(label="Enable", command=f"tables enable {context.database.id}")
    return offered(context, (enabling, CommandButton(label="Disable", command=f"tables disable {context.database.id}")))


def _listed(table: Table) -> Line:
    state = {True: "syncs", False: "does not sync", None: "unknown"}[table.enabled]
    return line(Strong(text=table.name), f": {state}")


async def enable(context: Context, arguments: Arguments) -> Answer:
    """`tables enable <db> [<table>…]`."""
    names = arguments.names("tables")
    if not names:
        return await _form(context, arguments, enabling=True)
    return await _propose(context, names, enabling=True, reason=typed_reason(arguments))


async def disable(context: Context, arguments: Arguments) -> Answer:
    """`tables disable <db> [<table>…]`."""
    names = arguments.names("tables")
    if not names or needs_reason(arguments):
        return await _form(context, arguments, enabling=False)
    return await _propose(context, names, enabling=False, reason=typed_reason(arguments))


async def _form(context: Context, arguments: Arguments, *, enabling: bool) -> Form:
    chosen, reason = arguments.names("tables"), reason_of(arguments, {})
    if enabling:
        typed_reason(arguments)  # no field of this form shows how much of it is left
    tables = await context.api.list_tables(context.database.id or "")
    fitting = [table.name for table in tables if table.enabled is not enabling]
    known = _known(context, chosen, tables) if chosen else ()
    if not tables:
        raise InvalidInput(f"{described(context)} has no tables yet.", advice="Create tables in it first.")
    if not fitting and not known:
        state = "enabled" if enabling else "disabled"
        raise InvalidInput(f"Every table of {described(context)} is {state} already, so there is nothing to choose.")
    verb = "Enable" if enabling else "Disable"
    options = tuple((name, name) for name in dict.fromkeys((*known, *fitting)))
    choice = FormField(name="tables", label="Tables", kind=FieldKind.SEVERAL, options=options, value=known or None)
    asked = FormField(
        name="reason",
        label=REASON.label,
        kind=REASON.kind,
        value=reason or None,
        max_length=REASON.max_length,
        hint=REASON.hint,
    )
    return Form(
        title=f"{verb} tables",
        submit="Continue",
        command=_command(f"tables {verb.lower()} {context.database.id}", arguments),
        intro=(line(f"{verb} CloudSync in {described(context)}. You confirm it in the next message."),),
        fields=(choice,) if enabling else (choice, asked),
    )


def _command(base: str, arguments: Arguments) -> str:
    """What opens the form again: with the tables that were named, unless a button could not hold them all."""
    named_too = reopening(" ".join((base, *map(quoted, arguments.names("tables")))), arguments)
    return named_too if len(named_too) <= LONGEST_COMMAND else reopening(base, arguments)


def _known(context: Context, names: tuple[str, ...], tables: tuple[Table, ...]) -> tuple[str, ...]:
    """The names, all of which must be there; all that are not are told, with what comes near them."""
    there = [table.name for table in tables]
    missing = [name for name in names if name not in there]
    if missing:
        near = [close for name in missing for close in get_close_matches(name[:COMPARED], there, n=2, cutoff=0.6)]
        listed = ", ".join(f"“{name[:60]}”" for name in missing[:TOLD])
        more = f" and {len(missing) - TOLD} more" if len(missing) > TOLD else ""
        noun = "is no table" if len(missing) == 1 else "are no tables"
        raise InvalidInput(
            f"There {noun} {listed}{more} in this database.",
            nearest=[*dict.fromkeys(near)],
            advice=f"Take the name from `{context.services.slash} tables list {context.database.id}`.",
        )
    return names


async def _propose(context: Context, names: tuple[str, ...], *, enabling: bool, reason: str) -> Answer:
    tables = await context.api.list_tables(context.database.id or "")
    known = _known(context, names, tables)
    listed = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
    noun = "table" if len(known) == 1 else "tables"
    verb = "enable" if enabling else "disable"
    return await propose(
        context,
        OperationKind.ENABLE_TABLES if enabling else OperationKind.DISABLE_TABLES,
        summary=f"{verb} CloudSync for the {noun} {listed} of {named(context)}",
        operation_class=OperationClass.CHANGE if enabling else OperationClass.DESTRUCTIVE,
        gate=Gate.CONFIRM,
        action=AuditAction.TABLES_ENABLE if enabling else AuditAction.TABLES_DISABLE,
        reason=reason,
        items=known,
    )


def check_enable(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """At least one table."""
    del arguments
    return {} if several_of(values, "tables") else {"tables": "Choose at least one table."}


def check_disable(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """At least one table, and a reason."""
    return {**check_enable(arguments, values), **reason_problem(values)}


async def submit_enable(context: Context, arguments: Arguments, values: Values) -> Answer:
    """The chosen tables."""
    return await _propose(context, several_of(values, "tables"), enabling=True, reason=reason_of(arguments, values))


async def submit_disable(context: Context, arguments: Arguments, values: Values) -> Answer:
    """The chosen tables, with the reason."""
    return await _propose(context, several_of(values, "tables"), enabling=False, reason=reason_of(arguments, values))


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    page = Parameter(name="page", kind=ParameterKind.NUMBER, option="--page", summary="which page", minimum=1)
    return (
        Command(
            path=("tables", "list"),
            summary="List a database's tables and which of them sync.",
            example="tables list orders-eu",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.TABLES_LIST,
            handler=list_all,
            endpoint="GET /v1/databases/:databaseID/cloudsync/tables",
            parameters=(DATABASE, page),
        ),
        Command(
            path=("tables", "enable"),
            summary="Enable CloudSync for tables; you confirm.",
            example="tables enable orders-eu users orders",
            operation_class=OperationClass.CHANGE,
            asks=Role.OPERATOR,
            gate=Gate.CONFIRM,
            action=AuditAction.TABLES_ENABLE,
            handler=enable,
            endpoint="POST /v1/databases/:databaseID/cloudsync/enable",
            parameters=(DATABASE, TABLES),
            form=FormSpec(
                title="Enable tables",
                opens=lambda arguments: not arguments.names("tables"),
                check=check_enable,
                submit=submit_enable,
            ),
        ),
        Command(
            path=("tables", "disable"),
            summary="Disable CloudSync for tables; an admin confirms.",
            example='tables disable orders-eu orders --reason "schema change"',
            operation_class=OperationClass.DESTRUCTIVE,
            asks=Role.ADMIN,
            gate=Gate.CONFIRM,
            action=AuditAction.TABLES_DISABLE,
            handler=disable,
            endpoint="POST /v1/databases/:databaseID/cloudsync/disable",
            parameters=(DATABASE, TABLES),
            form=FormSpec(
                title="Disable tables",
                opens=lambda arguments: not arguments.names("tables") or needs_reason(arguments),
                check=check_disable,
                submit=submit_disable,
            ),
        ),
    )

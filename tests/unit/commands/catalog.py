"""A small registry with one command of every shape, for tests of the grammar."""

from __future__ import annotations

from typing import Any

from bot.commands.command import Answer, Arguments, Command, Parameter, ParameterKind
from bot.commands.context import Context
from bot.commands.registry import Registry
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.replies import Reply, line


async def answer(context: Context, arguments: Arguments) -> Answer:
    """A handler that the grammar never calls."""
    del context, arguments
    return Reply(verdict=line("Done"))


def parameter(name: str, kind: ParameterKind, **more: Any) -> Parameter:
    """A parameter with a summary made from its name."""
    return Parameter(**{"name": name, "kind": kind, "summary": f"the {name}", **more})


DATABASE = parameter("database", ParameterKind.DATABASE, required=True)


def command(path: str, *parameters: Parameter, **more: Any) -> Command:
    """A reading command, unless told otherwise."""
    given: dict[str, Any] = {
        "path": tuple(path.split()),
        "summary": f"Do {path}.",
        "example": path,
        "operation_class": OperationClass.READ,
        "asks": Role.VIEWER,
        "gate": Gate.NONE,
        "action": AuditAction.ORG_SHOW,
        "handler": answer,
        "parameters": parameters,
    }
    return Command(**{**given, **more})


HELP = command(
    "help",
    parameter("topic", ParameterKind.WORDS),
    operation_class=OperationClass.FREE,
    asks=Role.NONE,
    action=AuditAction.HELP,
)
LIST = command(
    "databases list",
    parameter("text", ParameterKind.WORDS),
    example="databases list orders",
    action=AuditAction.DATABASES_LIST,
)
SHOW = command("databases show", DATABASE, example='databases show "Primary DB"', action=AuditAction.DATABASES_SHOW)
DELETE = command(
    "databases delete",
    DATABASE,
    example='databases delete orders-eu --reason "moved"',
    operation_class=OperationClass.DESTRUCTIVE,
    asks=Role.OPERATOR,
    gate=Gate.APPROVE,
    action=AuditAction.DATABASES_DELETE,
)
ENABLE = command(
    "tables enable",
    DATABASE,
    parameter("tables", ParameterKind.NAMES),
    example="tables enable orders-eu users",
    operation_class=OperationClass.CHANGE,
    asks=Role.OPERATOR,
    gate=Gate.CONFIRM,
    action=AuditAction.TABLES_ENABLE,
)
TOKEN = command(
    "notifications token show", DATABASE, example="notifications token show orders-eu", action=AuditAction.TOKEN_SHOW
)
DEVICES = command(
    "devices list",
    DATABASE,
    parameter("page", ParameterKind.NUMBER, option="--page"),
    parameter("page_size", ParameterKind.NUMBER, option="--page-size", maximum=500),
    parameter("cursor", ParameterKind.NUMBER, option="--cursor", minimum=0, summary=""),
    example="devices list orders-eu --page 2",
    action=AuditAction.DEVICES_LIST,
)
AUDIT = command(
    "audit list",
    parameter("user", ParameterKind.PERSON, option="--user"),
    parameter("channel", ParameterKind.CHANNEL, option="--channel"),
    parameter("outcome", ParameterKind.CHOICE, option="--outcome", choices=("succeeded", "denied", "failed")),
    parameter("since", ParameterKind.TIME, option="--since"),
    parameter("all", ParameterKind.FLAG, option="--all"),
    example="audit --since 7d --user @ada",
    asks=Role.OPERATOR,
    action=AuditAction.AUDIT_LIST,
)
GRANT = command(
    "roles grant",
    parameter("subject", ParameterKind.SUBJECT, required=True),
    parameter("role", ParameterKind.ROLE, required=True),
    parameter("channel", ParameterKind.CHANNEL, option="--channel"),
    example="roles grant @ada operator --channel #prod",
    operation_class=OperationClass.MANAGE,
    asks=Role.ADMIN,
    action=AuditAction.ROLES_GRANT,
)
COMMANDS = (HELP, LIST, SHOW, DELETE, ENABLE, TOKEN, DEVICES, AUDIT, GRANT)


def registry() -> Registry:
    """The commands above."""
    return Registry(COMMANDS)

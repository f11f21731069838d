"""Push notifications: their status, and the Expo access token that sends them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cloudsync.models import ExpoToken
from bot.commands.asking import (
    REASON,
    approval_follows,
    ask_label,
    described,
    named,
    needs_reason,
    propose,
    reason_of,
    reason_problem,
    require_deciders,
    typed_reason,
    value_of,
)
from bot.commands.command import DATABASE, Answer, Arguments, Command, FormSpec, Values
from bot.commands.context import Context
from bot.commands.offering import offered, whom_to_ask
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.errors import Conflict
from bot.domain.replies import (
    Code,
    CommandButton,
    Facts,
    FieldKind,
    Form,
    FormField,
    Line,
    Moment,
    Mood,
    Paragraph,
    Reply,
    Strong,
    line,
)
from bot.domain.requests import OperationKind

SET_TITLE, DELETE_TITLE = "Set the Expo token", "Delete the Expo token"


async def status(context: Context, arguments: Arguments) -> Answer:
    """`notifications status <db>`."""
    del arguments
    database_id = context.database.id or ""
    found = await context.api.notification_status(database_id)
    label = context.database.label or database_id
    setting = offered(context, (CommandButton(label="Set a token", command=f"notifications token set {database_id}"),))
    asks = "" if setting else whom_to_ask(context, "notifications token set")
    if found.status == "enabled":
        return Reply(
            verdict=line(Strong(text=label), " sends push notifications"),
            mood=Mood.GOOD,
            next_step=line("Next: nothing to do."),
        )
    if found.status == "paused":
        return _paused(label, found.reason, setting, asks)
    if found.status == "disabled":
        return Reply(
            verdict=line(Strong(text=label), " sends no push notifications"),
            mood=Mood.PLAIN,
            next_step=line(f"Next: {asks}set an Expo access token to switch them on."),
            actions=setting,
        )
    return Reply(
        verdict=line(Strong(text=label), f": push status {found.status or 'unknown'}"),
        mood=Mood.WARNING,
        next_step=line("Next: look whether a token is set."),
        actions=(CommandButton(label="Token", command=f"notifications token show {database_id}"),),
    )


def _paused(label: str, reason: str | None, setting: tuple[CommandButton, ...], asks: str) -> Reply:
    if reason == "expo_unauthorized":
        return Reply(
            verdict=line("Expo refused the token: push is paused for ", Strong(text=label)),
            mood=Mood.BAD,
            parts=(Paragraph(lines=(line("Reason: ", Code(text=reason)),)),),
            next_step=line(f"Next: {asks}set a new Expo access token."),
            actions=setting,
        )
    return Reply(
        verdict=line("Push is paused for ", Strong(text=label)),
        mood=Mood.WARNING,
        parts=(Paragraph(lines=(line("Reason: ", Code(text=reason or "none given")),)),),
        next_step=line(f"Next: look up this reason with CloudSync's support, then {asks}set the token again."),
        actions=setting,
    )


async def show(context: Context, arguments: Arguments) -> Answer:
    """`notifications token show <db>`. No token is an answer."""
    del arguments
    database_id = context.database.id or ""
    token = await context.api.get_expo_token(database_id)
    label = context.database.label or database_id
    word = "Replace it" if token.present else "Set a token"
    setting = offered(context, (CommandButton(label=word, command=f"notifications token set {database_id}"),))
    asks = "" if setting else whom_to_ask(context, "notifications token set")
    if not token.present:
        return Reply(
            verdict=line("No Expo access token is set for ", Strong(text=label)),
            next_step=line(f"Next: {asks}set one to send push notifications."),
            actions=setting,
        )
    updated = line(Moment(at=token.updated_at)) if token.updated_at else line("the API does not tell")
    return Reply(
        verdict=line("An Expo access token is set for ", Strong(text=label)),
        mood=Mood.GOOD,
        parts=(Facts(pairs=(("Updated", updated), ("Value", line("never readable")))),),
        next_step=line("Next: nothing to do, or replace it." if setting else "Next: nothing to do."),
        actions=setting,
    )


async def set_form(context: Context, arguments: Arguments) -> Answer:
    """`notifications token set <db>`: the form says when one is replaced."""
    del arguments
    token = await context.api.get_expo_token(context.database.id or "")
    return Form(
        title=SET_TITLE,
        submit="Set",
        command=f"notifications token set {context.database.id}",
        intro=(line(f"For {described(context)}."), _set_now(token)),
        waits="Setting the token. You may close the form; the result then comes by message.",
        fields=(
            FormField(
                name="expo_access_token",
                label="Expo access token",
                kind=FieldKind.SECRET,
                hint="Sealed until it is sent, then forgotten; shown to nobody.",
            ),
        ),
    )


def _set_now(token: ExpoToken) -> Line:
    if not token.present:
        return line("No token is set now.")
    since = line(" (since ", Moment(at=token.updated_at), ")") if token.updated_at else ()
    return line("A token is set already", *since, ". Submitting replaces it.")


def check_set(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """A token without spaces."""
    del arguments
    token = value_of(values, "expo_access_token")
    if not token:
        return {"expo_access_token": "A token is needed."}
    return {"expo_access_token": "A token has no spaces."} if any(c.isspace() for c in token) else {}


async def submit_set(context: Context, arguments: Arguments, values: Values) -> Answer:
    """Set it: the form was the confirmation."""
    del arguments
    return await propose(
        context,
        OperationKind.SET_TOKEN,
        summary=f"set the Expo access token of {named(context)}",
        operation_class=OperationClass.CHANGE,
        gate=Gate.NONE,
        action=AuditAction.TOKEN_SET,
        secrets={"expoAccessToken": value_of(values, "expo_access_token")},
    )


async def delete(context: Context, arguments: Arguments) -> Answer:
    """`notifications token delete <db>`."""
    token = await context.api.get_expo_token(context.database.id or "")
    if not token.present:
        raise Conflict(f"No Expo access token is set for {described(context)}, so there is nothing to delete.")
    if not needs_reason(arguments):
        return await _propose_delete(context, typed_reason(arguments))
    await require_deciders(context)
    return Form(
        title=DELETE_TITLE,
        submit=ask_label(context),
        command=f"notifications token delete {context.database.id}",
        intro=(line(f"For {described(context)}. Push notifications stop. {approval_follows(context)}"),),
        fields=(REASON,),
    )


def check_delete(arguments: Arguments, values: Values) -> Mapping[str, str]:
    """A reason."""
    del arguments
    return reason_problem(values)


async def submit_delete(context: Context, arguments: Arguments, values: Values) -> Answer:
    """With the reason."""
    return await _propose_delete(context, reason_of(arguments, values))


async def _propose_delete(context: Context, reason: str) -> Answer:
    return await propose(
        context,
        OperationKind.DELETE_TOKEN,
        summary=f"delete the Expo access token of {named(context)}",
        operation_class=OperationClass.DESTRUCTIVE,
        gate=Gate.APPROVE,
        action=AuditAction.TOKEN_DELETE,
        reason=reason,
    )


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    return (
        Command(
            path=("notifications", "status"),
            summary="Show whether a database sends push notifications, and why not.",
            example="notifications status orders-eu",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.NOTIFICATIONS_STATUS,
            handler=status,
            endpoint="GET /v1/databases/:databaseID/notifications/status",
            parameters=(DATABASE,),
        ),
        Command(
            path=("notifications", "token", "show"),
            summary="Show whether an Expo access token is set, never the token.",
            example="notifications token show orders-eu",
            operation_class=OperationClass.READ,
            asks=Role.VIEWER,
            gate=Gate.NONE,
            action=AuditAction.TOKEN_SHOW,
            handler=show,
            endpoint="GET /v1/databases/:databaseID/notifications/expo-access-token",
            parameters=(DATABASE,),
        ),
        Command(
            path=("notifications", "token", "set"),
            summary="Set or replace the Expo access token, through a form.",
            example="notifications token set orders-eu",
            operation_class=OperationClass.CHANGE,
            asks=Role.OPERATOR,
            gate=Gate.NONE,
            action=AuditAction.TOKEN_SET,
            handler=set_form,
            endpoint="PUT /v1/databases/:databaseID/notifications/expo-access-token",
            parameters=(DATABASE,),
            form=FormSpec(
                title=SET_TITLE, opens=lambda arguments: True, check=check_set, submit=submit_set, takes_secrets=True
            ),
        ),
        Command(
            path=("notifications", "token", "delete"),
            summary="Ask for the deletion of the Expo access token; another admin approves.",
            example='notifications token delete orders-eu --reason "leaked"',
            operation_class=OperationClass.DESTRUCTIVE,
            asks=Role.OPERATOR,
            gate=Gate.APPROVE,
            action=AuditAction.TOKEN_DELETE,
            handler=delete,
            endpoint="DELETE /v1/databases/:databaseID/notifications/expo-access-token",
            parameters=(DATABASE,),
            form=FormSpec(title=DELETE_TITLE, opens=needs_reason, check=check_delete, submit=submit_delete),
        ),
    )

"""The audit trail as a file, for admins, in their own direct message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.commands.areas.audit_filters import filter_from, filters
from bot.commands.areas.audit_known import require_known, require_picked
from bot.commands.command import Answer, Arguments, Command, Parameter, ParameterKind
from bot.commands.context import Context
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.replies import Action, Code, CommandButton, LinkButton, Mood, Reply, Small, line
from bot.services.export_formats import ExportFormat
from bot.services.exports import Extract, Told

COMMAND_LINE = "python app.py audit export"
FORMATS = tuple(form.value for form in ExportFormat)
TOLD_AFTER = (5, 25, 90)
"""Seconds from one word of how far it is to the next. Of Slack's five answers, the file's own may take two."""


async def export(context: Context, arguments: Arguments) -> Answer:
    """`audit export` with the filters of `audit list`, oldest first."""
    form = ExportFormat(arguments.text("format") or ExportFormat.CSV)
    await require_picked(context, arguments)
    wanted = filter_from(arguments, context.standing.person.timezone)
    async with _telling_how_far(context) as told:
        made = await context.services.exports.deliver(
            wanted, form, context.invocation, context.standing.person, told=told
        )
    if not made.rows:
        await require_known(context, wanted)
        return Reply(
            verdict=line("Nothing in the trail fits, so there is no file"),
            next_step=line("Next: widen the question, or add ", Code(text="--all"), " for reads and mistypes."),
        )
    return _partial(made) if not made.complete else _whole(made)


@asynccontextmanager
async def _telling_how_far(context: Context) -> AsyncIterator[Told]:
    """Passes on what was heard last, now and then; a word that is on its way arrives before the answer."""
    heard, ended = ["looking through the trail"], asyncio.Event()

    async def tell() -> None:
        for seconds in TOLD_AFTER:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await ended.wait()
            if ended.is_set():
                return
            await context.say(_under_way(heard[-1]))

    telling = asyncio.create_task(tell())
    try:
        yield heard.append
    finally:
        ended.set()
        await telling


def _under_way(how_far: str) -> Reply:
    return Reply(
        verdict=line(f"Still exporting: {how_far}"),
        mood=Mood.WAITING,
        next_step=line("Next: wait; the file comes into your direct message with the bot."),
    )


def _whole(made: Extract) -> Reply:
    return Reply(
        verdict=line(f"Rows exported: {made.rows}, into your direct message with the bot"),
        mood=Mood.GOOD,
        parts=(_small(made),),
        next_step=line("Next: open the file there; nobody else sees it."),
        actions=_actions(made),
    )


def _partial(made: Extract) -> Reply:
    """More fitted than one file in the chat may hold."""
    return Reply(
        verdict=line(f"Only the oldest {made.rows} rows were exported, into your direct message with the bot"),
        mood=Mood.WARNING,
        parts=(_small(made),),
        next_step=line(
            "Next: narrow it by ",
            Code(text="--since"),
            " and ",
            Code(text="--until"),
            ", or have ",
            Code(text=COMMAND_LINE),
            " run on the bot's host.",
        ),
        actions=_actions(made),
    )


def _small(made: Extract) -> Small:
    return Small(line=line(f"Rows {made.first_seq} to {made.last_seq}, SHA-256 {made.sha256}"))


def _actions(made: Extract) -> tuple[Action, ...]:
    trail = CommandButton(label="Past exports", command=f"audit list --action {AuditAction.AUDIT_EXPORT.value}")
    return (LinkButton(label="Open the file", url=made.link), trail) if made.link else (trail,)


def commands() -> tuple[Command, ...]:
    """The command. It reads, but a whole trail at once: admins only."""
    form = Parameter(
        name="format",
        kind=ParameterKind.CHOICE,
        option="--format",
        summary="csv for spreadsheets, jsonl to verify from",
        choices=FORMATS,
    )
    return (
        Command(
            path=("audit", "export"),
            summary="Export the audit trail as a file into your direct message.",
            example="audit export --since 30d --format csv",
            operation_class=OperationClass.READ,
            asks=Role.ADMIN,
            gate=Gate.NONE,
            action=AuditAction.AUDIT_EXPORT,
            handler=export,
            parameters=(*filters(), form),
        ),
    )

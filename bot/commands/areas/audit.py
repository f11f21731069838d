"""The audit trail, asked from the chat: pages of it, and single stories."""

from __future__ import annotations

from bot.commands.areas.audit_asked import asked, narrower
from bot.commands.areas.audit_filters import cursors, filter_from, filters, no_page_of_ours
from bot.commands.areas.audit_known import require_known, require_picked
from bot.commands.areas.audit_verdict import nothing_verdict, page_verdict, rows_to_count
from bot.commands.areas.audit_words import STEPS_SHOWN, row_line, story_label, timeline
from bot.commands.command import Answer, Arguments, Command, Parameter, ParameterKind
from bot.commands.context import Context
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction, AuditFilter, AuditPage, AuditRecord
from bot.domain.errors import UnknownTarget
from bot.domain.replies import (
    Action,
    Bullets,
    Code,
    CommandButton,
    CommandMenu,
    Part,
    Reply,
    Small,
    line,
)


async def list_rows(context: Context, arguments: Arguments) -> Answer:
    """`audit list` with its filters, newest first."""
    return await listed(context, arguments, context.invocation.text)


async def listed(context: Context, arguments: Arguments, text: str) -> Reply:
    """One page, wherever the question came from; `text` is the question as it is asked again."""
    trail, timezone = context.services.trail, context.standing.person.timezone
    await require_picked(context, arguments)
    wanted = filter_from(arguments, timezone)
    await _require_page(context, wanted)
    found = await trail.page(wanted)
    question = asked(text)
    form = CommandButton(label="Filter", command=asked(text, path="audit search"))
    if not found.records:
        if found.scanned_to is None:
            await require_known(context, wanted)
        return _nothing(found, wanted, question, form)
    count = await trail.count(wanted, limit=rows_to_count(wanted))
    parts: list[Part] = [Bullets(items=tuple(row_line(record) for record in found.records))]
    if found.scanned_to is not None:
        further = "Newer" if wanted.after_seq is not None else "Older"
        parts.append(Small(line=line(f"Looked {_as_far(found, wanted)}; {further} looks further.")))
    newest = found.records[0].seq
    return Reply(
        verdict=page_verdict(count, wanted),
        parts=tuple(parts),
        next_step=line(
            "Next: open one story by its number, as in ",
            Code(text=f"{context.services.slash} audit show {newest}"),
            f", or narrow it down to what row {newest} names.",
        ),
        actions=(
            *_paging(found, wanted, question),
            _stories(found),
            *narrower(found.records, question, timezone),
            form,
        ),
    )


def _nothing(found: AuditPage, wanted: AuditFilter, question: str, form: CommandButton) -> Reply:
    stopped = found.scanned_to is not None
    way_on = "press Newer to look further on." if wanted.after_seq is not None else "press Older to look further back."
    return Reply(
        verdict=line(*nothing_verdict(wanted), f", looking {_as_far(found, wanted)}" if stopped else ""),
        next_step=line("Next: ", way_on if stopped else "widen the question, or look at everything."),
        actions=(
            *_further(found, wanted, question),
            CommandButton(label="Everything", command="audit list --all"),
            form,
        ),
    )


def _as_far(found: AuditPage, wanted: AuditFilter) -> str:
    return f"{'on' if wanted.after_seq is not None else 'back'} as far as row {found.scanned_to}"


async def _require_page(context: Context, wanted: AuditFilter) -> None:
    """A page that lies beyond the trail is none of ours."""
    cursor = max(wanted.before_seq or 0, wanted.after_seq or 0)
    if not cursor:
        return
    newest = (await context.services.trail.page(AuditFilter(quiet=True, limit=1))).records
    if not newest or cursor > newest[0].seq + 1:
        raise no_page_of_ours()


def _paging(found: AuditPage, wanted: AuditFilter, question: str) -> tuple[Action, ...]:
    newest, oldest = found.records[0].seq, found.records[-1].seq
    buttons = {
        **({"Newer": f"{question} --after-seq {newest}"} if found.has_newer else {}),
        **({"Older": f"{question} --before-seq {oldest}"} if found.has_older else {}),
        **{further.label: further.command for further in _further(found, wanted, question)},
    }
    return tuple(CommandButton(label=label, command=command, replaces=True) for label, command in buttons.items())


def _further(found: AuditPage, wanted: AuditFilter, question: str) -> list[CommandButton]:
    """A bounded look goes on where it stopped, in its direction, also when it has found nothing yet."""
    if found.scanned_to is None:
        return []
    label, cursor = ("Newer", "--after-seq") if wanted.after_seq is not None else ("Older", "--before-seq")
    return [CommandButton(label=label, command=f"{question} {cursor} {found.scanned_to}", replaces=True)]


def _stories(found: AuditPage) -> Action:
    """The stories of the page, to be opened."""
    first: dict[str, AuditRecord] = {}
    for record in found.records:
        first.setdefault(record.story, record)
    if len(first) == 1:
        return CommandButton(label="The story", command=f"audit show {found.records[0].seq}")
    options = tuple((story_label(record), f"audit show {record.seq}") for record in first.values())
    return CommandMenu(label="Open a story", options=options)


async def show(context: Context, arguments: Arguments) -> Answer:
    """`audit show <seq or request id>`: one whole story as a timeline, page by page."""
    reference, page = arguments.text("reference"), arguments.get("page", int) or 1
    story = await context.services.trail.story(reference, page=page, size=STEPS_SHOWN)
    if story is None:
        raise UnknownTarget(
            f"The trail holds no story for “{reference[:40]}”.", typed=reference, look=("Newest rows", "audit list")
        )
    return timeline(story, context.standing.person.timezone, page)


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    return (
        Command(
            path=("audit", "list"),
            summary="Ask the audit trail: changes, requests, decisions and refusals, newest first.",
            example="audit list --since 7d --action databases.delete",
            operation_class=OperationClass.READ,
            asks=Role.OPERATOR,
            gate=Gate.NONE,
            action=AuditAction.AUDIT_LIST,
            handler=list_rows,
            parameters=(*filters(), *cursors()),
        ),
        Command(
            path=("audit", "show"),
            summary="Show one whole story, by a row's number or a request's id.",
            example="audit show 42",
            operation_class=OperationClass.READ,
            asks=Role.OPERATOR,
            gate=Gate.NONE,
            action=AuditAction.AUDIT_SHOW,
            handler=show,
            parameters=(
                Parameter(
                    name="reference",
                    kind=ParameterKind.TEXT,
                    summary="a row's number, a request's id or a story's id",
                    required=True,
                ),
                Parameter(name="page", kind=ParameterKind.NUMBER, option="--page", summary="which page", minimum=1),
            ),
        ),
    )

"""The audit trail, asked from the chat: pages of it, and single stories."""

from __future__ import annotations

from difflib import get_close_matches

from bot.commands.areas.audit_words import page_verdict, row_line, timeline
from bot.commands.command import Answer, Arguments, Command, Parameter, ParameterKind
from bot.commands.context import Context
from bot.commands.normalise import normalise, requoted, split
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction, AuditFilter, AuditOutcome, AuditPage
from bot.domain.errors import InvalidInput, UnknownTarget
from bot.domain.replies import Action, Bullets, Code, CommandButton, Part, Reply, Small, line

PAGE = 10
CURSORS = ("--before-seq", "--after-seq")
"""Options that buttons alone use."""
OUTCOMES = tuple(outcome.value for outcome in AuditOutcome)
ACTIONS = tuple(action.value for action in AuditAction)


async def list_rows(context: Context, arguments: Arguments) -> Answer:
    """`audit list` with its filters, newest first."""
    wanted = filter_from(arguments)
    found = await context.services.trail.page(wanted)
    asked = _asked(context.invocation.text)
    if not found.records:
        return Reply(
            verdict=line("Nothing in the trail fits", _looked(found)),
            next_step=line("Next: press Older to look further back.")
            if found.scanned_to is not None
            else line("Next: widen the question, or look at everything."),
            actions=(*_further(found, asked), CommandButton(label="Everything", command="audit list --all")),
        )
    parts: list[Part] = [Bullets(items=tuple(row_line(record) for record in found.records))]
    if found.scanned_to is not None:
        parts.append(Small(line=line(f"Looked back as far as row {found.scanned_to}; Older looks further.")))
    return Reply(
        verdict=page_verdict(found, wanted),
        parts=tuple(parts),
        next_step=line(
            "Next: open one story by its number, as in ",
            Code(text=f"{context.services.slash} audit show {found.records[0].seq}"),
        ),
        actions=(*_paging(found, asked), *_narrowing(found, asked)),
    )


def _looked(found: AuditPage) -> str:
    return f", looking back as far as row {found.scanned_to}" if found.scanned_to is not None else ""


def filter_from(arguments: Arguments) -> AuditFilter:
    """The filter, with what cannot be told as `InvalidInput`."""
    since, until = arguments.values.get("since"), arguments.values.get("until")
    if since is not None and until is not None and since >= until:  # type: ignore[operator]
        raise InvalidInput(
            "The range is turned round: --since is not before --until.", example="audit list --since 7d --until 1d"
        )
    action, area = _action(arguments.text("action"))
    return AuditFilter(
        actor=arguments.get("user", str),
        action=action,
        area=area,
        target=arguments.text("database") or None,
        outcome=AuditOutcome(arguments.text("outcome")) if arguments.text("outcome") else None,
        channel=arguments.get("channel", str),
        text=arguments.text("text") or None,
        since=since,  # type: ignore[arg-type]
        until=until,  # type: ignore[arg-type]
        quiet=arguments.flag("all"),
        before_seq=arguments.get("before_seq", int),
        after_seq=arguments.get("after_seq", int),
        limit=PAGE,
    )


def _action(typed: str) -> tuple[AuditAction | None, str | None]:
    """An action (`databases.delete`, `databases delete`), or a whole area (`databases`)."""
    if not typed:
        return None, None
    wanted = typed.casefold().replace(" ", ".")
    areas = {action.split(".")[0] for action in ACTIONS}
    if wanted in areas:
        return None, wanted
    if wanted in ACTIONS:
        return AuditAction(wanted), None
    by_verb = [action for action in ACTIONS if action.split(".")[1] == wanted]
    near = by_verb or get_close_matches(wanted, [*ACTIONS, *areas], n=4, cutoff=0.4) or sorted(areas)[:6]
    raise InvalidInput(
        f"There is no action {typed[:40]}.", nearest=near, example="audit list --action databases.delete"
    )


def _asked(text: str) -> str:
    """The question as typed but for its cursor, to be asked again for another page."""
    words, kept = iter(split(normalise(text))), []
    for word in words:
        if word in CURSORS:
            next(words, None)
        elif not word.startswith(tuple(f"{option}=" for option in CURSORS)) and word != "--share":
            kept.append(word)
    while kept and kept[0].casefold() in ("audit", "list"):
        kept.pop(0)
    return " ".join(("audit list", *map(requoted, kept)))


def _paging(found: AuditPage, asked: str) -> tuple[Action, ...]:
    buttons: list[Action] = []
    newest, oldest = found.records[0].seq, found.records[-1].seq
    if found.has_newer:
        buttons.append(CommandButton(label="Newer", command=f"{asked} --after-seq {newest}", replaces=True))
    if found.scanned_to is not None:
        buttons += _further(found, asked)
    elif found.has_older:
        buttons.append(CommandButton(label="Older", command=f"{asked} --before-seq {oldest}", replaces=True))
    return tuple(buttons)


def _further(found: AuditPage, asked: str) -> list[CommandButton]:
    """A bounded look goes on where it stopped, also when it has found nothing yet."""
    if found.scanned_to is None:
        return []
    return [CommandButton(label="Older", command=f"{asked} --before-seq {found.scanned_to}", replaces=True)]


def _narrowing(found: AuditPage, asked: str) -> tuple[Action, ...]:
    """The same question about the newest row's person or database alone."""
    first = found.records[0]
    buttons: list[Action] = [CommandButton(label="Newest story", command=f"audit show {first.seq}")]
    if first.actor.startswith(("U", "W")) and "--user" not in asked:
        buttons.append(CommandButton(label="Same person", command=f"audit list --user <@{first.actor}>"))
    if first.target.startswith("db_") and "--database" not in asked:
        buttons.append(CommandButton(label="Same database", command=f"audit list --database {first.target}"))
    return tuple(buttons)


async def show(context: Context, arguments: Arguments) -> Answer:
    """`audit show <seq or request id>`: one whole story as a timeline."""
    reference = arguments.text("reference")
    records = await context.services.trail.story(reference)
    if not records:
        raise UnknownTarget(f"The trail holds no story for “{reference[:40]}”.", typed=reference)
    return timeline(records)


def filters() -> tuple[Parameter, ...]:
    """What `audit list` and `audit export` are narrowed by."""
    return (
        Parameter(name="user", kind=ParameterKind.PERSON, option="--user", summary="who did it"),
        Parameter(name="action", kind=ParameterKind.TEXT, option="--action", summary="what, as in databases.delete"),
        Parameter(name="database", kind=ParameterKind.TEXT, option="--database", summary="id or label of the target"),
        Parameter(
            name="outcome", kind=ParameterKind.CHOICE, option="--outcome", summary="how it ended", choices=OUTCOMES
        ),
        Parameter(name="channel", kind=ParameterKind.CHANNEL, option="--channel", summary="where"),
        Parameter(name="since", kind=ParameterKind.TIME, option="--since", summary="7d, 2026-11-01, yesterday 14:00"),
        Parameter(name="until", kind=ParameterKind.TIME, option="--until", summary="likewise"),
        Parameter(name="text", kind=ParameterKind.TEXT, option="--text", summary="words that occur in it"),
        Parameter(name="all", kind=ParameterKind.FLAG, option="--all", summary="with reads and mistypes"),
    )


def commands() -> tuple[Command, ...]:
    """The area's commands."""
    number = ParameterKind.NUMBER
    cursors = (
        Parameter(name="before_seq", kind=number, option="--before-seq", summary=""),
        Parameter(name="after_seq", kind=number, option="--after-seq", summary=""),
    )
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
            parameters=(*filters(), *cursors),
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
            ),
        ),
    )

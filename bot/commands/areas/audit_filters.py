"""What the trail can be asked by: the filters as options, and as the trail takes them."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches

from bot.commands.areas.audit_asked import day_around
from bot.commands.command import Arguments, Parameter, ParameterKind
from bot.domain.audit import AuditAction, AuditFilter, AuditOutcome
from bot.domain.errors import InvalidInput

PAGE = 8
"""Rows on a page: with what stands around them, two screens of a phone at the most."""
OUTCOMES = tuple(outcome.value for outcome in AuditOutcome)
ACTIONS = tuple(action.value for action in AuditAction)
WENT_WRONG = (
    AuditOutcome.REJECTED,
    AuditOutcome.FAILED,
    AuditOutcome.NOT_SENT,
    AuditOutcome.UNKNOWN,
    AuditOutcome.ABANDONED,
    AuditOutcome.STALE,
)
SPOKEN = {
    "done": (AuditOutcome.SUCCEEDED,),
    "refused": (AuditOutcome.DENIED,),
    "wrong": WENT_WRONG,
}
"""Outcomes as people say them, and as the answers do."""


def filters() -> tuple[Parameter, ...]:
    """What a question can be narrowed by, in every command that asks; a page of it by `cursors`."""
    text, time = ParameterKind.TEXT, ParameterKind.TIME
    return (
        Parameter(name="user", kind=ParameterKind.PERSON, option="--user", summary="who did it", unpicked=True),
        Parameter(
            name="action",
            kind=text,
            option="--action",
            summary="what, as in databases delete or delete",
            runs_on=True,
        ),
        Parameter(name="database", kind=text, option="--database", summary="id or label of the target"),
        Parameter(
            name="outcome",
            kind=ParameterKind.CHOICE,
            option="--outcome",
            summary="how it ended",
            choices=(*OUTCOMES, *SPOKEN),
        ),
        Parameter(name="channel", kind=ParameterKind.CHANNEL, option="--channel", summary="where", unpicked=True),
        Parameter(name="since", kind=time, option="--since", summary="7d, 2026-11-01, yesterday 14:00"),
        Parameter(name="until", kind=time, option="--until", summary="likewise", ends=True),
        Parameter(name="day", kind=time, option="--day", summary="one day, as in yesterday or 2026-11-01"),
        Parameter(name="text", kind=text, option="--text", summary="words that occur in it"),
        Parameter(name="all", kind=ParameterKind.FLAG, option="--all", summary="with reads and mistypes"),
    )


def cursors() -> tuple[Parameter, ...]:
    """Where a page begins or ends, as the buttons carry it: only what is paged takes them."""
    return tuple(
        Parameter(name=name, kind=ParameterKind.TEXT, option=option, summary="")
        for name, option in (("before_seq", "--before-seq"), ("after_seq", "--after-seq"))
    )


def filter_from(arguments: Arguments, timezone: str | None = None) -> AuditFilter:
    """The filter, with what cannot be told as `InvalidInput`."""
    since, until = range_from(arguments, timezone)
    before, after = _page(arguments.text("before_seq")), _page(arguments.text("after_seq"))
    if before is not None and after is not None:
        raise no_page_of_ours()
    action, area, verb = _action(arguments.text("action"))
    outcomes = _outcomes(arguments.text("outcome"))
    return AuditFilter(
        actor=arguments.get("user", str),
        action=action,
        area=area,
        verb=verb,
        target=arguments.text("database") or None,
        outcome=outcomes[0] if len(outcomes) == 1 else None,
        outcomes=outcomes if len(outcomes) > 1 else (),
        channel=arguments.get("channel", str),
        text=_words(arguments.text("text")),
        since=since,
        until=until,
        quiet=arguments.flag("all"),
        before_seq=before,
        after_seq=after,
        limit=PAGE,
    )


def range_from(arguments: Arguments, timezone: str | None) -> tuple[datetime | None, datetime | None]:
    """The stretch of time that is asked about, its end exclusive."""
    since, until, day = (arguments.get(name, datetime) for name in ("since", "until", "day"))
    if day is not None:
        if since is not None or until is not None:
            raise InvalidInput(
                "--day is a range by itself: leave out --since and --until.", example="audit list --day yesterday"
            )
        return day_around(day, timezone)
    if since is not None and until is not None and since >= until:
        how = "empty: --since and --until are the same" if since == until else "turned round: --since is after --until"
        raise InvalidInput(f"The range is {how}.", example="audit list --since 7d --until 1d")
    return since, until


def _page(typed: str) -> int | None:
    """A cursor as the buttons carry it."""
    if not typed:
        return None
    if not typed.isascii() or not typed.isdecimal() or not 0 < int(typed[:19]) < 2**62:
        raise no_page_of_ours()
    return int(typed[:19])


def _outcomes(typed: str) -> tuple[AuditOutcome, ...]:
    return (SPOKEN.get(typed) or (AuditOutcome(typed),)) if typed else ()


def _words(typed: str) -> str | None:
    if typed and not any(character.isalnum() for character in typed):
        raise InvalidInput("--text holds no word to look for.", example='audit list --text "moved to another region"')
    return typed or None


def _action(typed: str) -> tuple[AuditAction | None, str | None, str | None]:
    """An action (`databases.delete`, `databases delete`), a whole area (`databases`), or a verb in all (`delete`)."""
    if not typed:
        return None, None, None
    wanted = action_typed(typed)
    areas, verbs = ({action.split(".")[part] for action in ACTIONS} for part in (0, 1))
    if wanted in areas:
        return None, wanted, None
    if wanted in ACTIONS:
        return AuditAction(wanted), None, None
    if wanted in verbs:
        return None, None, wanted
    near = get_close_matches(wanted, [*ACTIONS, *areas, *sorted(verbs)], n=4, cutoff=0.4) or sorted(areas)[:6]
    raise InvalidInput(
        f"There is no action {typed[:40]}.", nearest=near, example="audit list --action databases.delete"
    )


def action_typed(typed: str) -> str:
    """An action as the trail has it: `token delete` and `notifications token delete` have a verb of two words."""
    words = typed.casefold().replace(".", " ").replace("_", " ").split()
    areas = {action.partition(".")[0] for action in ACTIONS}
    if words and words[0] in areas:
        return ".".join((words[0], "_".join(words[1:]))).rstrip(".")
    return "_".join(words)


def no_page_of_ours() -> InvalidInput:
    """A cursor that no button of ours carries."""
    return InvalidInput(
        "This is no page of the trail.",
        advice="Ask again without it, and go on with the buttons Older and Newer.",
        example="audit list --since 7d",
    )

"""`audit summary`: who did what, how it ended, and how long approvals were waited for."""

from __future__ import annotations

from datetime import timedelta

from bot.commands.areas.audit_asked import range_asked
from bot.commands.areas.audit_figures_words import class_chart, ends_table, lasted, refusals, totals
from bot.commands.areas.audit_filters import filters, range_from
from bot.commands.command import Answer, Arguments, Command
from bot.commands.context import Context
from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditAction
from bot.domain.audit_figures import AuditSummary
from bot.domain.replies import CommandButton, Facts, Line, Moment, Part, Reply, Small, Strong, line

USUALLY = timedelta(days=30)
RANGE = frozenset({"since", "until", "day"})


async def summary(context: Context, arguments: Arguments) -> Answer:
    """The figures of the range, by default of the last thirty days."""
    since, until = range_from(arguments, context.standing.person.timezone)
    since = since or (None if until else context.now - USUALLY)
    found = await context.services.trail.summary(since=since, until=until)
    when = line(*((" since ", Moment(at=since)) if since else ()), *((" until ", Moment(at=until)) if until else ()))
    asked = range_asked(context.invocation.text) or f"--since {USUALLY.days}d"
    everything = CommandButton(label="List it", command=f"audit list {asked}")
    if not found.tallies:
        return Reply(
            verdict=line("Nothing was done", *when),
            next_step=line("Next: ask for a longer time, as in --since 90d."),
            actions=(CommandButton(label="A year", command="audit summary --since 365d"),),
        )
    classes = {command.action: command.operation_class for command in context.registry.commands}
    return Reply(
        verdict=line(Strong(text=totals(found, classes)), *when),
        parts=(*class_chart(found, classes), *_more(found)),
        next_step=line("Next: look at what was refused or went wrong, or at the longest wait."),
        actions=(
            CommandButton(label="Refusals", command=f"audit list {asked} --outcome refused"),
            CommandButton(label="What went wrong", command=f"audit list {asked} --outcome wrong"),
            *_longest(found),
            everything,
        ),
    )


def _more(found: AuditSummary) -> tuple[Part, ...]:
    facts = (("Not permitted", refusals(found)), ("Approvals", _waiting(found)))
    bound: tuple[Part, ...] = ()
    if found.counted_from is not None:
        begins = Moment(at=found.counted_from)
        bound = (Small(line=line("The range holds more rows than are counted: these figures begin ", begins, ".")),)
    return (*ends_table(found), Facts(pairs=facts), *bound)


def _waiting(found: AuditSummary) -> Line:
    waiting = found.waiting
    if not waiting.decided:
        return line("none was decided by somebody else")
    return line(
        f"{waiting.decided:,} decided; waited for {lasted(waiting.median)} in the middle, "
        f"{lasted(waiting.longest)} at the longest"
    )


def _longest(found: AuditSummary) -> tuple[CommandButton, ...]:
    request = found.waiting.longest_request
    return (CommandButton(label="Longest wait", command=f"audit show {request}"),) if request else ()


def commands() -> tuple[Command, ...]:
    """The area's command."""
    return (
        Command(
            path=("audit", "summary"),
            summary="Sum up the audit trail: who does what, how it ends, how long approvals take.",
            example="audit summary --since 30d",
            operation_class=OperationClass.READ,
            asks=Role.OPERATOR,
            gate=Gate.NONE,
            action=AuditAction.AUDIT_SUMMARY,
            handler=summary,
            parameters=tuple(one for one in filters() if one.name in RANGE),
        ),
    )

"""The one place that turns errors into sentences: what happened, whether trying again helps, what to do now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bot.cloudsync.errors import CloudSyncError
from bot.commands.api_failures import API_SENTENCES, api_failure
from bot.commands.conflicts import CONFLICTS
from bot.commands.registry import Registry
from bot.commands.wording import lower_first, with_code
from bot.domain.database_failures import sentence_for as sentence_for
from bot.domain.errors import (
    ConfigurationError,
    Denied,
    FieldErrors,
    InvalidInput,
    PeopleUnavailable,
    SecretInText,
    TrailUnavailable,
    Unavailable,
    UnknownTarget,
)
from bot.domain.ports import MessageDelayed, MessageRefused
from bot.domain.replies import (
    Action,
    Bullets,
    Code,
    CommandButton,
    CommandMenu,
    Mood,
    Paragraph,
    Part,
    Reply,
    Span,
    line,
)
from bot.domain.secrecy import redact
from bot.domain.slack_refusals import UNINVITED, refusal_in_words
from bot.services.access import NeedsSecondAdmin

NEAREST_SHOWN = 5
BUTTONS_SHOWN = 3


def failure_reply(error: BaseException, *, registry: Registry, reference: str, slash: str) -> Reply:
    """The answer to whatever went wrong. Nothing secret is in it, whatever the error holds.

    What is no error of ours is answered as a fault of the program; the log has the rest under the reference.
    """
    if isinstance(error, CloudSyncError):
        reply = api_failure(error)
    else:
        writer = next((_WRITERS[kind] for kind in type(error).__mro__ if kind in _WRITERS), None)
        reply = writer(error, registry, slash) if writer else _unexpected()
    return replace(reply, reference=reference)


def told_kinds() -> frozenset[type[BaseException]]:
    """Every kind of error that has a sentence of its own: a surface test walks the tree against it."""
    return frozenset(_WRITERS) | frozenset(API_SENTENCES)


def _unexpected() -> Reply:
    return Reply(
        verdict=line("Something went wrong in the bot itself"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=(line("Whether anything was sent stands in the audit trail."),)),),
        next_step=line("Next: look there before you try again, and give the reference to whoever runs the bot."),
    )


def _verdict(text: str) -> str:
    return redact(text).rstrip(".")


def _invalid(error: InvalidInput, registry: Registry, slash: str) -> Reply:
    parts: list[Part] = [Bullets(items=tuple(with_code(redact(one)) for one in error.each))] if error.each else []
    if error.nearest:
        parts.append(Paragraph(lines=(line("Did you mean ", *_either(error.nearest[:NEAREST_SHOWN]), "?"),)))
    example = line(Code(text=f"{slash} {error.example}")) if error.example else ()
    if error.advice and example:
        parts.append(Paragraph(lines=(line("For example: ", *example),)))
    return Reply(
        verdict=line(_verdict(error.problem)),
        mood=Mood.REFUSED,
        parts=tuple(parts),
        next_step=_what_now(error.advice, example, slash),
        actions=_how_to(error.nearest, registry),
    )


def _what_now(advice: str, example: tuple[Span, ...], slash: str) -> tuple[Span, ...]:
    if advice:
        return line("Next: ", *with_code(lower_first(advice)))
    if example:
        return line("Next: try ", *example)
    return line("Next: ", Code(text=f"{slash} help"), " shows what can be asked.")


def _either(names: Sequence[str]) -> tuple[Span, ...]:
    spans: list[Span] = []
    for number, name in enumerate(names):
        if number:
            spans.append(" or " if number == len(names) - 1 else ", ")
        spans.append(Code(text=name))
    return tuple(spans)


def _how_to(nearest: Sequence[str], registry: Registry) -> tuple[Action, ...]:
    """One tap to the help of a command that was probably meant; options and roles are no commands."""
    commands = [command for name in nearest[:BUTTONS_SHOWN] if (command := registry.named(name))]
    return tuple(CommandButton(label=f"How to {one.name}", command=f"help {one.name}") for one in commands)


def _fields(error: FieldErrors, registry: Registry, slash: str) -> Reply:
    del registry, slash
    return Reply(
        verdict=line("Not sent: the form holds what cannot be taken"),
        mood=Mood.REFUSED,
        parts=(Bullets(items=tuple(line(redact(problem)) for problem in error.fields.values())),),
        next_step=line("Next: open the form again and mend these."),
    )


def _secret(error: SecretInText, registry: Registry, slash: str) -> Reply:
    del registry
    kept = line("Nothing was sent. The text is not kept, only the fingerprint ", Code(text=error.fingerprint))
    known = error.advice or "Slack has it all the same: take it for known to others, and rotate it now."
    return Reply(
        verdict=line("Refused: ", error.because or f"this text holds what looks like {error.what}"),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(kept, line(known))),),
        next_step=line(
            "Next: secrets go into forms, as with ",
            Code(text=f"{slash} databases register"),
            " or ",
            Code(text=f"{slash} notifications token set <database>"),
        ),
    )


def _unknown_target(error: UnknownTarget, registry: Registry, slash: str) -> Reply:
    """Candidates whose values are whole commands become a menu; see `bot.commands.parsing.retyped`."""
    del registry, slash
    menu = tuple((label, value) for value, label in error.candidates if " " in value)
    listed = tuple(line(redact(label)) for _, label in error.candidates[:NEAREST_SHOWN])
    if not listed:
        return Reply(
            verdict=line(_verdict(error.problem)),
            mood=Mood.REFUSED,
            next_step=line("Next: look at what there is, then ask again."),
            actions=(CommandButton(label=error.look[0], command=error.look[1]),),
        )
    heading = "These fit:" if error.ambiguous else "These come nearest:"
    return Reply(
        verdict=line(_verdict(error.problem)),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(line(heading),)), Bullets(items=listed)),
        next_step=line("Next: choose one of these, or type its id."),
        actions=(CommandMenu(label="Choose", options=menu),) if menu else (),
    )


def _denied(error: Denied, registry: Registry, slash: str) -> Reply:
    del registry, slash
    remedy = f"Nothing was sent. Next: {lower_first(error.remedy)}" if error.remedy else "Nothing was sent."
    return Reply(
        verdict=line("Not permitted: ", lower_first(_verdict(error.missing))),
        mood=Mood.REFUSED,
        next_step=with_code(remedy),
        actions=(CommandButton(label="Who am I here", command="whoami"),),
    )


def _second_admin(error: NeedsSecondAdmin, registry: Registry, slash: str) -> Reply:
    del error, registry, slash
    return Reply(
        verdict=line("A second admin must agree to this"),
        mood=Mood.REFUSED,
        next_step=line("Nothing was changed. Next: ask in an admin channel, where another admin can approve it."),
    )


def _unavailable(error: Unavailable, registry: Registry, slash: str) -> Reply:
    del registry, slash
    advice = "try again in a moment." if error.retryable else "tell whoever runs the bot; trying again will not help."
    return Reply(verdict=line(_verdict(error.what)), mood=Mood.BAD, next_step=line(f"Nothing was sent. Next: {advice}"))


def _trail(error: TrailUnavailable, registry: Registry, slash: str) -> Reply:
    del registry, slash
    return Reply(
        verdict=line("Changes are off: the audit trail cannot be relied upon"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=(line(redact(error.what)),)),),
        next_step=line("Nothing was sent; reading still works. Next: tell whoever runs the bot."),
    )


def _people(error: PeopleUnavailable, registry: Registry, slash: str) -> Reply:
    del error, registry, slash
    return Reply(
        verdict=line("Not permitted: Slack did not say who is who just now"),
        mood=Mood.REFUSED,
        next_step=line("Nothing was sent. Next: try again in a moment."),
    )


def _setup(error: ConfigurationError, registry: Registry, slash: str) -> Reply:
    del registry, slash
    return Reply(
        verdict=line("The bot is not set up for this"),
        mood=Mood.BAD,
        parts=(Bullets(items=tuple(line(redact(problem)) for problem in error.problems)),),
        next_step=line("Trying again will not help. Next: tell whoever runs the bot."),
    )


def _refused_by_slack(error: MessageRefused, registry: Registry, slash: str) -> Reply:
    del registry, slash
    if error.code == "missing_scope":
        return Reply(
            verdict=line("The Slack app lacks a right that this needs: ", Code(text=error.code)),
            mood=Mood.BAD,
            next_step=line("Next: whoever runs the bot runs ", Code(text="python app.py doctor"), ", which names it."),
        )
    if error.code in UNINVITED:
        return Reply(
            verdict=line("Slack does not let the bot write there: ", Code(text=error.code)),
            mood=Mood.BAD,
            next_step=line("Next: invite the bot with ", Code(text="/invite"), " in that channel, then ask again."),
        )
    verdict, advice = refusal_in_words(error.code)
    return Reply(verdict=line(f"{verdict}: ", Code(text=error.code)), mood=Mood.BAD, next_step=line(f"Next: {advice}"))


def _delayed_by_slack(error: MessageDelayed, registry: Registry, slash: str) -> Reply:
    del registry, slash
    advice = "look whether it came; if not, ask again in a minute." if error.sent_maybe else "ask again in a minute."
    return Reply(
        verdict=line("Slack did not take the message just now: ", Code(text=error.code)),
        mood=Mood.WARNING,
        next_step=line(f"Next: {advice}"),
    )


_WRITERS: Mapping[type[BaseException], Callable[[Any, Registry, str], Reply]] = MappingProxyType(
    {
        InvalidInput: _invalid,
        FieldErrors: _fields,
        SecretInText: _secret,
        UnknownTarget: _unknown_target,
        Denied: _denied,
        **CONFLICTS,
        NeedsSecondAdmin: _second_admin,
        Unavailable: _unavailable,
        TrailUnavailable: _trail,
        PeopleUnavailable: _people,
        ConfigurationError: _setup,
        MessageRefused: _refused_by_slack,
        MessageDelayed: _delayed_by_slack,
    }
)
"""A kind without a writer of its own is told by its nearest ancestor's; what has none is unexpected."""

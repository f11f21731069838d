"""The one place that turns errors into sentences: what happened, whether trying again helps, what to do now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.cloudsync.errors import (
    ApiBroken,
    ApiRefused,
    ApiTimeout,
    ApiUnreachable,
    CloudSyncError,
    NotFound,
    RateLimited,
    Unauthorized,
)
from bot.commands.registry import Registry
from bot.domain.errors import (
    BotError,
    ConfigurationError,
    Conflict,
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
from bot.domain.replies import Action, Code, CommandMenu, Line, Mood, Paragraph, Part, Reply, line
from bot.services.access import NeedsSecondAdmin

DATABASE_CODES: Mapping[str, tuple[str, str]] = {
    "database_paused": (
        "The database is paused by its provider.",
        "Wake it up in the provider's dashboard, then try again.",
    ),
    "database_auth_failed": (
        "The database refused the user name or password.",
        "Check the credentials in the connection string, then try again.",
    ),
    "database_unreachable": (
        "The database could not be reached over the network.",
        "Check host, port and firewall; if they are right, try again in a minute.",
    ),
    "database_permission_denied": (
        "The database let us in, but the user may not do what CloudSync needs.",
        "Give the database user the missing rights, then try again.",
    ),
    "database_cloudsync_not_ready": (
        "The database answers, but CloudSync is not installed or not ready in it.",
        "Install the CloudSync extension there, then try again.",
    ),
    "database_error": (
        "The database answered with an error of its own.",
        "Look at the database's log; trying again helps only if the cause was passing.",
    ),
}


def sentence_for(code: str) -> tuple[str, str] | None:
    """What a `database_*` code means and what to do; None for a code that is not known."""
    return DATABASE_CODES.get(code)


def failure_reply(error: BaseException, *, registry: Registry, reference: str, slash: str) -> Reply:
    """The answer to whatever went wrong. Nothing secret is in it, whatever the error holds."""
    writer = next((_WRITERS[kind] for kind in type(error).__mro__ if kind in _WRITERS), None)
    if writer is None:
        return _unexpected(reference)
    reply = writer(error, slash)
    return Reply(
        verdict=reply.verdict,
        mood=reply.mood,
        parts=reply.parts,
        next_step=reply.next_step,
        actions=reply.actions,
        reference=reference,
    )


def _unexpected(reference: str) -> Reply:
    return Reply(
        verdict=line("Something went wrong in the bot itself"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=(line("Nothing more was sent than the audit trail shows."),)),),
        next_step=line("Next: try once more; if it stays, give the reference to whoever runs the bot."),
        reference=reference,
    )


def _invalid(error: InvalidInput, slash: str) -> Reply:
    parts: list[Part] = []
    if error.nearest:
        meant = ", ".join(error.nearest[:5])
        parts.append(Paragraph(lines=(line("Did you mean: ", Code(text=meant)),)))
    example: Line = line("Next: try ", Code(text=f"{slash} {error.example}")) if error.example else ()
    advice: Line = line(f"Next: {_lower_first(error.advice)}") if error.advice else ()
    return Reply(
        verdict=line(error.problem),
        mood=Mood.REFUSED,
        parts=tuple(parts),
        next_step=advice or example or line("Next: ", Code(text=f"{slash} help"), " shows what can be asked."),
    )


def _secret(error: SecretInText, slash: str) -> Reply:
    return Reply(
        verdict=line("Refused: this text holds what looks like ", error.what),
        mood=Mood.REFUSED,
        parts=(
            Paragraph(
                lines=(
                    line("Nothing was sent, and only a fingerprint was kept: ", Code(text=error.fingerprint), "."),
                    line("Slack has seen it, so take it for known to others and rotate it now."),
                )
            ),
        ),
        next_step=line(
            "Next: secrets go into forms, as with ",
            Code(text=f"{slash} databases register"),
            " or ",
            Code(text=f"{slash} notifications token set <db>"),
        ),
    )


def _unknown_target(error: UnknownTarget, slash: str) -> Reply:
    del slash
    actions: tuple[Action, ...] = ()
    commands = tuple((label, value) for value, label in error.candidates)
    if commands and all(" " in value for _, value in commands):
        actions = (CommandMenu(label="Choose", options=commands),)
    listed = tuple(line(label) for _, label in error.candidates[:5])
    return Reply(
        verdict=line(error.problem),
        mood=Mood.REFUSED,
        parts=(Paragraph(lines=(line("Nearest:"), *listed)),) if listed else (),
        next_step=line("Next: choose one of these, or type its id.") if listed else line("Next: check the name."),
        actions=actions,
    )


def _denied(error: Denied, slash: str) -> Reply:
    del slash
    return Reply(
        verdict=line("Not permitted: ", _lower_first(error.missing)),
        mood=Mood.REFUSED,
        next_step=line("Next: ", _lower_first(error.remedy)) if error.remedy else line("Nothing was sent."),
    )


def _conflict(error: Conflict, slash: str) -> Reply:
    del slash
    return Reply(
        verdict=line(error.holds),
        mood=Mood.REFUSED,
        next_step=line("Next: ", _lower_first(error.next_step)) if error.next_step else line("Nothing was sent."),
    )


def _trail(error: TrailUnavailable, slash: str) -> Reply:
    del slash
    return Reply(
        verdict=line("Changes are off: the audit trail cannot be relied upon"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=(line(error.what), line("Nothing was sent."))),),
        next_step=line("Next: tell whoever runs the bot; reading still works."),
    )


def _unavailable(error: Unavailable, slash: str) -> Reply:
    del slash
    advice = "try again in a moment." if error.retryable else "tell whoever runs the bot; trying again will not help."
    return Reply(verdict=line(error.what), mood=Mood.BAD, next_step=line(f"Nothing was sent. Next: {advice}"))


def _people(error: PeopleUnavailable, slash: str) -> Reply:
    del error, slash
    return Reply(
        verdict=line("Refused: Slack did not say who you are just now"),
        mood=Mood.REFUSED,
        next_step=line("Nothing was sent. Next: try again in a moment."),
    )


def _said(error: CloudSyncError) -> tuple[Part, ...]:
    """The API's own words and all of its codes."""
    lines: list[Line] = []
    for fault in error.faults[:5]:
        known = sentence_for(fault.code)
        words = known[0] if known else fault.detail or fault.title
        lines.append(line(words, " " if words else "", Code(text=fault.code)) if fault.code else line(words))
    if error.status is not None:
        lines.append(line(f"HTTP {error.status}"))
    return (Paragraph(lines=tuple(lines)),) if lines else ()


def _api(verdict: str, next_step: str) -> Callable[[CloudSyncError, str], Reply]:
    def write(error: CloudSyncError, slash: str) -> Reply:
        del slash
        return Reply(verdict=line(verdict), mood=Mood.BAD, parts=_said(error), next_step=line(next_step))

    return write


def _refused_by_slack(error: MessageRefused, slash: str) -> Reply:
    del slash
    return Reply(
        verdict=line("Slack did not let the bot write there"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=(line("Code: ", Code(text=error.code)),)),),
        next_step=line("Next: invite the bot to the channel with ", Code(text="/invite"), ", then try again."),
    )


def _delayed_by_slack(error: MessageDelayed, slash: str) -> Reply:
    del error, slash
    return Reply(
        verdict=line("Slack did not take the message just now"),
        mood=Mood.WARNING,
        next_step=line("Next: look whether it came; if not, try again in a minute."),
    )


def _second_admin(error: NeedsSecondAdmin, slash: str) -> Reply:
    del error, slash
    return Reply(
        verdict=line("A second admin must agree to this"),
        mood=Mood.REFUSED,
        next_step=line("Next: ask for it in an admin channel, where another admin can approve it."),
    )


def _setup(error: ConfigurationError, slash: str) -> Reply:
    del slash
    return Reply(
        verdict=line("The bot is not set up for this"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=tuple(line(problem) for problem in error.problems[:5])),),
        next_step=line("Next: tell whoever runs the bot."),
    )


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


_WRITERS: Mapping[type[BaseException], Callable[..., Reply]] = {
    InvalidInput: _invalid,
    FieldErrors: _invalid,
    SecretInText: _secret,
    UnknownTarget: _unknown_target,
    Denied: _denied,
    Conflict: _conflict,
    NeedsSecondAdmin: _second_admin,
    Unavailable: _unavailable,
    TrailUnavailable: _trail,
    PeopleUnavailable: _people,
    ConfigurationError: _setup,
    MessageRefused: _refused_by_slack,
    MessageDelayed: _delayed_by_slack,
    ApiUnreachable: _api(
        "The Management API could not be reached", "Nothing was changed. Next: try again in a moment; it is safe."
    ),
    ApiTimeout: _api(
        "The Management API did not answer in time", "Nothing was changed. Next: try again in a moment; it is safe."
    ),
    Unauthorized: _api(
        "The Management API does not accept this environment's key",
        "Trying again will not help. Next: whoever runs the bot replaces the key.",
    ),
    NotFound: _api(
        "The Management API does not know it",
        "Trying again will not help. Next: look at what there is with `databases list`.",
    ),
    RateLimited: _api("The Management API asks to slow down", "Nothing was changed. Next: try again in a minute."),
    ApiRefused: _api(
        "The Management API refused this",
        "Trying again as it is will not help. Next: mend what it names, then ask again.",
    ),
    ApiBroken: _api(
        "The Management API gave an answer that makes no sense",
        "Nothing was changed. Next: try again in a minute; if it stays, the API has a problem of its own.",
    ),
    CloudSyncError: _api("The Management API failed", "Nothing was changed. Next: try again in a moment."),
    BotError: lambda error, slash: _unexpected(""),
}


def writers() -> frozenset[type[BaseException]]:
    """Every error that has a sentence of its own; a surface test walks the tree."""
    return frozenset(_WRITERS)

"""What went wrong while reading from the Management API, in sentences, with all of the API's codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.cloudsync.errors import (
    ApiBroken,
    ApiFault,
    ApiRefused,
    ApiTimeout,
    ApiUnreachable,
    CloudSyncError,
    NotFound,
    RateLimited,
    Unauthorized,
    Unsendable,
)
from bot.domain.database_failures import sentence_for
from bot.domain.replies import Code, Mood, Paragraph, Part, Reply, Small, Span, line
from bot.domain.secrecy import redact

FAULTS_WORDED = 3
DETAIL_LENGTH = 200
_SAFE = "Nothing was changed, and trying again is safe. "
_USELESS = "Nothing was changed, and trying again as it is will not help. "


def api_failure(error: CloudSyncError) -> Reply:
    """The sentences for a failed reading. A `database_*` code says more than the status it came with."""
    known = next((sentence for code in error.codes if (sentence := sentence_for(code))), None)
    if known is not None:
        verdict, next_step = known[0].rstrip("."), f"Nothing was changed. Next: {known[1][:1].lower()}{known[1][1:]}"
    else:
        writer = next((API_SENTENCES[kind] for kind in type(error).__mro__ if kind in API_SENTENCES), _failed)
        verdict, next_step = writer(error)
    return Reply(
        verdict=line(verdict), mood=Mood.BAD, parts=_said(error, worded=known is None), next_step=line(next_step)
    )


def _said(error: CloudSyncError, *, worded: bool) -> tuple[Part, ...]:
    """The API's own words for the first few faults, then every code and the status."""
    words = [line(said) for fault in error.faults[:FAULTS_WORDED] if worded and (said := _words(fault))]
    spans: list[Span] = []
    for code in dict.fromkeys(error.codes):
        spans += [Code(text=redact(code)[:80]), " "]
    if error.status is not None:
        spans.append(f"HTTP {error.status}")
    parts: list[Part] = [Paragraph(lines=tuple(words))] if words else []
    return (*parts, Small(line=line("The API said: ", *spans))) if spans else tuple(parts)


def _words(fault: ApiFault) -> str:
    return redact(fault.detail or fault.title)[:DETAIL_LENGTH]


def _unsendable(error: CloudSyncError) -> tuple[str, str]:
    del error
    return "That cannot be written as a call to the Management API", (
        "Nothing was sent. Next: check the id for characters that do not belong there."
    )


def _unreachable(error: CloudSyncError) -> tuple[str, str]:
    del error
    return "The Management API could not be reached", f"{_SAFE}Next: try again in a moment."


def _timeout(error: CloudSyncError) -> tuple[str, str]:
    del error
    return "The Management API did not answer in time", f"{_SAFE}Next: try again in a moment."


def _unauthorized(error: CloudSyncError) -> tuple[str, str]:
    if error.status == 403:
        verdict = "The key of this environment may not do that at the Management API"
        return verdict, f"{_USELESS}Next: whoever runs the bot gives it a key with the workspace-admin role."
    verdict = "The Management API does not accept the key of this environment"
    return verdict, f"{_USELESS}Next: whoever runs the bot replaces the key."


def _not_found(error: CloudSyncError) -> tuple[str, str]:
    del error
    return "The Management API does not know it", f"{_USELESS}Next: look at what there is with databases list."


def _rate_limited(error: CloudSyncError) -> tuple[str, str]:
    seconds = error.retry_after if isinstance(error, RateLimited) else None
    when = f"in {_seconds(seconds)}" if seconds else "in a minute"
    return "The Management API asks to slow down", f"{_SAFE}Next: try again {when}."


def _seconds(seconds: float) -> str:
    whole = max(1, round(seconds))
    return "1 second" if whole == 1 else f"{whole} seconds" if whole < 120 else f"{round(whole / 60)} minutes"


_REFUSALS: Mapping[int, str] = MappingProxyType(
    {
        400: "The Management API did not understand what was asked",
        408: "The Management API did not get the whole question in time",
        409: "The Management API refused this because of what is there already",
        422: "The Management API did not accept what was given",
        425: "The Management API was not ready to answer yet",
    }
)


_PASSING = frozenset({408, 425})
"""Refusals of the moment, not of what was asked."""


def _refused(error: CloudSyncError) -> tuple[str, str]:
    verdict = _REFUSALS.get(error.status or 0, "The Management API refused this")
    if error.status in _PASSING:
        return verdict, f"{_SAFE}Next: try again in a moment."
    return verdict, f"{_USELESS}Next: mend what it names, then ask again."


def _broken(error: CloudSyncError) -> tuple[str, str]:
    status = error.status or 0
    if status >= 500:
        return "The Management API has a problem of its own", f"{_SAFE}Next: try again in a minute."
    if 300 <= status < 400:
        verdict = "The Management API sent us elsewhere, and redirects are never followed"
        return verdict, f"{_USELESS}Next: whoever runs the bot checks the base URL of this environment."
    if status == 404:
        verdict = "Something answered that is not the Management API"
        return verdict, f"{_USELESS}Next: whoever runs the bot checks the base URL of this environment."
    verdict = "The Management API gave an answer that cannot be read"
    return verdict, f"{_SAFE}Next: try again in a minute; if it stays, give the reference to whoever runs the bot."


def _failed(error: CloudSyncError) -> tuple[str, str]:
    del error
    return "The Management API failed", f"{_SAFE}Next: try again in a moment."


API_SENTENCES: Mapping[type[CloudSyncError], Callable[[CloudSyncError], tuple[str, str]]] = MappingProxyType(
    {
        Unsendable: _unsendable,
        ApiUnreachable: _unreachable,
        ApiTimeout: _timeout,
        Unauthorized: _unauthorized,
        NotFound: _not_found,
        RateLimited: _rate_limited,
        ApiRefused: _refused,
        ApiBroken: _broken,
        CloudSyncError: _failed,
    }
)
"""Verdict and next step of each kind of failure."""

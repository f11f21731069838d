"""How a call that changes something ended: the table of the design's §5, as one pure function."""

from __future__ import annotations

from bot.cloudsync.models import SendClass, SendOutcome
from bot.cloudsync.protocol import ApiRequest
from bot.cloudsync.responses import ApiResponse, created_id, faults_of, warnings_of

UNDECIDED = frozenset({408, 425, 429})
"""Refusals that do not say whether the call had an effect."""


def classify(request: ApiRequest, response: ApiResponse, duration_ms: int) -> SendOutcome:
    """The class of an answer; a call that got none is classified by the client."""
    faults = faults_of(response)
    send_class, reason = _judge(request, response, enveloped=faults is not None, codes=_codes(response))
    succeeded = send_class is SendClass.SUCCEEDED
    return SendOutcome(
        send_class=send_class,
        reason=reason,
        status=response.status,
        faults=faults or (),
        warnings=warnings_of(response) if succeeded else (),
        created_id=created_id(response) if succeeded and request.method == "POST" else None,
        duration_ms=duration_ms,
    )


def _codes(response: ApiResponse) -> tuple[str, ...]:
    return tuple(fault.code for fault in faults_of(response) or ())


def _judge(
    request: ApiRequest, response: ApiResponse, *, enveloped: bool, codes: tuple[str, ...]
) -> tuple[SendClass, str]:
    status = response.status
    if 200 <= status < 300:
        if response.is_html:
            return SendClass.UNKNOWN, "Something other than the API answered."
        return SendClass.SUCCEEDED, "The API confirmed it."
    if 300 <= status < 400:
        return SendClass.REJECTED, "The API answered with a redirect, which is never followed."
    if request.verifies and any(code.startswith("database_") for code in codes):
        return SendClass.REJECTED, "The API could not verify the database's connection."
    if status == 404 and enveloped and request.is_delete:
        return SendClass.ALREADY_ABSENT, "The API says that it is not there."
    if 400 <= status < 500 and enveloped and status not in UNDECIDED:
        return SendClass.REJECTED, "The API refused it."
    return SendClass.UNKNOWN, f"The API answered {status}, which does not tell whether it happened."

"""Sentences about requests: why one is refused at once, and what a late click is told."""

from __future__ import annotations

from bot.domain.errors import Denied
from bot.domain.requests import Request, RequestState


def too_few(able: int, required: int, environment: str) -> Denied:
    """The refusal of a request that nobody, or too few, could decide."""
    name = f"APPROVALS_REQUIRED__{environment.upper()}" if environment not in ("", "default") else "APPROVALS_REQUIRED"
    found = "Nobody else" if able == 0 else f"Only {able} other{'s' if able > 1 else ''}"
    wanted = "one is needed" if required == 1 else f"{required} are needed"
    return Denied(
        f"{found} could approve this here, and {wanted}.",
        remedy=f"An admin can make somebody admin with `roles grant @person admin`; "
        f"for one person working alone, set {name}=0 and restart the bot.",
    )


def what_holds(request: Request) -> str:
    """What a late click is told: how things stand."""
    words = {
        RequestState.APPROVED: "It is approved already and about to be sent.",
        RequestState.EXECUTING: "It is running already.",
        RequestState.DENIED: "It was denied.",
        RequestState.CANCELLED: "It was cancelled.",
        RequestState.EXPIRED: "It has expired.",
        RequestState.STALE: "It was stopped because things had changed.",
        RequestState.SUCCEEDED: "It is done already.",
        RequestState.ALREADY_ABSENT: "It was gone already.",
        RequestState.REJECTED: "It was sent, and the API refused it.",
        RequestState.NOT_SENT: "It could not be sent.",
        RequestState.UNKNOWN: "It was sent, and how it ended is being found out.",
        RequestState.NOT_APPLIED: "It was sent once and had no effect.",
        RequestState.NEEDS_HUMAN: "It was sent; a person must say whether it happened.",
        RequestState.RESOLVED: "It was settled by a person.",
    }
    return words.get(request.state, "It is waiting for a decision.")

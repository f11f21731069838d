"""The clocks that the program keeps to itself, shortened in a forked bot, so that a play waits seconds and not minutes.

Only how long is changed, and never what happens then; the proportions between them stay.
"""

from __future__ import annotations

from types import ModuleType

from bot.cloudsync import writing
from bot.services import background, execution, lifecycle, outbox, sending

FRESH_SECONDS = 2.0
WRITING_SECONDS = 2.0
READING_SECONDS = 2.0
OUTBOX_LEASE_SECONDS = 8
OUTBOX_LONGEST_SECONDS = 5
NOTICE_GRACE_SECONDS = 2
AFTER_FAILURE_SECONDS = 1.0

_CLOCKS: dict[ModuleType, dict[str, float]] = {
    writing: {"FRESH_SECONDS": FRESH_SECONDS},
    sending: {
        "FRESH_SECONDS": FRESH_SECONDS,
        "WRITING_SECONDS": WRITING_SECONDS,
        "READING_SECONDS": READING_SECONDS,
    },
    execution: {"READING_SECONDS": READING_SECONDS},
    outbox: {"LEASE_SECONDS": OUTBOX_LEASE_SECONDS, "LONGEST_SECONDS": OUTBOX_LONGEST_SECONDS},
    lifecycle: {"NOTICE_GRACE_SECONDS": NOTICE_GRACE_SECONDS},
    background: {"AFTER_FAILURE_SECONDS": AFTER_FAILURE_SECONDS},
}


def hurry() -> None:
    """For the rest of this process. A clock that is no longer where it was ends it: it would go on unhurried."""
    for module, clocks in _CLOCKS.items():
        assert vars(module).keys() >= clocks.keys(), f"{module.__name__} no longer has all of {sorted(clocks)}"
        vars(module).update(clocks)


def lease_seconds(call_deadline_seconds: float) -> float:
    """How long a claim of one call holds in a bot in haste; see `bot.services.sending.Sending.lease`."""
    return 2 * call_deadline_seconds + FRESH_SECONDS + WRITING_SECONDS

"""The clocks that the program keeps to itself, shortened in a forked bot, so that a play waits seconds and not minutes.

Only how long is changed, and never what happens then; the proportions between them stay.
"""

from __future__ import annotations

from bot.cloudsync import writing
from bot.services import background, execution, lifecycle, outbox

FRESH_SECONDS = 2.0
WRITING_SECONDS = 2.0
OUTBOX_LEASE_SECONDS = 8
OUTBOX_LONGEST_SECONDS = 5
NOTICE_GRACE_SECONDS = 2
AFTER_FAILURE_SECONDS = 1.0


def hurry() -> None:
    """For the rest of this process."""
    vars(writing)["FRESH_SECONDS"] = vars(execution)["FRESH_SECONDS"] = FRESH_SECONDS
    vars(execution)["WRITING_SECONDS"] = WRITING_SECONDS
    vars(outbox).update(LEASE_SECONDS=OUTBOX_LEASE_SECONDS, LONGEST_SECONDS=OUTBOX_LONGEST_SECONDS)
    vars(lifecycle)["NOTICE_GRACE_SECONDS"] = NOTICE_GRACE_SECONDS
    vars(background)["AFTER_FAILURE_SECONDS"] = AFTER_FAILURE_SECONDS


def lease_seconds(call_deadline_seconds: float) -> float:
    """How long a claim of one call holds in a bot in haste; see `bot.services.execution.Sending.lease`."""
    return 2 * call_deadline_seconds + FRESH_SECONDS + WRITING_SECONDS

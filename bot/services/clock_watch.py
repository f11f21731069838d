"""Whether this process's clock may be relied upon: claims, leases and ends of all replicas are compared with it."""

from __future__ import annotations

import structlog

from bot.db.engine import Database
from bot.domain.errors import Unavailable
from bot.services.audit import Trail

log = structlog.get_logger(__name__)

TOLERATED_SECONDS = 5.0
"""A claim holds several times as long, so that nobody within this takes a living one for dead."""


class ClockWatch:
    """Compares the clock with the database's, and holds changes for as long as the two are apart."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database = database
        self._trail = trail

    async def look(self) -> str:
        """What is wrong with the clock, or "". A database that does not answer leaves it as it was."""
        try:
            ahead = await self._database.seconds_ahead()
        except Unavailable:
            return self._trail.held
        return self.judge(ahead)

    def judge(self, ahead: float) -> str:
        """The same of what was read together with something else."""
        problem = off_in_words(ahead) if abs(ahead) > TOLERATED_SECONDS else ""
        if problem and not self._trail.held:
            log.error("clock_is_off", seconds_ahead=round(ahead, 1))
        elif self._trail.held and not problem:
            log.info("clock_is_right_again")
        self._trail.hold(problem)
        return problem


def off_in_words(ahead: float) -> str:
    """The sentence for the log, `/readyz`, `doctor` and whoever asks for a change."""
    direction = "ahead of" if ahead > 0 else "behind"
    return (
        f"The clock of the bot's machine is {round(abs(ahead))} s {direction} the database's, so changes are off "
        "until it is set right."
    )

"""How far this process's clock is from the database's, which is the one that all replicas share."""

from __future__ import annotations

from sqlalchemy import Connection, text

from bot.domain.ports import Clock


def seconds_ahead(connection: Connection, clock: Clock) -> float:
    """Negative where it is behind; never more than is certain, however long the asking took.

    0 on SQLite, where there is only the one machine.
    """
    if connection.dialect.name == "sqlite":
        return 0.0
    before = clock.now()
    theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    after = clock.now()
    if theirs < before:
        return float((before - theirs).total_seconds())
    return float(-(theirs - after).total_seconds()) if theirs > after else 0.0

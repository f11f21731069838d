"""When an anchor is owed: every hundred rows, every fifteen minutes with news, and after each destructive outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.db.unit import Unit
from bot.domain.audit import Anchor
from bot.services.lifecycle import LAST_DESTRUCTIVE

KEY = "anchor"
ROWS = 100
EVERY = timedelta(minutes=15)


def is_owed(unit: Unit) -> bool:
    """Whether an anchor is to be put into the outbox now: comparisons and seeks alone."""
    return not unit.outbox.is_waiting(KEY) and _is_time(unit, unit.anchors.last())


def _is_time(unit: Unit, last: Anchor | None) -> bool:
    seq = last.seq if last else 0
    rows = unit.audit.head().seq - seq
    if rows >= ROWS or _last_destructive(unit) > seq:
        return True
    return _is_old(unit, last) and rows > 0 and unit.audit.has_news_since(seq)


def _is_old(unit: Unit, last: Anchor | None) -> bool:
    return last is None or last.posted_at is None or abs(unit.now - last.posted_at) >= EVERY


def _last_destructive(unit: Unit) -> int:
    """0 where none was, or where somebody wrote something else there."""
    said = unit.settings.get(LAST_DESTRUCTIVE) or ""
    return int(said) if said.isdecimal() and len(said) < 20 else 0


@dataclass(frozen=True, kw_only=True)
class _No:
    """None is owed: said of this head, at that time, until then. None: for as long as the head stays."""

    head: int
    since: datetime
    until: datetime | None

    def holds(self, head: int, now: datetime) -> bool:
        """A clock that was set back tells nothing."""
        return head == self.head and self.since <= now and (self.until is None or now < self.until)


class Rest:
    """Remembers an answer of no. All that an anchor is owed for moves the head, but for the fifteen minutes."""

    def __init__(self) -> None:
        self._no: _No | None = None

    def is_over(self, unit: Unit, head: int | None) -> bool:
        """The same as `is_owed`, which is asked where the answer may have changed."""
        if self._no is not None and head is not None and self._no.holds(head, unit.now):
            return False
        if unit.outbox.is_waiting(KEY):
            return False  # that it waits no longer moves nothing, and so is not remembered
        last = unit.anchors.last()
        owed = _is_time(unit, last)
        self._no = None if owed or head is None else _No(head=head, since=unit.now, until=_turn(unit, last))
        return owed


def _turn(unit: Unit, last: Anchor | None) -> datetime | None:
    """When the last one becomes old; None where it is, or there is none."""
    if last is None or last.posted_at is None or _is_old(unit, last):
        return None
    return last.posted_at + EVERY

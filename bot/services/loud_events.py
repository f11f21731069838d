"""Loud events: what opens or weakens the controls, told in the audit channel, one short message each and in order.

A mark in the database says up to which row all was told. One message at a time waits in the outbox, and the mark moves
once Slack has it: however long the channel refuses, nothing is passed over, and one replica tells it. What the command
line did while no bot ran is told when one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditKind, AuditRecord
from bot.domain.loud_events import LOUD_KINDS, is_loud, watched_before
from bot.domain.ports import MessageDelayed, MessageRefused, Messenger
from bot.domain.records import OutboxItem
from bot.domain.replies import Reply
from bot.services.anchors import REFUSED_AGAIN_SECONDS
from bot.services.lifecycle import OutboxKind, owe_message
from bot.services.outbox import Drawer

KEY = "loud"
TOLD = "audit:loud"
"""The setting that holds the row up to which everything loud was told."""
LOOK = 1_000
"""Rows that one look goes through, and that the mark may lag behind where nothing in them is loud."""

Draw = Callable[[AuditRecord, int, str], Reply]
"""A row, how many alike one act left, and the slash command's name."""


@dataclass(frozen=True, kw_only=True)
class _Event:
    """One act in the trail: a row, or the tombstones of one erasure."""

    first: int
    last: int

    @property
    def marker(self) -> str:
        return f"loud-{self.first}"

    @classmethod
    def among(cls, rows: Sequence[AuditRecord]) -> _Event | None:
        """The first one of these."""
        loud = [row for row in rows if is_loud(row)]
        if not loud:
            return None
        first = last = loud[0]
        if first.kind is AuditKind.TOMBSTONE:
            *_, last = takewhile(lambda row: (row.kind, row.story) == (first.kind, first.story), loud)
        return cls(first=first.seq, last=last.seq)

    @classmethod
    def owed(cls, item: OutboxItem) -> _Event | None:
        """What a message was owed for; None where somebody wrote something else there."""
        first, last = item.body.get("first"), item.body.get("last")
        return cls(first=first, last=last) if isinstance(first, int) and isinstance(last, int) else None


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What one look came to."""

    quiet_up_to: int
    """Behind the mark and up to here nothing is loud."""
    event: _Event | None = None
    """What is to be told next."""
    is_first: bool = False
    """There is no mark yet: it begins here, and nothing older is told."""
    lags: bool = False
    """The mark must follow, so that nobody who starts looks far back."""


class LoudEvents:
    """Owes and tells them. Without an audit channel there are none."""

    def __init__(self, database: Database, messenger: Messenger, draw: Draw, slash: str, *, audit_channel: str) -> None:
        self._database = database
        self._messenger = messenger
        self._draw = draw
        self._slash = slash
        self._channel = audit_channel
        self._quiet_up_to = -1
        """What this process has seen: nothing behind the mark and up to here is loud."""

    def drawers(self) -> Mapping[str, Drawer]:
        """How its kind is drawn when its turn comes."""
        return {OutboxKind.LOUD_EVENT: self._post}

    def is_due(self, unit: Unit, head: int) -> bool:
        """Whether there is anything new to be gone through, the trail's last row being `head`."""
        return bool(self._channel) and self._look(unit, head) is not None

    async def owe(self) -> bool:
        """Put the next one into the outbox; True where this call did. Asked each second: mostly one seek."""
        if not self._channel:
            return False
        look = await self._database.read(lambda unit: self._look(unit, unit.audit.head().seq))
        if look is None:
            return False
        owed = False
        if look.event is not None or look.is_first or look.lags:
            owed = await self._database.write(lambda unit: self._put(unit, look))
        if not look.is_first:
            self._quiet_up_to = look.quiet_up_to
        return owed

    def _look(self, unit: Unit, head: int) -> _Look | None:
        """None while there is nothing new, or the one before is still to be told."""
        if head == self._quiet_up_to or unit.outbox.is_waiting(KEY):
            return None
        told = _told(unit, head)
        if told is None:
            return _Look(quiet_up_to=head, is_first=True)
        after = max(told, self._quiet_up_to if self._quiet_up_to <= head else 0)
        up_to = min(head, after + LOOK)
        event = _Event.among(unit.audit.of_kinds(LOUD_KINDS, after=after, up_to=up_to))
        if event is not None:
            return _Look(quiet_up_to=event.first - 1, event=event)
        return _Look(quiet_up_to=up_to, lags=up_to - told >= LOOK)

    def _put(self, unit: Unit, look: _Look) -> bool:
        """Asked again under the head's lock: replicas take turns here, and the second one finds it waiting, or told."""
        told = _told(unit, unit.audit.head().seq)
        if told is None or not look.is_first:
            _move(unit, told, look.quiet_up_to)
        event = look.event
        if event is None or (told is not None and told >= event.first) or unit.outbox.is_waiting(KEY):
            return False
        body = {"first": event.first, "last": event.last}
        owe_message(unit, OutboxKind.LOUD_EVENT, key=KEY, channel_id=self._channel, body=body)
        return True

    async def _post(self, item: OutboxItem) -> None:
        """A refusal is the channel's and may pass: it is tried again, and owed anew where the outbox gives it up."""
        event = _Event.owed(item)
        record = await self._database.read(lambda unit: _untold(unit, event)) if event and self._channel else None
        if event is None or record is None:
            return
        try:
            await self._say(event, record, item)
        except MessageRefused as refused:
            raise MessageDelayed(refused.code, retry_after=REFUSED_AGAIN_SECONDS) from None
        await self._database.write(lambda unit: _move(unit, _told(unit, unit.audit.head().seq), event.last))

    async def _say(self, event: _Event, record: AuditRecord, item: OutboxItem) -> None:
        """Also to those who watched until then, where the row moves the channel: to them it only falls silent."""
        reply = self._draw(record, event.last - event.first + 1, self._slash)
        before = watched_before(record.payload)
        if before and before != self._channel:
            with suppress(MessageRefused):  # the bot may be gone from there, and that holds up nothing
                await self._say_in(before, reply, event, item)
        await self._say_in(self._channel, reply, event, item)

    async def _say_in(self, channel_id: str, reply: Reply, event: _Event, item: OutboxItem) -> None:
        """Once, as far as Slack tells: an earlier attempt may have said it, of which only its marker is left."""
        if item.attempts and await self._messenger.find(channel_id, event.marker, since=item.created_at):
            return
        await self._messenger.post(channel_id, reply, marker=event.marker)


def _untold(unit: Unit, event: _Event) -> AuditRecord | None:
    """The row to be told; None where it was told already, or is not in the trail: the next look finds what is."""
    head = unit.audit.head().seq
    told = _told(unit, head)
    if event.last > head or (told is not None and told >= event.first):
        return None
    return next(iter(unit.audit.of_kinds(LOUD_KINDS, after=event.first - 1, up_to=event.first)), None)


def _told(unit: Unit, head: int) -> int | None:
    """None before the first look, and where somebody else wrote what cannot be: it begins at the head then."""
    said = unit.settings.get(TOLD) or ""
    told = int(said) if said.isdecimal() and len(said) < 20 else None
    return told if told is not None and told <= head else None


def _move(unit: Unit, told: int | None, seq: int) -> None:
    """Only ever forwards, under the head's lock."""
    if told is None or told < seq:
        unit.settings.set(TOLD, str(seq))

"""Anchors: the trail's newest row, named in a thread of the audit channel, where no owner of the database reaches it.

One is owed every hundred rows, every fifteen minutes with news, and after each destructive outcome. At most one waits
in the outbox, so one replica posts it; which row it names is decided and remembered when it is posted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import Anchor, AuditAction, AuditEntry, AuditKind, AuditOutcome, AuditRecord, JsonValue
from bot.domain.failpoints import Failpoint, reach
from bot.domain.ids import new_story_id
from bot.domain.ports import MessageDelayed, MessageRefused, Messenger, Posted
from bot.domain.records import OutboxItem
from bot.domain.replies import ChannelRef, Code, Mood, Paragraph, Reply, Small, line
from bot.services.anchors_due import KEY, Rest, is_owed
from bot.services.lifecycle import OutboxKind, owe_message
from bot.services.outbox import Drawer

log = structlog.get_logger(__name__)

REFUSED_AGAIN_SECONDS = 300
THREAD_GONE = frozenset({"thread_not_found", "message_not_found", "cannot_reply_to_message"})
_LINE = re.compile(r"^anchor seq=([0-9]{1,18}) hash=([0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class PostedAnchor:
    """An anchor as it stands in Slack."""

    ts: str
    seq: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class _Named:
    """The row that an attempt names, and the thread that it goes to."""

    seq: int
    hash: str
    thread: str

    @property
    def marker(self) -> str:
        return f"anchor-{self.seq}"

    @classmethod
    def in_body(cls, body: Mapping[str, JsonValue]) -> _Named | None:
        """What an earlier attempt named: it may have reached Slack."""
        seq = body.get("seq")
        if not isinstance(seq, int):
            return None
        return cls(seq=seq, hash=str(body.get("hash")), thread=str(body.get("thread")))

    @property
    def as_body(self) -> dict[str, JsonValue]:
        return {"seq": self.seq, "hash": self.hash, "thread": self.thread}


class Anchors:
    """Owes and posts them. Without an audit channel there are none."""

    def __init__(
        self, database: Database, messenger: Messenger, bot_admins: frozenset[str], *, audit_channel: str
    ) -> None:
        self._database = database
        self._messenger = messenger
        self._bot_admins = bot_admins
        self._channel = audit_channel
        self._rest = Rest()

    def drawers(self) -> Mapping[str, Drawer]:
        """How each kind is drawn when its turn comes."""
        return {OutboxKind.ANCHOR: self._anchor, OutboxKind.UNANCHORED: self._unanchored}

    def is_owed(self, unit: Unit, head: int | None = None) -> bool:
        """Whether it is time for one. `head`, the trail's newest row: while it stays, that is seldom asked again."""
        return bool(self._channel) and self._rest.is_over(unit, head)

    async def owe(self) -> bool:
        """Put one into the outbox if it is time; True where this call did."""
        if not await self._database.read(self.is_owed):
            return False
        return await self._database.write(self._put)

    def _put(self, unit: Unit) -> bool:
        """Asked again under the head's lock: replicas take turns here, and the second one finds it waiting."""
        owed = is_owed(unit)
        if owed:
            owe_message(unit, OutboxKind.ANCHOR, key=KEY, channel_id=self._channel)
        return owed

    async def _anchor(self, item: OutboxItem) -> None:
        if not self._channel:
            return
        try:
            said = await self._said(item)
        except MessageRefused as refused:
            code = refused.code
            await self._database.note(lambda unit: self._refused(unit, code))
            raise MessageDelayed(code, retry_after=1 if code in THREAD_GONE else REFUSED_AGAIN_SECONDS) from None
        if said is not None:
            reach(Failpoint.IN_ANCHOR)
            await self._database.write(lambda unit: self._keep(unit, *said))

    async def _said(self, item: OutboxItem) -> tuple[_Named, Posted] | None:
        """Look for what an earlier attempt may have said, else say it; None where there is nothing to say any more."""
        before = _Named.in_body(item.body)
        if before is not None:
            found = await self._messenger.find(
                self._channel, before.marker, since=item.created_at, thread=before.thread
            )
            if found is not None:
                return before, found
        named = await self._database.note(lambda unit: self._name(unit, item))
        if named is None:
            return None
        return named, await self._say(named)

    async def name(self, record: AuditRecord) -> bool:
        """Have this row named now, by whoever goes on only behind that; False: there is no audit channel.

        Where a later row is named already, that covers it. Called again it finds what reached Slack, and says it once.
        """
        if not self._channel:
            return False
        last, thread = await self._database.read(lambda unit: (unit.anchors.last(), self._thread_of(unit)))
        if last is not None and last.seq >= record.seq:
            return True
        named = _Named(seq=record.seq, hash=record.hash, thread=thread)
        found = await self._messenger.find(self._channel, named.marker, since=record.occurred_at, thread=thread)
        said = named, found or await self._post(named)
        reach(Failpoint.IN_ANCHOR)
        await self._database.write(lambda unit: self._keep(unit, *said))
        return True

    async def _post(self, named: _Named) -> Posted:
        """In its thread, or, where that is gone, in the channel: the beginning of another."""
        try:
            return await self._say(named)
        except MessageRefused as refused:
            if not named.thread or refused.code not in THREAD_GONE:
                raise
            return await self._say(replace(named, thread=""))

    async def _say(self, named: _Named) -> Posted:
        reply = drawn(named.seq, named.hash, is_first=not named.thread)
        return await self._messenger.post(self._channel, reply, marker=named.marker, thread=named.thread)

    def _name(self, unit: Unit, item: OutboxItem) -> _Named | None:
        """The head as committed. Remembered before it is posted: whoever comes after a crash looks for it."""
        head, last = unit.audit.head(), unit.anchors.last()
        if last is not None and last.seq >= head.seq:
            return None
        named = _Named(seq=head.seq, hash=head.hash, thread=self._thread_of(unit))
        unit.outbox.set_body(item.id, named.as_body)
        return named

    def _keep(self, unit: Unit, named: _Named, posted: Posted) -> None:
        """Store where it was named, once, with a row of its own."""
        last = unit.anchors.last()
        if last is not None and last.seq >= named.seq:
            return
        thread = posted.thread_ts or posted.ts
        anchor = Anchor(
            seq=named.seq,
            hash=named.hash,
            channel_id=posted.channel_id,
            thread_ts=thread,
            ts=posted.ts,
            posted_at=unit.now,
        )
        unit.anchors.put(anchor)
        unit.settings.set(self._thread_key, thread)
        unit.settings.set(self._refused_key, "")
        unit.audit.append(_row(anchor))

    def _refused(self, unit: Unit, code: str) -> None:
        """A lost thread is begun anew. Anything else is told to each bot admin, once until it works again."""
        if code in THREAD_GONE:
            unit.settings.set(self._thread_key, "")
            return
        if unit.settings.get(self._refused_key):
            return
        unit.settings.set(self._refused_key, code)
        for person_id in sorted(self._bot_admins):
            owe_message(unit, OutboxKind.UNANCHORED, person_id=person_id, body={"code": code})

    async def _unanchored(self, item: OutboxItem) -> None:
        if item.person_id:
            await self._messenger.direct(item.person_id, unanchored(self._channel, str(item.body.get("code") or "")))

    def _thread_of(self, unit: Unit) -> str:
        return unit.settings.get(self._thread_key) or ""

    @property
    def _thread_key(self) -> str:
        return f"anchor:thread:{self._channel}"

    @property
    def _refused_key(self) -> str:
        return f"anchor:refused:{self._channel}"


async def posted(messenger: Messenger, channel_id: str, thread_ts: str) -> tuple[PostedAnchor, ...]:
    """The anchors that the bot itself wrote in a thread, oldest first, read back from Slack; empty where it is gone."""
    found = []
    for ts, text in await messenger.read_thread(channel_id, thread_ts):
        lines = _LINE.findall(text)
        if lines:
            seq, row_hash = lines[-1]
            found.append(PostedAnchor(ts=ts, seq=int(seq), hash=row_hash))
    return tuple(found)


async def threads_begun(messenger: Messenger, channel_id: str, *, since: str = "") -> tuple[str, ...]:
    """The ts of each thread that the bot itself began in a channel with an anchor, behind a ts, read from Slack."""
    said = await messenger.read_channel(channel_id, since=since)
    return tuple(ts for ts, text in said if _LINE.search(text))


def drawn(seq: int, row_hash: str, *, is_first: bool) -> Reply:
    """The message; its last line is what `posted` reads. The first one says what the thread is for."""
    about = "Each row's hash covers the row before it. Rows up to one that is named here cannot be changed unseen."
    return Reply(
        verdict=line(f"Audit trail: row {seq}, ", Code(text=row_hash[:12])),
        parts=(
            *((Paragraph(lines=(line(about),)),) if is_first else ()),
            Small(line=line(f"anchor seq={seq} hash={row_hash}")),
        ),
    )


def unanchored(channel_id: str, code: str) -> Reply:
    """To the bot admins, while Slack does not take anchors."""
    words = "Rows are written and chained as before. Only their hashes are not kept outside the database."
    return Reply(
        verdict=line("The audit trail is not anchored: Slack refuses the audit channel"),
        mood=Mood.WARNING,
        parts=(
            Paragraph(lines=(line(words),)),
            Small(line=line("Channel ", ChannelRef(id=channel_id), ", Slack's answer ", Code(text=code))),
        ),
        next_step=line("Next: invite the bot to that channel, or set another AUDIT_CHANNEL. It tries again by itself."),
    )


def _row(anchor: Anchor) -> AuditEntry:
    return AuditEntry(
        kind=AuditKind.ANCHOR,
        story=new_story_id(),
        action=AuditAction.AUDIT_ANCHOR,
        outcome=AuditOutcome.SUCCEEDED,
        channel=anchor.channel_id,
        target=f"seq:{anchor.seq}",
        payload={"hash": anchor.hash, "thread_ts": anchor.thread_ts, "ts": anchor.ts},
    )

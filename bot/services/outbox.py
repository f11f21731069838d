"""The outbox's worker: messages drawn from the row at the moment they are sent, at least once, in order per message."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditKind
from bot.domain.errors import Unavailable
from bot.domain.failpoints import Failpoint, reach
from bot.domain.ports import MessageDelayed, MessageRefused, Messenger, Posted
from bot.domain.records import OutboxItem
from bot.domain.requests import Request, RequestState
from bot.domain.slack_refusals import verdict_on_card
from bot.services import cards
from bot.services.access import Access
from bot.services.lifecycle import PROGRAM, OutboxKind, entry_for, owe

log = structlog.get_logger(__name__)

LEASE_SECONDS = 30
LONGEST_SECONDS = 20
"""What one message may take, well within its lease: then nobody else sends it while this process still does."""
BATCH = 20
BACKOFF_SECONDS = (1, 2, 5, 15, 30, 60)
GIVE_UP_AFTER = timedelta(hours=24)

Drawer = Callable[[OutboxItem], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """How many messages one pass sent and how many wait on."""

    sent: int
    waiting: int


class OutboxWorker:
    """Sends what is due. Any replica may; rows are claimed with a lease."""

    def __init__(
        self,
        database: Database,
        messenger: Messenger,
        access: Access,
        drawers: Mapping[str, Drawer] | None = None,
    ) -> None:
        self._database = database
        self._messenger = messenger
        self._access = access
        self._owner = f"out-{secrets.token_hex(4)}"
        self._drawers: dict[str, Drawer] = {
            OutboxKind.CARD: self._card,
            OutboxKind.QUESTION: self._question,
            OutboxKind.NOTICE: self._notice,
            OutboxKind.REMINDER: self._reminder,
            OutboxKind.REMINDED: self._reminded,
            OutboxKind.HELD_UP: self._held_up,
            OutboxKind.UNDELIVERABLE: self._undeliverable,
            **(drawers or {}),
        }

    async def pass_once(self) -> Delivered:
        """Claim what is due and send it; failures are put off or given up, never lost without a word in the log."""
        claimed = await self._database.note(
            lambda unit: tuple(unit.outbox.claim_due(self._owner, unit.now, LEASE_SECONDS, BATCH))
        )
        ended = await asyncio.gather(*(self._send(item) for item in claimed), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        sent = ended.count(True)
        return Delivered(sent=sent, waiting=len(claimed) - sent)

    async def _send(self, item: OutboxItem) -> bool:
        """A batch may take longer than its lease: what another worker took meanwhile is left to it.

        What a newer version owes waits for a replica that draws it; what a defect keeps back ends some day, too.
        """
        if not await self._database.note(lambda unit: unit.outbox.renew(item.id, self._owner, unit.now, LEASE_SECONDS)):
            return False
        drawer = self._drawers.get(item.kind)
        try:
            if drawer is None:
                raise MessageDelayed("unknown_kind")
            await self._in_time(drawer(item))
        except MessageRefused as refused:
            await self._refused(item, refused)
            return False
        except (MessageDelayed, Unavailable) as delayed:
            await self._put_off(item, delayed)
            return False
        except Exception as error:
            log.error("message_failed", kind=item.kind, request=item.request_id, exc_info=error)
            await self._put_off(item, MessageDelayed(type(error).__name__))
            return False
        reach(Failpoint.IN_OUTBOX)
        await self._database.note(lambda unit: unit.outbox.done(item.id))
        return True

    @staticmethod
    async def _in_time(drawing: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await drawing
        except TimeoutError:
            raise MessageDelayed("timeout", sent_maybe=True) from None

    async def _put_off(self, item: OutboxItem, delayed: MessageDelayed | Unavailable) -> None:
        wait = float(BACKOFF_SECONDS[min(item.attempts, len(BACKOFF_SECONDS) - 1)])
        if isinstance(delayed, MessageDelayed) and delayed.retry_after is not None:
            wait = max(wait, delayed.retry_after)
        log.warning("message_put_off", kind=item.kind, request=item.request_id, error=str(delayed), seconds=wait)

        def work(unit: Unit) -> None:
            if unit.now - item.created_at > GIVE_UP_AFTER:
                unit.outbox.dead(item.id, str(delayed))
            else:
                unit.outbox.retry(item.id, unit.now + timedelta(seconds=wait), str(delayed))

        await self._database.note(work)

    async def _refused(self, item: OutboxItem, refused: MessageRefused) -> None:
        log.error("message_refused", kind=item.kind, request=item.request_id, code=refused.code)
        if item.kind == OutboxKind.CARD:
            await self._database.write(lambda unit: _cancel_unseen(unit, item, refused.code))
        else:
            await self._database.note(lambda unit: unit.outbox.dead(item.id, refused.code))

    async def _request(self, item: OutboxItem) -> Request | None:
        request_id = item.request_id or ""
        return await self._database.read(lambda unit: unit.requests.get(request_id))

    async def _card(self, item: OutboxItem) -> None:
        request = await self._request(item)
        if request is None:
            return
        deciders: tuple[str, ...] = ()
        if request.state in (RequestState.PENDING, RequestState.NEEDS_HUMAN):
            deciders = await self._access.deciders(request.channel_id, excluding=request.requester_id)
        drawn = cards.card(request, deciders=deciders)
        posted = self._posted(request)
        if posted is None:
            posted = await self._found(item, request, request.id)
            if posted is not None:
                await self._remember(request, posted)
        if posted is not None:
            await self._messenger.update(posted, drawn)
            return
        posted = await self._messenger.post(request.channel_id, drawn, marker=request.id)
        reach(Failpoint.IN_OUTBOX)
        await self._remember(request, posted)

    @staticmethod
    def _posted(request: Request) -> Posted | None:
        if request.card_ts is None or request.card_channel is None:
            return None
        return Posted(channel_id=request.card_channel, ts=request.card_ts)

    async def _found(self, item: OutboxItem, request: Request, marker: str) -> Posted | None:
        """After a post that may have been taken, look before posting again: a card and a reminder are posted once.

        Slack may refuse the looking while the card stands there with live buttons: only a refused post says that it
        does not.
        """
        if item.attempts == 0:
            return None
        try:
            return await self._messenger.find(request.channel_id, marker, since=request.created_at)
        except MessageRefused as refused:
            raise MessageDelayed(refused.code) from None

    async def _remember(self, request: Request, posted: Posted) -> None:
        await self._database.note(lambda unit: unit.requests.set_card(request.id, posted.channel_id, posted.ts))

    async def _question(self, item: OutboxItem) -> None:
        request = await self._request(item)
        if request is not None and request.state is RequestState.PENDING:
            await self._messenger.direct(request.requester_id, cards.confirmation(request))

    async def _notice(self, item: OutboxItem) -> None:
        request = await self._request(item)
        if request is not None and item.person_id:
            await self._messenger.direct(item.person_id, cards.notice(request))

    async def _reminder(self, item: OutboxItem) -> None:
        request = await self._request(item)
        if request is None or request.state is not RequestState.PENDING:
            return
        marker = cards.reminder_marker(request)
        if await self._found(item, request, marker) is None:
            drawn = cards.reminder(request, link=await self._link(request))
            await self._messenger.post(request.channel_id, drawn, marker=marker)

    async def _reminded(self, item: OutboxItem) -> None:
        """What reminded of a decision says what became of it. Where it lies is looked up: few requests come to it."""
        request = await self._request(item)
        if request is None or request.state is RequestState.PENDING:
            return
        since = request.reminded_at or request.created_at
        posted = await self._messenger.find(request.channel_id, cards.reminder_marker(request), since=since)
        if posted is not None:
            await self._messenger.update(posted, cards.reminded(request, link=await self._link(request)))

    async def _link(self, request: Request) -> str:
        posted = self._posted(request)
        try:
            return await self._messenger.link(posted) if posted is not None else ""
        except (MessageRefused, MessageDelayed):
            return ""

    async def _held_up(self, item: OutboxItem) -> None:
        request = await self._request(item)
        if request is not None and request.state is RequestState.APPROVED and item.person_id:
            await self._messenger.direct(item.person_id, cards.notice(request))

    async def _undeliverable(self, item: OutboxItem) -> None:
        request = await self._request(item)
        if request is not None and item.person_id:
            await self._messenger.direct(item.person_id, cards.undeliverable(request, str(item.body.get("code", ""))))


def _cancel_unseen(unit: Unit, item: OutboxItem, code: str) -> None:
    """A card that Slack refuses to take cancels the request: nobody could decide what nobody sees."""
    unit.outbox.dead(item.id, code)
    request = unit.requests.lock(item.request_id or "")
    if request is None or request.state is not RequestState.PENDING or request.card_ts:
        return
    reason = f"{verdict_on_card(code)} ({code})."
    ended = unit.requests.move(request.id, before=RequestState.PENDING, after=RequestState.CANCELLED, end_reason=reason)
    if ended is not None:
        unit.audit.append(entry_for(ended, AuditKind.DECISION, PROGRAM, payload={"reason": reason}))
        owe(unit, ended, OutboxKind.UNDELIVERABLE, person_id=ended.requester_id, body={"code": code})

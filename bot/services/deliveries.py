"""The inbox as the listeners use it: taken before the acknowledgement, found again after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import stamina

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, AuditOutcome
from bot.domain.errors import Unavailable
from bot.domain.invocation import Invocation
from bot.domain.ports import Clock
from bot.domain.records import InboxDelivery, InboxState
from bot.services.lifecycle import OutboxKind, owe_message

KEPT = timedelta(hours=24)
NameOf = Callable[[str], Awaitable[str]]
"""A person's name as of now; "" where nobody says it."""
NAMES_SECONDS = 5.0
"""What asking for all names together may take."""
NOTING_ATTEMPTS, NOTING_SECONDS = 4, 10.0
"""For how long an answer's noting is tried at once. Later it is noted before any recovery."""
FORMS_KEPT = MESSAGES_KEPT = timedelta(days=7)


class Deliveries:
    """Takes deliveries, de-duplicates them, and finds what a crash left."""

    def __init__(self, database: Database, clock: Clock, name_of: NameOf) -> None:
        self._database = database
        self._clock = clock
        self._name_of = name_of
        self._unnoted: dict[str, str] = {}
        """By key: what was given as an answer, and could not be noted."""

    async def take(self, invocation: Invocation) -> str | None:
        """None where it is new; else what the first one was answered with, maybe not yet anything."""
        delivery = InboxDelivery(
            key=invocation.delivery,
            surface=invocation.surface.value,
            person_id=invocation.person_id,
            channel_id=invocation.channel_id,
            story=invocation.story,
            received_at=self._clock.now(),
        )
        before = await self._database.note(lambda unit: unit.inbox.record(delivery))
        return before.answer if before else None

    async def finish(self, invocation: Invocation, answer: str) -> None:
        """Note the answer's verdict; what was typed is never kept here.

        Where the database does not take it now, this process still knows: nobody is told of a restart for it.
        """
        answered = {invocation.delivery: answer[:300]}
        try:
            async for attempt in stamina.retry_context(
                on=_may_pass, attempts=NOTING_ATTEMPTS, timeout=NOTING_SECONDS, wait_initial=0.2, wait_jitter=0.2
            ):
                with attempt:
                    await self._note(answered)
        except Unavailable:
            self._unnoted |= answered
            raise

    async def _note(self, answered: Mapping[str, str]) -> None:
        def work(unit: Unit) -> None:
            for key, answer in answered.items():
                unit.inbox.finish(key, InboxState.ANSWERED, answer)

        await self._database.note(work)

    async def _note_what_failed(self) -> None:
        known, self._unnoted = self._unnoted, {}
        try:
            if known:
                await self._note(known)
        except Unavailable:
            self._unnoted |= known
            raise

    async def recover(self, *, older_than_seconds: float = 0) -> int:
        """Audit what was taken and never answered, and owe each person a word; returns how many.

        At start one process alone may give up everything at once. Where replicas share the database, and while
        serving, only what is older than any answer takes: the rest may be under way elsewhere.
        """
        await self._note_what_failed()
        age = timedelta(seconds=older_than_seconds)
        names = await self._names(age)
        return await self._database.write(lambda unit: self._abandon(unit, age, names))

    async def _names(self, age: timedelta) -> Mapping[str, str]:
        """Of those who were left without an answer; none of whom Slack does not say it soon: listening waits for it."""
        left = await self._database.note(lambda unit: unit.inbox.unfinished(unit.now - age))
        people = {delivery.person_id for delivery in left if delivery.person_id}
        asked = {person_id: asyncio.ensure_future(self._name_of(person_id)) for person_id in sorted(people)}
        try:
            told = (await asyncio.wait(asked.values(), timeout=NAMES_SECONDS))[0] if asked else set()
        finally:
            for asking in asked.values():
                asking.cancel()
        return {person_id: asking.result() for person_id, asking in asked.items() if asking in told}

    def _abandon(self, unit: Unit, age: timedelta, names: Mapping[str, str]) -> int:
        left = unit.inbox.unfinished(unit.now - age)
        for delivery in left:
            unit.inbox.finish(delivery.key, InboxState.ABANDONED, "abandoned")
            unit.audit.append(
                AuditEntry(
                    kind=AuditKind.ABANDONED,
                    story=delivery.story,
                    action=AuditAction.SYSTEM_START,
                    outcome=AuditOutcome.ABANDONED,
                    actor=delivery.person_id,
                    channel=delivery.channel_id,
                    delivery=delivery.key,
                    payload={"surface": delivery.surface, "person": names.get(delivery.person_id, "")},
                )
            )
            if delivery.person_id:
                owe_message(
                    unit,
                    OutboxKind.ABANDONED,
                    key=f"abandoned:{delivery.key}",
                    person_id=delivery.person_id,
                    channel_id=delivery.channel_id,
                )
        return len(left)

    async def purge(self) -> None:
        """Forget what is too old to be repeated."""
        await self._database.note(lambda unit: unit.inbox.purge(unit.now - KEPT))
        await self._database.note(lambda unit: unit.outbox.purge(unit.now - MESSAGES_KEPT))
        await self._database.note(lambda unit: unit.forms.purge(unit.now - FORMS_KEPT))


def _may_pass(error: Exception) -> bool:
    return isinstance(error, Unavailable) and error.retryable

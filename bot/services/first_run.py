"""The first run: leads from an unbound workspace to a channel, a first list and a rehearsed approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.access import ChannelBinding, Role
from bot.domain.ports import MessageRefused, Messenger, Posted
from bot.domain.records import OutboxItem
from bot.services import first_words
from bot.services.access import Access
from bot.services.lifecycle import OutboxKind, owe_message
from bot.services.outbox import Drawer

WELCOMED = "setup:welcomed"
MESSAGE = "setup:message"
"""Where the welcome lies, until what takes its place is there."""
TOLD = "told"
REHEARSAL = "setup:rehearsal"
DUE, DONE = "due", "done"


class FirstRun:
    """Owes and draws its messages, and knows where a rehearsal is still to come."""

    def __init__(
        self,
        database: Database,
        messenger: Messenger,
        access: Access,
        slash: str,
        approvals_required: Callable[[str], int],
    ) -> None:
        self._database = database
        self._messenger = messenger
        self._access = access
        self._slash = slash
        self._approvals_required = approvals_required

    def drawers(self) -> Mapping[str, Drawer]:
        """How each kind is drawn when its turn comes."""
        return {OutboxKind.SETUP: self._welcome, OutboxKind.SET_UP: self._set_up, OutboxKind.OPENED: self._opened}

    async def welcome_if_unbound(self) -> None:
        """With no channel bound, write to the bot admins: once each, however often the bot starts."""
        if not await self._access.bindings():
            await self._database.note(self._owe_welcome)

    def _owe_welcome(self, unit: Unit) -> None:
        for person_id in sorted(self._access.bot_admins):
            key = f"{WELCOMED}:{person_id}"
            if unit.settings.get(key) is None:
                unit.settings.set(key, unit.now.isoformat())
                owe_message(unit, OutboxKind.SETUP, key=_key(person_id), person_id=person_id)

    async def bound(self, binding: ChannelBinding, *, by: str) -> None:
        """A channel was bound with a command: the welcome no longer holds."""
        await self._database.note(lambda unit: self._owe_truth(unit, binding, {"by": by, "refusal": "unannounced"}))

    async def opened(self, binding: ChannelBinding, *, by: str, refusal: str) -> None:
        """A channel was set up: say so in it, with what to try first, and in the welcome's place."""

        def work(unit: Unit) -> None:
            self._owe_truth(unit, binding, {"by": by, "refusal": refusal})
            if binding.role is Role.ADMIN:
                unit.settings.set_if_absent(f"{REHEARSAL}:{binding.channel_id}", DUE)
            if not refusal:
                owe_message(unit, OutboxKind.OPENED, channel_id=binding.channel_id, body={"by": by})

        await self._database.note(work)

    def _owe_truth(self, unit: Unit, binding: ChannelBinding, body: Mapping[str, str]) -> None:
        given = {**body, "channel": binding.channel_id}
        for person_id in sorted(self._access.bot_admins):
            welcomed = unit.settings.get(f"{WELCOMED}:{person_id}") is not None
            if welcomed and unit.settings.get(f"{MESSAGE}:{person_id}") != TOLD:
                owe_message(unit, OutboxKind.SET_UP, key=_key(person_id), person_id=person_id, body=given)

    async def rehearsal_is_due(self, channel_id: str) -> bool:
        """Whether the channel was set up and no approval has been gone through in it yet."""
        return await self._database.read(lambda unit: unit.settings.get(f"{REHEARSAL}:{channel_id}")) == DUE

    async def rehearsed(self, channel_id: str) -> None:
        """It was gone through: nothing leads to it any more."""
        await self._database.note(lambda unit: unit.settings.set(f"{REHEARSAL}:{channel_id}", DONE))

    async def _welcome(self, item: OutboxItem) -> None:
        person_id = item.person_id
        if not person_id or await self._access.bindings():
            return
        posted = await self._messenger.direct(person_id, first_words.welcome())
        where = f"{posted.channel_id}:{posted.ts}"
        await self._database.note(lambda unit: unit.settings.set(f"{MESSAGE}:{person_id}", where))

    async def _set_up(self, item: OutboxItem) -> None:
        """Draw the welcome anew, or write where it is gone: its button has done what it was for."""
        person_id, binding = item.person_id or "", await self._binding(str(item.body.get("channel") or ""))
        held = await self._database.read(lambda unit: unit.settings.get(f"{MESSAGE}:{person_id}")) or ""
        if binding is None or held == TOLD:
            return
        refusal = str(item.body.get("refusal") or "")
        there, invited = binding.channel_id, refusal if refusal != "unannounced" else ""
        leads = first_words.leading_in(there, self._slash, invited) if refusal else first_words.leading_there(there)
        reply = first_words.set_up(binding, str(item.body.get("by") or ""), leads)
        channel_id, _, ts = held.partition(":")
        try:
            await self._messenger.update(Posted(channel_id=channel_id, ts=ts), reply)
        except MessageRefused:
            await self._messenger.direct(person_id, reply)
        await self._database.note(lambda unit: unit.settings.set(f"{MESSAGE}:{person_id}", TOLD))

    async def _opened(self, item: OutboxItem) -> None:
        binding, by = await self._binding(item.channel_id or ""), str(item.body.get("by") or "")
        if binding is None:
            return
        able = await self._access.deciders(binding.channel_id, excluding="")
        lacking = max(0, self._approvals_required(binding.environment) - len(set(able) - {by}))
        reply = first_words.opened(binding, by, able, lacking=lacking, slash=self._slash)
        await self._messenger.post(binding.channel_id, reply, marker=item.id)

    async def _binding(self, channel_id: str) -> ChannelBinding | None:
        return next((one for one in await self._access.bindings() if one.channel_id == channel_id), None)


def _key(person_id: str) -> str:
    """One person's messages go out in order."""
    return f"setup:{person_id}"

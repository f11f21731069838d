"""Messages that are about the bot itself: deliveries left behind, an unsound trail."""

from __future__ import annotations

from collections.abc import Mapping

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.ports import Messenger
from bot.domain.records import OutboxItem
from bot.domain.replies import Mood, Paragraph, Reply, line
from bot.services.access import Access
from bot.services.lifecycle import OutboxKind, owe_message
from bot.services.outbox import Drawer


class Notices:
    """Owes and draws them."""

    def __init__(self, database: Database, messenger: Messenger, access: Access, *, audit_channel: str) -> None:
        self._database = database
        self._messenger = messenger
        self._access = access
        self._audit_channel = audit_channel

    def drawers(self) -> Mapping[str, Drawer]:
        """How each kind is drawn when its turn comes."""
        return {
            OutboxKind.ABANDONED: self._abandoned,
            OutboxKind.ALERT: self._alert,
        }

    async def alert(self, problem: str) -> None:
        """Say in Slack that changes are off: in the audit channel, or to each bot admin."""

        def work(unit: Unit) -> None:
            if self._audit_channel:
                owe_message(unit, OutboxKind.ALERT, channel_id=self._audit_channel, body={"problem": problem})
                return
            for person_id in sorted(self._access.bot_admins):
                owe_message(unit, OutboxKind.ALERT, person_id=person_id, body={"problem": problem})

        await self._database.note(work)

    async def _abandoned(self, item: OutboxItem) -> None:
        if item.person_id:
            await self._messenger.direct(item.person_id, left_unfinished())

    async def _alert(self, item: OutboxItem) -> None:
        reply = unsound(str(item.body.get("problem") or ""))
        if item.channel_id:
            await self._messenger.post(item.channel_id, reply, marker=item.id)
        elif item.person_id:
            await self._messenger.direct(item.person_id, reply)


def left_unfinished() -> Reply:
    """To whoever asked for something just before the bot was stopped hard."""
    return Reply(
        verdict=line("The bot was restarted before it could answer you"),
        mood=Mood.WARNING,
        parts=(Paragraph(lines=(line("If it was a request, `approvals list` shows how it stands."),)),),
        next_step=line("Next: look whether it happened, then ask again if it did not."),
    )


def unsound(problem: str) -> Reply:
    """Loud: the trail does not hold, so nothing may be changed."""
    return Reply(
        verdict=line("Changes are off: the audit trail cannot be relied upon"),
        mood=Mood.BAD,
        parts=(Paragraph(lines=(line(problem),)),),
        next_step=line("Next: whoever runs the bot looks at it with `app.py audit verify`; reading still works."),
    )

"""What an interaction lets the app do afterwards: open a view within 3 s, answer by URL within 30 min."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.slack.errors import SlackError

TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_URL_LIFE = timedelta(minutes=30)
RESPONSE_URL_USES = 5


@dataclass(kw_only=True)
class Trigger:
    """Leave to open one view, for the person who acted."""

    id: str
    person_id: str
    issued_at: datetime
    is_used: bool = False


@dataclass(kw_only=True)
class Triggers:
    """All triggers handed out. Source: https://docs.slack.dev/surfaces/modals (expire in three seconds, used once)."""

    clock: Callable[[], datetime]
    life: timedelta = TRIGGER_LIFE
    issued: dict[str, Trigger] = field(default_factory=dict)

    def issue(self, person_id: str, team_id: str) -> str:
        """A new trigger id."""
        now = self.clock()
        trigger_id = f"{len(self.issued) + 1}.{team_id}.{secrets.token_hex(16)}"
        self.issued[trigger_id] = Trigger(id=trigger_id, person_id=person_id, issued_at=now)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Use it up, or say why not: `invalid_trigger_id`, `trigger_exchanged`, `expired_trigger_id`."""
        trigger = self.issued.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.is_used:
            raise SlackError("trigger_exchanged")
        if self.clock() - trigger.issued_at > self.life:
            raise SlackError("expired_trigger_id")
        trigger.is_used = True
        return trigger


@dataclass(kw_only=True)
class ResponseUrl:
    """Where the app may answer one interaction."""

    token: str
    channel_id: str
    person_id: str
    issued_at: datetime
    message_ts: str | None = None
    uses: int = 0


@dataclass(kw_only=True)
class ResponseUrls:
    """All response URLs handed out. Source: https://docs.slack.dev/interactivity/handling-user-interaction."""

    clock: Callable[[], datetime]
    issued: dict[str, ResponseUrl] = field(default_factory=dict)

    def issue(self, *, channel_id: str, person_id: str, message_ts: str | None = None) -> ResponseUrl:
        """A new one, for an answer in this channel, to this person, about this message."""
        link = ResponseUrl(
            token=secrets.token_hex(12),
            channel_id=channel_id,
            person_id=person_id,
            issued_at=self.clock(),
            message_ts=message_ts,
        )
        self.issued[link.token] = link
        return link

    def use(self, token: str) -> ResponseUrl:
        """Count one use, or refuse: `used_url` after five, `expired_url` after half an hour."""
        link = self.issued.get(token)
        if link is None or self.clock() - link.issued_at > RESPONSE_URL_LIFE:
            raise SlackError("expired_url")
        if link.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        link.uses += 1
        return link

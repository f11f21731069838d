"""Messages as the workspace keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.directory import File, Json

Values = dict[str, dict[str, Json]]
"""State of form elements, by block_id and action_id, in the shape of `state.values`."""

SLACKBOT = "USLACKBOT"


@dataclass(kw_only=True)
class Message:
    """One message. An ephemeral one is visible to one person and unknown to the Web API."""

    channel: str
    ts: str
    author: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    visible_to: str | None = None
    edited_ts: str | None = None
    deleted: bool = False
    metadata: Json | None = None
    files: list[File] = field(default_factory=list)
    posted_by_app: bool = False
    values: dict[str, Values] = field(default_factory=dict)
    """What each person has chosen in the message's own menus."""
    history: list[tuple[str, list[Json]]] = field(default_factory=list)
    """Earlier texts and blocks, oldest first."""

    @property
    def is_ephemeral(self) -> bool:
        """Visible to one person only."""
        return self.visible_to is not None

    def edit(self, *, text: str, blocks: list[Json], edited_ts: str) -> None:
        """Take the place of what was said, and remember it."""
        self.history.append((self.text, self.blocks))
        self.text, self.blocks, self.edited_ts = text, blocks, edited_ts

    def visible_for(self, person_id: str) -> bool:
        """Whether this person, being in the channel, has it on screen."""
        return not self.deleted and self.visible_to in (None, person_id)

    def to_json(self, *, team_id: str, app_id: str, bot_id: str, base_url: str = "") -> Json:
        """As deliveries and `conversations.history` carry it."""
        shown: dict[str, Any] = {
            "type": "message",
            "user": self.author,
            "ts": self.ts,
            "text": self.text,
            "team": team_id,
            "blocks": self.blocks,
        }
        if self.posted_by_app:
            shown |= {"bot_id": bot_id, "app_id": app_id}
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        if self.edited_ts:
            shown["edited"] = {"user": self.author, "ts": self.edited_ts}
        if self.metadata:
            shown["metadata"] = self.metadata
        if self.files:
            shown["files"] = [file.to_json(base_url) for file in self.files]
        return shown

"""The workspace: everything that Slack would remember, in memory, for the Web API, the page and the tests to share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from bot.sandbox.slack.directory import App, Channel, File, Json, Member, Team, UserGroup
from bot.sandbox.slack.errors import CannotDoError, SlackError
from bot.sandbox.slack.identifiers import Identifiers
from bot.sandbox.slack.messages import SLACKBOT, Message
from bot.sandbox.slack.outages import Outages
from bot.sandbox.slack.triggers import ResponseUrls, Triggers
from bot.sandbox.slack.views import View, Views

if TYPE_CHECKING:
    from bot.sandbox.slack.deliver import Courier, Delivery
    from bot.sandbox.slack.person import Person

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the app to the Web API or to a response URL, as it was received and answered."""

    method: str
    arguments: Json
    at: datetime
    status: int
    answer: Json
    outage: str | None = None
    """The outage that was armed for it, where one was."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Workspace:
    """One team with one installed app. Mutable on purpose: tests arrange and read it directly.

    `troubles`: why a person read that something went wrong with a press or a form. A view forgets its own when it is
    updated.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        team: Team | None = None,
        app: App | None = None,
        escapes_slash_text: bool = True,
    ) -> None:
        self.clock = clock
        self.team = team or Team()
        self.app = app or App()
        self.escapes_slash_text = escapes_slash_text
        self.ack_deadline = 3.0
        self.base_url = ""
        self.hints: list[tuple[str, str]] = []
        self.identifiers = Identifiers(clock)
        self.members: dict[str, Member] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, UserGroup] = {}
        self.files: dict[str, File] = {}
        self.messages: list[Message] = []
        self.views = Views(identifiers=self.identifiers)
        self.triggers = Triggers(clock=clock)
        self.response_urls = ResponseUrls(clock=clock)
        self.outages = Outages()
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.troubles: list[str] = []
        self.courier: Courier | None = None
        self.version = 0
        self._news = asyncio.Event()
        self.members[self.app.bot_user_id] = Member(
            id=self.app.bot_user_id,
            name=self.app.name.lower(),
            real_name=self.app.name,
            team_id=self.team.id,
            is_bot=True,
        )

    # People and places

    def add_person(self, name: str, real_name: str = "", **fields: Any) -> Member:
        """A new member. Further fields are those of `Member`, such as `is_restricted=True`."""
        given = {"id": self.identifiers.new("U"), "team_id": self.team.id, **fields}
        member = Member(name=name, real_name=real_name or name.title(), **given)
        self.members[member.id] = member
        self.changed()
        return member

    def add_channel(self, name: str, *members: Member, with_bot: bool = True, **fields: Any) -> Channel:
        """A new channel with these members. Further fields are those of `Channel`, such as `is_private=True`."""
        bot = {self.app.bot_user_id} if with_bot else set()
        given = {"id": self.identifiers.new("C"), **fields}
        channel = Channel(name=name, members={member.id for member in members} | bot, **given)
        self.channels[channel.id] = channel
        self.changed()
        return channel

    def add_group(self, handle: str, *members: Member, name: str = "") -> UserGroup:
        """A new user group."""
        group = UserGroup(
            id=self.identifiers.new("S"), handle=handle, name=name or handle, members=[m.id for m in members]
        )
        self.groups[group.id] = group
        return group

    def person(self, name: str) -> Person:
        """A handle that acts as the member with this name or id."""
        from bot.sandbox.slack.person import Person

        return Person(self, self.member(name))

    def member(self, name: str) -> Member:
        """The member with this name or id, with or without its `@`."""
        wanted = name.removeprefix("@")
        for member in self.members.values():
            if wanted in (member.id, member.name):
                return member
        raise LookupError(f"nobody is called {name}")

    def channel(self, name: str) -> Channel:
        """The channel with this name or id, with or without its `#`."""
        wanted = name.removeprefix("#")
        for channel in self.channels.values():
            if wanted in (channel.id, channel.name):
                return channel
        raise LookupError(f"no channel is called {name}")

    def direct_channel(self, person_id: str) -> Channel:
        """The direct message between the bot and this person, opened if need be."""
        for channel in self.channels.values():
            if channel.direct_with == person_id:
                return channel
        direct = Channel(id=self.identifiers.new("D"), direct_with=person_id, members={person_id, self.app.bot_user_id})
        self.channels[direct.id] = direct
        return direct

    # Messages

    def post(self, channel_id: str, *, author: str, text: str, **fields: Any) -> Message:
        """A new message. Further fields are those of `Message`, such as `visible_to=person_id`."""
        message = Message(
            channel=channel_id,
            ts=self.identifiers.message_ts(),
            author=author,
            text=text,
            posted_by_app=author == self.app.bot_user_id,
            **fields,
        )
        self.messages.append(message)
        self.changed()
        return message

    def say_as_slackbot(self, channel_id: str, person_id: str, text: str) -> Message:
        """What Slack itself tells one person: that a command failed, or an app did not answer."""
        return self.post(channel_id, author=SLACKBOT, text=text, visible_to=person_id)

    def message(self, channel_id: str, ts: str) -> Message:
        """A message that the Web API can see; `message_not_found` for ephemeral and deleted ones."""
        for message in self.messages:
            if (message.channel, message.ts) == (channel_id, ts) and not message.deleted and not message.is_ephemeral:
                return message
        raise SlackError("message_not_found")

    def has_message(self, channel_id: str, ts: str) -> bool:
        """Whether the Web API can see it."""
        try:
            return bool(self.message(channel_id, ts))
        except SlackError:
            return False

    def message_to_json(self, message: Message) -> Json:
        """The message as deliveries carry it."""
        return message.to_json(team_id=self.team.id, app_id=self.app.id, bot_id=self.app.bot_id, base_url=self.base_url)

    def view_to_json(self, view: View) -> Json:
        """The view as deliveries carry it."""
        return view.to_json(self.team, self.app)

    # Who waits for news

    def changed(self) -> None:
        """Tell the page and whoever waits that something is new."""
        self.version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, *, after: int) -> int:
        """The version once it is beyond `after`."""
        while self.version <= after:
            await self._news.wait()
        return self.version

    async def wait_for(self, predicate: Callable[[], Found], timeout: float = 60.0) -> Found:
        """What the predicate returns, once that is true. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not (found := predicate()):
                await self.news(after=self.version)
        return found

    def must_have_courier(self) -> Courier:
        """The courier, once the workspace is served."""
        if self.courier is None:
            raise CannotDoError("this workspace is not served: nothing can be delivered")
        return self.courier

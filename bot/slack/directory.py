"""Who people, groups and channels are, from Slack: implements `bot.domain.ports.Directory`. Failures deny."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.access import Person
from bot.domain.errors import PeopleUnavailable
from bot.domain.ports import Clock, MessageDelayed, MessageRefused
from bot.slack.web import look_up

T = TypeVar("T")

KEPT_SECONDS = 60
KEPT_ENTRIES = 5_000


class SlackDirectory:
    """A short memory spares Slack's limits; `fresh` goes round it."""

    def __init__(self, client: AsyncWebClient, clock: Clock, *, team_id: str = "") -> None:
        self._client = client
        self._clock = clock
        self._team_id = team_id
        self._memory: dict[tuple[str, str], tuple[float, Any]] = {}

    def pin(self, team_id: str) -> None:
        """Whose full members are trusted; who was looked up before is looked up again."""
        self._team_id = team_id
        self._memory.clear()

    async def person(self, person_id: str, *, fresh: bool = False) -> Person:
        """users.info; `PeopleUnavailable` where Slack does not know the person or does not answer.

        A decision waits for Slack to say whose workspace this is: it would end what only cannot be told yet.
        """
        if fresh and not self._team_id:
            raise PeopleUnavailable("Slack has not said yet whose workspace this is.")
        return await self._remembered("person", person_id, self._person, fresh=fresh)

    async def _person(self, person_id: str) -> Person:
        answer = await self._ask("users.info", user=person_id)
        return person_from(answer.get("user") or {}, self._team_id)

    async def groups_of(self, person_id: str, group_ids: Sequence[str], *, fresh: bool = False) -> frozenset[str]:
        """Which of these groups the person is in."""
        members = await asyncio.gather(*(self.group_members(group_id, fresh=fresh) for group_id in group_ids))
        return frozenset(group_id for group_id, people in zip(group_ids, members, strict=True) if person_id in people)

    async def group_members(self, group_id: str, *, fresh: bool = False) -> frozenset[str]:
        """usergroups.users.list."""
        return await self._remembered("group", group_id, self._members, fresh=fresh)

    async def _members(self, group_id: str) -> frozenset[str]:
        answer = await self._ask("usergroups.users.list", usergroup=group_id)
        return frozenset(str(user) for user in answer.get("users") or ())

    async def channel_members(self, channel_id: str, *, limit: int = 1000) -> frozenset[str]:
        """conversations.members, page by page as far as the limit."""
        found: set[str] = set()
        cursor = ""
        while len(found) < limit:
            answer = await self._ask(
                "conversations.members",
                channel=channel_id,
                limit=min(limit, 200),
                **({"cursor": cursor} if cursor else {}),
            )
            found |= {str(member) for member in answer.get("members") or ()}
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return frozenset(found)

    async def channel_name(self, channel_id: str) -> str:
        """conversations.info; "" where the bot cannot see it."""
        try:
            return await self._remembered("channel", channel_id, self._channel)
        except PeopleUnavailable:
            return ""

    async def _channel(self, channel_id: str) -> str:
        answer = await self._ask("conversations.info", channel=channel_id)
        return str((answer.get("channel") or {}).get("name") or "")

    async def join(self, channel_id: str) -> str:
        """conversations.join; "" or Slack's refusal. A private channel cannot be joined, and may have the bot."""
        try:
            await look_up(self._client, "conversations.join", channel=channel_id)
        except (MessageRefused, MessageDelayed) as refused:
            return "" if await self._is_in(channel_id) else refused.code
        return ""

    async def _is_in(self, channel_id: str) -> bool:
        try:
            answer = await self._ask("conversations.info", channel=channel_id)
        except PeopleUnavailable:
            return False
        return (answer.get("channel") or {}).get("is_member") is True

    async def _ask(self, method: str, **arguments: Any) -> dict[str, Any]:
        try:
            return await look_up(self._client, method, **arguments)
        except (MessageRefused, MessageDelayed) as error:
            raise PeopleUnavailable(f"Slack did not answer {method} ({error.code}).") from None

    async def _remembered(self, kind: str, key: str, ask: Callable[[str], Awaitable[T]], *, fresh: bool = False) -> T:
        held = self._memory.get((kind, key))
        now = self._clock.monotonic()
        if held is not None and not fresh and now - held[0] < KEPT_SECONDS:
            known: T = held[1]
            return known
        answer = await ask(key)
        if len(self._memory) >= KEPT_ENTRIES:
            self._memory.clear()
        self._memory[kind, key] = (now, answer)
        return answer


def person_from(user: dict[str, Any], team_id: str) -> Person:
    """A user object (docs.slack.dev, user type); only full, active members of this team are trusted."""
    profile = user.get("profile") or {}
    distrust = next((phrase for phrase, holds in _doubts(user, team_id) if holds), "")
    return Person(
        id=str(user.get("id") or ""),
        name=str(profile.get("display_name") or user.get("real_name") or user.get("name") or ""),
        timezone=str(user.get("tz") or "UTC"),
        trusted=not distrust,
        distrust=distrust,
    )


def _doubts(user: dict[str, Any], team_id: str) -> tuple[tuple[str, bool], ...]:
    other_team = bool(team_id and user.get("team_id") and user["team_id"] != team_id)
    enterprise = set((user.get("enterprise_user") or {}).get("teams") or ())
    return (
        ("a deactivated user", bool(user.get("deleted"))),
        ("a bot", bool(user.get("is_bot")) or bool(user.get("is_workflow_bot")) or user.get("id") == "USLACKBOT"),
        ("a guest", bool(user.get("is_restricted")) or bool(user.get("is_ultra_restricted"))),
        (
            "somebody from another organisation",
            bool(user.get("is_stranger")) or (other_team and team_id not in enterprise),
        ),
        ("somebody Slack does not know", not user.get("id")),
        ("somebody whose workspace Slack has not told yet", not team_id),
    )

"""A directory with memory: who people are, as a test says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.access import Person
from bot.domain.errors import PeopleUnavailable


@dataclass
class People:
    """A directory with memory."""

    guests: set[str] = field(default_factory=set)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    zones: dict[str, str] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)

    async def person(self, person_id: str, *, fresh: bool = False) -> Person:
        del fresh
        if person_id in self.silent:
            raise PeopleUnavailable("no answer")
        guest = person_id in self.guests
        return Person(
            id=person_id,
            name=person_id,
            trusted=not guest,
            distrust="a guest" if guest else "",
            timezone=self.zones.get(person_id, "UTC"),
        )

    async def groups_of(self, person_id: str, group_ids: Sequence[str], *, fresh: bool = False) -> frozenset[str]:
        del fresh
        return frozenset(group for group in group_ids if person_id in self.groups.get(group, ()))

    async def group_members(self, group_id: str, *, fresh: bool = False) -> frozenset[str]:
        del fresh
        if group_id in self.silent:
            raise PeopleUnavailable("no answer")
        return self.groups.get(group_id, frozenset())

    async def channel_members(self, channel_id: str, *, limit: int = 1000) -> frozenset[str]:
        del channel_id, limit
        return frozenset()

    async def channel_name(self, channel_id: str) -> str:
        return channel_id

    async def join(self, channel_id: str) -> str:
        if channel_id.startswith("G"):
            return "method_not_supported_for_channel_type"
        self.joined.append(channel_id)
        return ""

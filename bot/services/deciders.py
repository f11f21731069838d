"""Who could decide in a channel, by what was read once: each card asks about as many people as there are admins."""

from __future__ import annotations

import asyncio

from bot.domain.access import ChannelBinding, Grant, Role, SubjectKind, may_decide, standing_of
from bot.domain.errors import PeopleUnavailable
from bot.domain.ports import Directory

LOOKED_AT = 60
"""Bound on how many candidates are asked of Slack when counting who could decide."""

Grants = tuple[Grant, ...]


async def deciders_among(
    directory: Directory, bot_admins: frozenset[str], binding: ChannelBinding, grants: Grants, *, excluding: str
) -> tuple[str, ...]:
    """People other than `excluding` who could, by the grants that reach this channel; and whom Slack tells of."""
    people = bot_admins | await _candidates(directory, binding, grants)
    candidates = sorted(people - {excluding})[:LOOKED_AT]

    async def could(person_id: str) -> bool:
        group_ids = sorted({grant.subject_id for grant in grants if grant.subject_kind is SubjectKind.GROUP})
        try:
            person = await directory.person(person_id)
            groups = await directory.groups_of(person_id, group_ids) if group_ids else frozenset()
        except PeopleUnavailable:
            return False
        standing = standing_of(
            person,
            channel_id=binding.channel_id,
            is_direct=False,
            binding=binding,
            grants=grants,
            group_ids=groups,
            bot_admins=bot_admins,
        )
        return may_decide(standing)

    judged = await asyncio.gather(*(could(person_id) for person_id in candidates))
    return tuple(person_id for person_id, able in zip(candidates, judged, strict=True) if able)


async def _candidates(directory: Directory, binding: ChannelBinding, grants: Grants) -> frozenset[str]:
    people: frozenset[str] = frozenset()
    for grant in grants:
        if grant.role is Role.ADMIN:
            people |= await _subjects(directory, grant)
    if binding.member_role is Role.ADMIN:
        people |= await directory.channel_members(binding.channel_id, limit=LOOKED_AT)
    return people


async def _subjects(directory: Directory, grant: Grant) -> frozenset[str]:
    if grant.subject_kind is SubjectKind.USER:
        return frozenset({grant.subject_id})
    return await directory.group_members(grant.subject_id)

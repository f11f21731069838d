"""Who could decide is told by one reading of the grants, and only of people whom Slack tells to be members."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.access import ChannelBinding, Grant, Role, SubjectKind
from bot.services.deciders import LOOKED_AT, deciders_among
from tests.unit.commands.people import People

PROD = ChannelBinding(channel_id="C0PROD", role=Role.ADMIN, member_role=Role.NONE, environment="prod")


def given(subject_id: str, role: Role = Role.ADMIN, kind: SubjectKind = SubjectKind.USER) -> Grant:
    """A role in every channel."""
    return Grant(subject_kind=kind, subject_id=subject_id, role=role)


async def able(*grants: Grant, people: People | None = None, excluding: str = "", **more: Any) -> tuple[str, ...]:
    """Who could decide in #prod."""
    admins: frozenset[str] = more.get("bot_admins", frozenset())
    return await deciders_among(people or People(), admins, PROD, grants, excluding=excluding)


async def test_admins_can_and_operators_cannot() -> None:
    assert await able(given("U0ADA"), given("U0BOB", Role.OPERATOR), given("U0CLEO")) == ("U0ADA", "U0CLEO")


async def test_standing_admins_and_members_of_an_admin_group_can() -> None:
    people = People(groups={"S0OPS": frozenset({"U0DAN"})})
    group = given("S0OPS", kind=SubjectKind.GROUP)
    assert await able(group, people=people, bot_admins=frozenset({"U0EVE"})) == ("U0DAN", "U0EVE")


async def test_whoever_asked_is_left_out() -> None:
    assert await able(given("U0ADA"), given("U0BOB"), excluding="U0ADA") == ("U0BOB",)


@pytest.mark.parametrize("doubt", [People(guests={"U0ADA"}), People(silent={"U0ADA"})])
async def test_neither_guests_can_nor_those_of_whom_slack_says_nothing(doubt: People) -> None:
    assert await able(given("U0ADA"), given("U0BOB"), people=doubt) == ("U0BOB",)


async def test_only_so_many_are_looked_at() -> None:
    assert len(await able(*(given(f"U{number:04}") for number in range(2 * LOOKED_AT)))) == LOOKED_AT

"""Bindings and grants in SQL."""

from __future__ import annotations

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.access import ChannelBinding, Grant, Role, SubjectKind
from tests.clock import START

OPS = ChannelBinding(channel_id="C0OPS", role=Role.ADMIN, member_role=Role.VIEWER, environment="prod")
DEV = ChannelBinding(channel_id="C0DEV", role=Role.OPERATOR, member_role=Role.OPERATOR, environment="staging")

ADA = Grant(subject_kind=SubjectKind.USER, subject_id="U0ADA", role=Role.ADMIN)
ADA_IN_DEV = Grant(subject_kind=SubjectKind.USER, subject_id="U0ADA", role=Role.VIEWER, channel_id="C0DEV")
SRE = Grant(subject_kind=SubjectKind.GROUP, subject_id="S0SRE", role=Role.OPERATOR, channel_id="C0OPS")


async def given(database: Database, *rows: ChannelBinding | Grant) -> None:
    def work(unit: Unit) -> None:
        for row in rows:
            if isinstance(row, Grant):
                unit.roles.grant(row, "U0ROOT", START)
            else:
                unit.roles.bind(row, "U0ROOT", START)

    await database.write(work)


async def test_a_channel_is_unbound_until_it_is_bound(database: Database) -> None:
    assert await database.read(lambda unit: unit.roles.binding("C0OPS")) is None
    await given(database, OPS, DEV)
    assert await database.read(lambda unit: unit.roles.binding("C0OPS")) == OPS
    assert set(await database.read(lambda unit: unit.roles.bindings())) == {OPS, DEV}


async def test_binding_again_replaces(database: Database) -> None:
    weaker = ChannelBinding(channel_id="C0OPS", role=Role.VIEWER, member_role=Role.NONE, environment="staging")
    await given(database, OPS, weaker)
    assert await database.read(lambda unit: unit.roles.bindings()) == (weaker,)


async def test_unbinding_leaves_the_others(database: Database) -> None:
    await given(database, OPS, DEV)
    await database.write(lambda unit: unit.roles.unbind("C0OPS"))
    assert await database.read(lambda unit: unit.roles.bindings()) == (DEV,)


async def test_a_person_has_their_own_grants_and_those_of_their_groups(database: Database) -> None:
    linus = Grant(subject_kind=SubjectKind.USER, subject_id="U0LINUS", role=Role.ADMIN)
    await given(database, ADA, ADA_IN_DEV, SRE, linus)
    assert set(await database.read(lambda unit: unit.roles.grants_for("U0ADA", ()))) == {ADA, ADA_IN_DEV}
    assert set(await database.read(lambda unit: unit.roles.grants_for("U0ADA", ["S0SRE"]))) == {ADA, ADA_IN_DEV, SRE}
    assert await database.read(lambda unit: unit.roles.grants_for("S0SRE", ())) == ()


async def test_a_grant_is_replaced_for_its_own_place_only(database: Database) -> None:
    less = Grant(subject_kind=SubjectKind.USER, subject_id="U0ADA", role=Role.OPERATOR)
    await given(database, ADA, ADA_IN_DEV, less)
    assert set(await database.read(lambda unit: unit.roles.grants())) == {less, ADA_IN_DEV}


async def test_a_grant_is_taken_back_for_its_own_place_only(database: Database) -> None:
    await given(database, ADA, ADA_IN_DEV)
    await database.write(lambda unit: unit.roles.revoke(SubjectKind.USER, "U0ADA", None))
    assert await database.read(lambda unit: unit.roles.grants()) == (ADA_IN_DEV,)


async def test_the_groups_that_matter_are_those_with_a_grant(database: Database) -> None:
    elsewhere = Grant(subject_kind=SubjectKind.GROUP, subject_id="S0SRE", role=Role.VIEWER, channel_id="C0DEV")
    await given(database, ADA, SRE, elsewhere)
    assert await database.read(lambda unit: unit.roles.group_ids()) == ("S0SRE",)

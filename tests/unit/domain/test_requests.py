"""The state machine, as the design draws it."""

from __future__ import annotations

import pytest

from bot.domain.access import ChannelBinding, Grant, OperationClass, Person, Role, SubjectKind, shortfall, standing_of
from bot.domain.requests import OPEN_STATES, TRANSITIONS, Operation, OperationKind, RequestState, may_move

S = RequestState
FINAL = {S.DENIED, S.CANCELLED, S.EXPIRED, S.STALE, S.SUCCEEDED, S.ALREADY_ABSENT, S.REJECTED}


@pytest.mark.parametrize("state", sorted(FINAL))
def test_nothing_follows_a_final_state(state: RequestState) -> None:
    assert TRANSITIONS.get(state, frozenset()) == frozenset()


def test_nothing_is_sent_without_being_approved_first() -> None:
    assert [before for before in S if may_move(before, S.EXECUTING)] == [S.APPROVED]


def test_nothing_goes_back_to_approved_once_bytes_may_have_left() -> None:
    assert [before for before in S if may_move(before, S.APPROVED)] == [S.PENDING, S.NOT_SENT]
    assert not may_move(S.UNKNOWN, S.EXECUTING)


def test_what_is_open_can_still_move_and_what_is_not_lets_go_of_its_target() -> None:
    assert all(TRANSITIONS[state] for state in OPEN_STATES)
    assert set() == OPEN_STATES & FINAL


@pytest.mark.parametrize("after", [S.SUCCEEDED, S.ALREADY_ABSENT, S.REJECTED])
@pytest.mark.parametrize("before", [S.UNKNOWN, S.NOT_APPLIED, S.NEEDS_HUMAN, S.RESOLVED])
def test_a_late_answer_corrects_what_was_only_inferred(before: RequestState, after: RequestState) -> None:
    assert may_move(before, after)


def test_what_was_approved_is_what_is_sent() -> None:
    one = Operation(kind=OperationKind.DELETE_DATABASE, environment="default", database_id="db_1")
    other = Operation(kind=OperationKind.DELETE_DATABASE, environment="default", database_id="db_2")
    assert one.digest() == one.digest()
    assert len({one.digest(), other.digest(), one.digest("fingerprint")}) == 3


ADA = Person(id="U1", name="ada")
GUEST = Person(id="U2", name="guy", trusted=False, distrust="a guest")


def binding(role: Role, members: Role = Role.VIEWER) -> ChannelBinding:
    return ChannelBinding(channel_id="C1", role=role, member_role=members, environment="default")


def grant(role: Role, *, to: str = "U1", channel: str | None = None, kind: SubjectKind = SubjectKind.USER) -> Grant:
    return Grant(subject_kind=kind, subject_id=to, role=role, channel_id=channel)


@pytest.mark.parametrize(
    ("channel", "members", "grants", "expected"),
    [
        (Role.ADMIN, Role.VIEWER, (), Role.VIEWER),
        (Role.ADMIN, Role.OPERATOR, (), Role.OPERATOR),
        (Role.ADMIN, Role.VIEWER, (grant(Role.ADMIN),), Role.ADMIN),
        (Role.OPERATOR, Role.VIEWER, (grant(Role.ADMIN),), Role.OPERATOR),
        (Role.ADMIN, Role.VIEWER, (grant(Role.ADMIN, channel="C1"),), Role.ADMIN),
        (Role.ADMIN, Role.VIEWER, (grant(Role.ADMIN, channel="C2"),), Role.VIEWER),
        (Role.ADMIN, Role.VIEWER, (grant(Role.ADMIN, to="U9"),), Role.VIEWER),
        (Role.ADMIN, Role.VIEWER, (grant(Role.OPERATOR, to="S1", kind=SubjectKind.GROUP),), Role.OPERATOR),
    ],
)
def test_a_role_is_the_best_that_reaches_the_person_below_the_channels_ceiling(
    channel: Role, members: Role, grants: tuple[Grant, ...], expected: Role
) -> None:
    standing = standing_of(
        ADA,
        channel_id="C1",
        is_direct=False,
        binding=binding(channel, members),
        grants=grants,
        group_ids=frozenset({"S1"}),
        bot_admins=frozenset(),
    )
    assert standing.role is expected


def test_whoever_is_not_trusted_only_reads_whatever_was_granted() -> None:
    standing = standing_of(
        GUEST,
        channel_id="C1",
        is_direct=False,
        binding=binding(Role.ADMIN),
        grants=(grant(Role.ADMIN, to="U2"),),
        group_ids=frozenset(),
        bot_admins=frozenset({"U2"}),
    )
    assert standing.role is Role.VIEWER
    assert shortfall(standing, operation_class=OperationClass.READ, needs=Role.VIEWER) is None
    short = shortfall(standing, operation_class=OperationClass.CHANGE, needs=Role.OPERATOR)
    assert short is not None
    assert "a guest" in short.missing


@pytest.mark.parametrize(("channel", "needs"), [(Role.VIEWER, Role.OPERATOR), (Role.OPERATOR, Role.ADMIN)])
def test_nobody_is_sent_for_a_role_that_the_channel_would_keep_down(channel: Role, needs: Role) -> None:
    standing = standing_of(
        ADA,
        channel_id="C1",
        is_direct=False,
        binding=binding(channel, Role.VIEWER),
        grants=(grant(Role.ADMIN),),
        group_ids=frozenset(),
        bot_admins=frozenset(),
    )
    short = shortfall(standing, operation_class=OperationClass.READ, needs=needs)
    assert short is not None
    assert f"needs a channel with the role {needs.word}" in short.missing
    assert "roles grant" not in short.remedy


@pytest.mark.parametrize("operation_class", [OperationClass.READ, OperationClass.CHANGE, OperationClass.DESTRUCTIVE])
def test_an_unbound_channel_denies_even_a_bot_admin(operation_class: OperationClass) -> None:
    standing = standing_of(
        ADA,
        channel_id="C1",
        is_direct=False,
        binding=None,
        grants=(grant(Role.ADMIN),),
        group_ids=frozenset(),
        bot_admins=frozenset({"U1"}),
    )
    assert shortfall(standing, operation_class=operation_class, needs=Role.VIEWER) is not None
    assert shortfall(standing, operation_class=OperationClass.MANAGE, needs=Role.ADMIN) is None

"""What somebody is offered on a request's card: only what they may ask for here, and who may do the rest."""

from __future__ import annotations

import pytest

from bot.commands.catalogue import all_commands
from bot.commands.offering import Reader
from bot.commands.registry import Registry
from bot.domain.access import ChannelBinding, Gate, OperationClass, Person, Role, Standing
from bot.domain.replies import CommandButton
from bot.domain.requests import Operation, OperationKind, Request, RequestState, Result
from bot.services import cards
from tests.factories import make_request
from tests.unit.commands.plain import line_text

REGISTRY = Registry(all_commands())


def reader(role: Role, channel: Role = Role.ADMIN) -> Reader:
    binding = ChannelBinding(channel_id="C0OPS", role=channel, member_role=Role.VIEWER, environment="prod")
    standing = Standing(
        person=Person(id="U1", name="Alan"), channel_id="C0OPS", binding=binding, role=min(role, channel), granted=role
    )
    return Reader(registry=REGISTRY, standing=standing, slash="/cloudsync")


def ended(kind: OperationKind, result: Result) -> Request:
    return make_request(
        state=RequestState.SUCCEEDED,
        gate=Gate.CONFIRM,
        operation=Operation(kind=kind, environment="prod", database_id="db_1", items=("users",)),
        operation_class=OperationClass.CHANGE,
        summary="enable CloudSync for the table users",
        result=result,
    )


ENABLED = ended(
    OperationKind.ENABLE_TABLES, Result(undo_label="Disable them", undo_command="tables disable db_1 users")
)
REGISTERED = ended(OperationKind.REGISTER_DATABASE, Result(created_id="db_2"))


@pytest.mark.parametrize(
    ("request_", "by", "offered", "told"),
    [
        (
            ENABLED,
            reader(Role.ADMIN),
            ["Disable them", "Audit story"],
            "Next: if this was a mistake, Disable them leads back.",
        ),
        (
            ENABLED,
            reader(Role.OPERATOR),
            ["Audit story"],
            "Next: if this was a mistake, ask an admin for /cloudsync tables disable db_1 users.",
        ),
        (
            ENABLED,
            reader(Role.ADMIN, channel=Role.OPERATOR),
            ["Audit story"],
            "Next: if this was a mistake, ask an admin for /cloudsync tables disable db_1 users, "
            "in a channel with the role admin.",
        ),
        (
            REGISTERED,
            reader(Role.OPERATOR),
            ["Enable tables", "Audit story"],
            "Next: no table syncs yet; choose which do, with tables enable db_2.",
        ),
        (
            REGISTERED,
            reader(Role.VIEWER),
            [],
            "Next: no table syncs yet; ask an operator for /cloudsync tables enable db_2.",
        ),
    ],
)
def test_a_reader_is_offered_what_they_may_ask_for_here_and_told_who_may_do_the_rest(
    request_: Request, by: Reader, offered: list[str], told: str
) -> None:
    drawn = by.card(cards.card(request_), request_)
    assert [one.label for one in drawn.actions if isinstance(one, CommandButton)] == offered
    assert line_text(drawn.next_step) == told


def test_where_it_is_not_known_who_reads_it_says_whose_the_way_back_is() -> None:
    told = "Next: if this was a mistake, Disable them leads back, for admins in an admin channel."
    assert line_text(cards.card(ENABLED).next_step) == told


def test_what_waits_is_no_other_for_whoever_reads_it() -> None:
    pending = make_request()
    assert reader(Role.VIEWER).card(cards.card(pending), pending) == cards.card(pending)

"""Lowering or letting go of a channel in which requests stand open: asked about first."""

from __future__ import annotations

import pytest

from bot.domain.access import Gate, OperationClass, Role
from bot.domain.errors import Conflict, Unconfirmed
from bot.domain.requests import OPEN_STATES, RequestState
from tests.factories import make_request
from tests.unit.commands.areas.channel import ADA, GRACE, Channel
from tests.unit.commands.plain import line_text

NEW = "C0NEW"
UNBIND = f"roles unbind <#{NEW}|new>"
S = RequestState


async def opened(channel: Channel, **given: object) -> None:
    """A request in the channel that is let go."""
    await channel.bind(NEW)
    request = make_request(channel_id=NEW, **given)
    await channel.database.write(lambda unit: unit.requests.insert(request))


async def role_there(channel: Channel) -> Role:
    return (await channel.access.standing(ADA, NEW)).channel_role


@pytest.mark.parametrize("text", [UNBIND, f"roles bind <#{NEW}|new> operator", f"roles bind <#{NEW}|new> viewer"])
async def test_what_would_be_left_behind_is_named_and_nothing_is_changed(channel: Channel, text: str) -> None:
    await opened(channel)
    await opened(channel, requester_id=GRACE)
    with pytest.raises(Unconfirmed, match=f"In #{NEW} 2 requests stand open, and could then go no further") as raised:
        await channel.ask(text)
    told = {line_text(one) for one in raised.value.consequences}
    assert told == {f"delete the database “orders-eu”, asked by @{who}" for who in (ADA, GRACE)}
    assert await role_there(channel) is Role.ADMIN
    await channel.reply(raised.value.command)
    assert await role_there(channel) is not Role.ADMIN


async def test_the_button_binds_as_it_was_asked_for(channel: Channel) -> None:
    await opened(channel)
    with pytest.raises(Unconfirmed) as raised:
        await channel.ask(f"roles bind <#{NEW}|new> operator --members operator")
    await channel.reply(raised.value.command)
    bound = next(one for one in await channel.access.bindings() if one.channel_id == NEW)
    assert (bound.role, bound.member_role, bound.environment) == (Role.OPERATOR, Role.OPERATOR, "prod")


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
async def test_what_goes_on_by_itself_is_not_asked_about(channel: Channel, state: RequestState) -> None:
    await opened(channel, state=state)
    if state in (S.EXECUTING, S.UNKNOWN):
        await channel.reply(UNBIND)
    else:
        with pytest.raises(Unconfirmed):
            await channel.ask(UNBIND)


async def test_a_channel_that_still_allows_it_is_lowered_at_once(channel: Channel) -> None:
    await opened(channel, gate=Gate.CONFIRM, operation_class=OperationClass.CHANGE)
    await channel.reply(f"roles bind <#{NEW}|new> operator")
    with pytest.raises(Unconfirmed):
        await channel.ask(f"roles bind <#{NEW}|new> viewer")


async def test_what_the_rules_refuse_is_not_asked_about_first(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN, NEW)
    await opened(channel)
    with pytest.raises(Conflict, match="only channel in which another admin can agree"):
        await channel.ask(UNBIND)


async def test_raising_a_channel_is_not_asked_about(channel: Channel) -> None:
    await opened(channel, gate=Gate.CONFIRM, operation_class=OperationClass.CHANGE)
    await channel.bind(NEW, Role.OPERATOR)
    await channel.reply(f"roles bind <#{NEW}|new> admin")

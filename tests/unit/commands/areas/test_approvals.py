"""Requests seen from the outside: listed, shown, cancelled, rehearsed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.access import Gate, Role
from bot.domain.errors import Denied, UnknownTarget
from bot.domain.replies import CommandButton, CommandMenu, Reply, RequestButton
from bot.domain.requests import OperationKind, Request, RequestState, Step
from tests.factories import make_request
from tests.unit.commands.areas.channel import ADA, CLEO, GRACE, HERE, Channel
from tests.unit.commands.plain import line_text, reply_text


async def opened(channel: Channel, **given: object) -> Request:
    """A request that waits in the channel."""
    request = make_request(channel_id=HERE, requester_id=ADA, **given)
    await channel.database.write(lambda unit: unit.requests.insert(request))
    return request


async def test_open_requests_are_listed_with_what_they_wait_for(channel: Channel) -> None:
    request = await opened(channel)
    reply = await channel.reply("approvals list")
    assert line_text(reply.verdict) == "1 request is open in this channel"
    assert "waits for a decision until" in reply_text(reply)
    (menu,) = reply.actions
    assert isinstance(menu, CommandMenu)
    assert [command for _, command in menu.options] == [f"approvals show {request.id}"]


async def test_more_open_requests_than_fit_are_counted_truly_and_paged(channel: Channel) -> None:
    for _ in range(23):
        await opened(channel)
    first = await channel.reply("approvals list")
    assert line_text(first.verdict) == "23 requests are open in this channel, page 1 of 3"
    assert [one.label for one in first.actions if isinstance(one, CommandButton)] == ["Next"]
    pages = [await channel.reply(f"approvals list --page {page}") for page in (1, 2, 3)]
    menus = [one for page in pages for one in page.actions if isinstance(one, CommandMenu)]
    assert len({command for menu in menus for _, command in menu.options}) == 23
    assert [one.label for one in pages[-1].actions if isinstance(one, CommandButton)] == ["Previous"]
    assert "this is the last" in reply_text(await channel.reply("approvals list --page 9"))


async def test_a_request_is_found_by_the_beginning_of_its_id(channel: Channel) -> None:
    request = await opened(channel)
    reply = await channel.reply(f"approvals show {request.id[:8]}")
    assert "delete the database “orders-eu”" in line_text(reply.verdict)
    assert any(isinstance(action, RequestButton) for action in reply.actions)


def steps(reply: Reply) -> list[str]:
    """What the buttons on a request would do."""
    return [action.step for action in reply.actions if isinstance(action, RequestButton)]


async def test_a_request_that_waits_for_its_requesters_own_word_puts_the_question_to_them_alone(
    channel: Channel,
) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    request = await opened(channel, gate=Gate.CONFIRM)
    asked = await channel.reply(f"approvals show {request.id}")
    assert steps(asked) == [Step.CONFIRM, Step.CANCEL]
    shown = await channel.reply(f"approvals show {request.id}", person=GRACE)
    assert steps(shown) == [Step.CANCEL], "nobody can approve or deny it"
    assert f"Not confirmed yet: {request.summary}" in reply_text(shown)


async def test_only_the_steps_that_somebody_may_take_are_put_before_them(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    request = await opened(channel)
    seen = {who: steps(await channel.reply(f"approvals show {request.id}", person=who)) for who in (ADA, GRACE, CLEO)}
    assert seen == {ADA: [Step.CANCEL], GRACE: [Step.APPROVE, Step.DENY, Step.CANCEL], CLEO: []}


async def test_an_unknown_request_is_said(channel: Channel) -> None:
    with pytest.raises(UnknownTarget, match="no such request"):
        await channel.ask("approvals show rq-nothing")


async def test_whoever_asked_cancels_and_a_viewer_may_not(channel: Channel) -> None:
    request = await opened(channel)
    with pytest.raises(Denied):
        await channel.ask(f"approvals cancel {request.id}", person=CLEO)
    reply = await channel.reply(f"approvals cancel {request.id}")
    assert line_text(reply.verdict).startswith("Cancelled")
    assert await state_of(channel, request) is RequestState.CANCELLED


async def test_another_admin_cancels_too(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    request = await opened(channel, decide_by=channel.clock.now() + timedelta(minutes=5))
    await channel.reply(f"approvals cancel {request.id}", person=GRACE)
    assert await state_of(channel, request) is RequestState.CANCELLED


async def test_an_admin_cancels_only_in_the_requests_own_channel_and_whoever_asked_from_anywhere(
    channel: Channel,
) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    await channel.bind("C0OTHER")
    request = make_request(channel_id="C0OTHER", requester_id=ADA)
    await channel.database.write(lambda unit: unit.requests.insert(request))
    with pytest.raises(Denied, match="Only whoever asked, or an admin of its channel"):
        await channel.ask(f"approvals cancel {request.id}", person=GRACE)
    assert await state_of(channel, request) is RequestState.PENDING
    await channel.reply(f"approvals cancel {request.id}")
    assert await state_of(channel, request) is RequestState.CANCELLED


async def state_of(channel: Channel, request: Request) -> RequestState:
    found = await channel.services.approvals.get(request.id)
    assert found is not None
    return found.state


async def test_a_rehearsal_waits_for_approval_like_a_deletion_and_says_that_it_touches_nothing(
    channel: Channel,
) -> None:
    proposal = await channel.proposal("approvals rehearse")
    assert (proposal.operation.kind, proposal.gate) == (OperationKind.REHEARSAL, Gate.APPROVE)
    assert "nothing" in dict(proposal.observation.facts)["What it touches"]
    assert channel.api.journal.changing == []
    assert proposal.reason == "a rehearsal"
    assert (await channel.proposal('approvals rehearse --reason "for the new ones"')).reason == "for the new ones"

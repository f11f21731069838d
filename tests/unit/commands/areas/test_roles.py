"""Who may do what where, changed from the chat under the rules of the access service."""

from __future__ import annotations

import pytest

from bot.domain.access import Gate, OperationClass, Role
from bot.domain.audit import AuditFilter, AuditKind
from bot.domain.errors import Conflict, Denied, FieldErrors, InvalidInput, PeopleUnavailable, TrailUnavailable
from bot.domain.replies import CommandButton, Reply
from bot.domain.requests import OperationKind
from bot.services.operations.local import binding_from, grant_from
from tests.unit.commands.areas.channel import ADA, CLEO, GRACE, HERE, Channel
from tests.unit.commands.plain import line_text, part_lines, reply_text

NEW = "C0NEW"


async def role_of(channel: Channel, person: str, where: str = HERE) -> Role:
    return (await channel.access.standing(person, where)).role


async def test_channels_and_grants_are_listed(channel: Channel) -> None:
    await channel.grant(GRACE, Role.OPERATOR, HERE)
    channel.bot_admins = frozenset({CLEO})
    reply = await channel.reply("roles list")
    assert line_text(reply.verdict) == "1 channel is bound, 2 roles are granted"
    text = reply_text(reply)
    assert f"@{HERE}: admin, members viewer, prod" in text
    assert f"@{GRACE}: operator in @{HERE}" in text
    assert f"@{ADA}: admin everywhere" in text
    assert f"@{CLEO}: bot admin, by BOT_ADMINS" in text


@pytest.mark.parametrize(
    "text",
    [
        f"roles bind <#{NEW}|new> operator",
        f"roles unbind <#{HERE}|here>",
        f"roles grant <@{CLEO}> operator",
        f"roles revoke <@{GRACE}>",
    ],
)
async def test_access_stays_as_it_is_while_the_trail_is_distrusted(channel: Channel, text: str) -> None:
    await channel.grant(GRACE, Role.OPERATOR)
    before = await channel.access.bindings(), await channel.access.grants()
    channel.trail.distrust("The audit trail has no head.")
    with pytest.raises(TrailUnavailable, match="no head"):
        await channel.ask(text)
    assert (await channel.access.bindings(), await channel.access.grants()) == before


async def test_many_grants_are_paged(channel: Channel) -> None:
    for number in range(30):
        await channel.grant(f"U{number:04}", Role.VIEWER)
    reply = await channel.reply("roles list --page 2")
    assert line_text(reply.verdict) == "1 channel is bound, 31 roles are granted, page 2 of 3"
    assert len(part_lines(reply)) == 15
    assert [one.label for one in reply.actions if isinstance(one, CommandButton)] == ["Previous", "Next"]
    assert line_text(reply.next_step) == "Turn the page, or give a role with /cloudsync roles grant @person operator."


async def test_a_channel_is_bound_with_viewers_unless_said_otherwise(channel: Channel) -> None:
    reply = await channel.reply(f"roles bind <#{NEW}|new> operator")
    assert line_text(reply.verdict) == f"Bound @{NEW} as operator, to the environment prod"
    assert await role_of(channel, CLEO, NEW) is Role.VIEWER
    await channel.reply(f"roles bind <#{NEW}|new> operator --members operator")
    assert await role_of(channel, CLEO, NEW) is Role.OPERATOR


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"roles bind <#{NEW}|new> viewer --members operator", "more than the channel itself"),
        (f"roles bind <#{NEW}|new> viewer --environment production", "no environment production"),
    ],
)
async def test_what_does_not_fit_together_is_not_bound(channel: Channel, text: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        await channel.ask(text)
    assert await role_of(channel, ADA, NEW) is Role.NONE


async def test_a_binding_that_leaves_one_decider_warns_of_it(channel: Channel) -> None:
    text = reply_text(await channel.reply(f"roles bind <#{NEW}|new> admin"))
    assert f"In @{NEW} only one person could decide, so their own requests are refused." in text
    assert "/cloudsync roles grant @person admin" in text


async def test_losing_the_second_decider_warns_in_every_channel_concerned(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    await channel.bind("C0TWO")
    await channel.bind("C0LOW", Role.OPERATOR)
    text = reply_text(await channel.reply(f"roles revoke <@{GRACE}|grace>"))
    assert f"In @{HERE} only one person" in text
    assert "In @C0TWO only one person" in text
    assert "C0LOW" not in text


async def test_with_two_deciders_nothing_is_warned_of(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    reply: Reply = await channel.reply(f"roles grant <@{CLEO}|cleo> operator")
    assert reply.parts == ()
    assert await role_of(channel, CLEO) is Role.OPERATOR


async def test_making_an_admin_where_another_exists_asks_that_one(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    proposal = await channel.proposal(f"roles grant <@{CLEO}|cleo> admin --channel <#{HERE}|ops>")
    assert (proposal.operation.kind, proposal.gate) == (OperationKind.GRANT_ROLE, Gate.APPROVE)
    assert (proposal.operation_class, proposal.channel_id) == (OperationClass.MANAGE, HERE)
    given = grant_from(proposal.operation)
    assert (given.subject_id, given.role, given.channel_id) == (CLEO, Role.ADMIN, HERE)
    assert await role_of(channel, CLEO) is Role.VIEWER, "nothing is given before the approval"


async def test_binding_as_admin_where_another_admin_exists_asks_that_one(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    proposal = await channel.proposal(f"roles bind <#{NEW}|new> admin --members operator")
    bound = binding_from(proposal.operation)
    assert (bound.channel_id, bound.role, bound.member_role, bound.environment) == (
        NEW,
        Role.ADMIN,
        Role.OPERATOR,
        "prod",
    )
    assert proposal.gate is Gate.APPROVE
    assert await role_of(channel, ADA, NEW) is Role.NONE


async def test_nobody_raises_their_own_role(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN, HERE)
    with pytest.raises(Denied):
        await channel.ask(f"roles grant <@{GRACE}|grace> admin", person=GRACE)
    with pytest.raises(Denied):
        await channel.ask(f"roles grant <@{CLEO}|cleo> viewer", person=CLEO)


@pytest.mark.parametrize("role", ["operator", "admin"])
async def test_a_guest_is_given_nothing_that_a_guest_cannot_use(channel: Channel, role: str) -> None:
    channel.people.guests.add(CLEO)
    with pytest.raises(Denied, match="This is a guest, and may only read"):
        await channel.ask(f"roles grant <@{CLEO}|cleo> {role}")
    assert [one.subject_id for one in await channel.access.grants()] == [ADA]
    await channel.reply(f"roles grant <@{CLEO}|cleo> viewer")


async def test_whom_slack_does_not_name_is_given_nothing(channel: Channel) -> None:
    channel.people.silent.add(CLEO)
    with pytest.raises(PeopleUnavailable):
        await channel.ask(f"roles grant <@{CLEO}|cleo> operator")


async def test_a_guest_is_refused_as_approver_before_anything_is_set_up(channel: Channel) -> None:
    channel.people.guests.add(CLEO)
    with pytest.raises(FieldErrors) as raised:
        await channel.submit("roles setup", {"channel": NEW, "role": "admin", "members": "viewer", "approver": CLEO})
    assert "a guest" in raised.value.fields["approver"]
    assert await role_of(channel, ADA, NEW) is Role.NONE


async def test_a_bound_channel_is_joined_where_that_can_be(channel: Channel) -> None:
    await channel.reply(f"roles bind <#{NEW}|new> operator")
    assert channel.people.joined == [NEW]
    reply = await channel.reply("roles bind <#G0SECRET|secret> operator")
    assert "The bot could not join it" in reply_text(reply)
    assert "invite the bot with /invite" in line_text(reply.next_step)


async def test_nobody_is_their_own_second_approver(channel: Channel) -> None:
    with pytest.raises(FieldErrors) as raised:
        await channel.submit("roles setup", {"channel": NEW, "role": "admin", "members": "viewer", "approver": ADA})
    assert "nobody approves their own request" in raised.value.fields["approver"]
    assert await role_of(channel, ADA, NEW) is Role.NONE


@pytest.mark.parametrize("approver", ["", CLEO])
async def test_a_set_up_that_needs_another_admin_says_what_to_type_and_joins_nothing(
    channel: Channel, approver: str
) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    values = {"channel": NEW, "role": "admin", "members": "operator", "approver": approver}
    reply = await channel.submit("roles setup", values)
    assert isinstance(reply, Reply)
    assert line_text(reply.verdict).startswith("Nothing was changed")
    assert f"roles bind #{NEW} admin --members operator --environment prod" in line_text(reply.next_step)
    assert channel.people.joined == []
    (button,) = reply.actions
    assert isinstance(button, CommandButton)
    assert (await channel.proposal(button.command)).gate is Gate.APPROVE


async def test_the_next_step_beneath_a_warning_is_to_end_it(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN)
    reply = await channel.reply(f"roles revoke <@{GRACE}|grace>")
    assert line_text(reply.next_step) == "Next: give somebody else the right to decide, as said above."


async def test_the_last_admin_stays(channel: Channel) -> None:
    with pytest.raises(Conflict, match="last admin"):
        await channel.ask(f"roles revoke <@{ADA}|ada>")
    assert await role_of(channel, ADA) is Role.ADMIN


async def test_bot_admins_are_not_revoked_from_the_chat(channel: Channel) -> None:
    channel.bot_admins = frozenset({CLEO})
    with pytest.raises(Conflict, match="BOT_ADMINS"):
        await channel.ask(f"roles revoke <@{CLEO}|cleo>")


async def test_what_is_not_there_cannot_be_taken_back(channel: Channel) -> None:
    with pytest.raises(Conflict, match="no such grant"):
        await channel.ask(f"roles revoke <@{CLEO}|cleo>")
    with pytest.raises(Conflict, match="not bound"):
        await channel.ask(f"roles unbind <#{NEW}|new>")


async def test_an_unbound_channel_allows_nothing_any_more(channel: Channel) -> None:
    await channel.bind(NEW)
    reply = await channel.reply(f"roles unbind <#{NEW}|new>")
    assert line_text(reply.verdict) == f"Unbound @{NEW}"
    assert await role_of(channel, ADA, NEW) is Role.NONE


async def test_each_change_keeps_what_stood_there_before(channel: Channel) -> None:
    for text in (
        f"roles bind <#{NEW}|new> viewer",
        f"roles bind <#{NEW}|new> operator",
        f"roles unbind <#{NEW}|new>",
        f"roles grant <@{GRACE}> viewer --channel <#{HERE}|here>",
        f"roles grant <@{GRACE}> operator --channel <#{HERE}|here>",
        f"roles revoke <@{GRACE}> --channel <#{HERE}|here>",
    ):
        await channel.reply(text)
    page = await channel.trail.page(AuditFilter(limit=20))
    before = [row.payload["before"] for row in reversed(page.records) if row.kind is AuditKind.ACCESS]
    bound = {"role": "viewer", "members": "viewer", "environment": "prod"}
    given = {"subject": "user", "role": "viewer", "channel": HERE}
    assert before == [None, bound, {**bound, "role": "operator"}, None, given, {**given, "role": "operator"}]


async def test_whoever_is_no_admin_of_a_channel_reads_its_name_and_not_its_id(channel: Channel) -> None:
    await channel.grant(GRACE, Role.ADMIN, HERE)
    with pytest.raises(Denied) as raised:
        await channel.ask(f"roles bind <#{NEW}|new> viewer", person=GRACE)
    assert raised.value.missing == f"You are not an admin in #{NEW}."

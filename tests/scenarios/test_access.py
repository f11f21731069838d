"""Roles, requests and the trail, asked from Slack."""

from __future__ import annotations

import pytest

from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.sandbox.slack.outages import Outage
from tests.bots import World

ANSWERS = [
    ("help", "You may do", AuditAction.HELP),
    ("help databases", "databases", AuditAction.HELP),
    ("help databases delete", "databases delete", AuditAction.HELP),
    ("whoami", "You have the role viewer here", AuditAction.WHOAMI),
    ("explain databases delete", "may not", AuditAction.EXPLAIN),
    ("explain databases delete @alan #prod", "may ask for", AuditAction.EXPLAIN),
    ("home", "You may work in 3 channels", AuditAction.HOME_SHOW),
    ("approvals list", "Nothing is open in this channel", AuditAction.APPROVALS_LIST),
    ("roles list", "3 channels are bound", AuditAction.ROLES_LIST),
]


@pytest.mark.parametrize(("text", "said", "action"), ANSWERS, ids=[text for text, *_ in ANSWERS])
async def test_everybody_gets_these_answers_and_each_leaves_a_row(
    world: World, text: str, said: str, action: AuditAction
) -> None:
    assert said in await world.says("cleo", "#prod", text)
    row = (await world.trail())[-1]
    assert (row.action, row.outcome) == (action, AuditOutcome.SUCCEEDED)


async def test_help_whoami_and_explain_answer_in_an_unbound_channel(world: World) -> None:
    for text in ("help", "whoami", "explain databases list"):
        answer = await world.says("cleo", "#random", text)
        assert "bound" in answer
        assert "Next:" in answer


async def test_help_answers_even_when_slack_does_not_say_who_asks(world: World) -> None:
    world.workspace.outages.arm("users.info", Outage.SERVER_ERROR, times=50)
    assert "Next:" in await world.says("cleo", "#prod", "help")
    assert "Slack" in await world.says("cleo", "#prod", "org")
    assert (await world.trail())[-1].outcome is AuditOutcome.FAILED


@pytest.mark.parametrize("text", ["help", "help databases", "whoami", "explain databases list", "home"])
async def test_whoever_slack_does_not_name_reads_that_and_nothing_untrue_about_the_channel(
    world: World, text: str
) -> None:
    world.workspace.outages.arm("users.info", Outage.SERVER_ERROR, times=50)
    answer = await world.says("cleo", "#prod", text)
    assert "Slack does not say who you are" in answer
    assert "try again in a moment" in answer.casefold()
    assert "bound" not in answer
    assert "not a full member" not in answer


async def test_an_operator_asks_the_trail_and_a_viewer_may_not(world: World) -> None:
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    await world.presses("alan", "#prod", "Confirm")
    answer = await world.says("alan", "#prod", "audit --action tables.enable")
    assert "done" in answer.splitlines()[0]
    assert "tables enable orders-eu for @alan: done" in answer
    request_id = next(row.request_id for row in await world.trail() if row.request_id)
    story = await world.says("alan", "#prod", f"audit show {request_id}")
    assert "enable CloudSync for the table invoices of “orders-eu”: done" in story.splitlines()[0]
    assert "@alan confirmed tables enable orders-eu" in story
    assert "Not permitted" in await world.says("cleo", "#prod", "audit list")


async def test_the_trail_is_filtered_by_person_database_and_outcome(world: World) -> None:
    await world.says("cleo", "#prod", "databases delete orders-eu")
    await world.says("alan", "#prod", "databases show orders-us")
    refused = await world.says("alan", "#prod", "audit list --user @cleo --outcome denied")
    assert "@cleo tried databases delete orders-eu: refused" in refused
    about = await world.says("alan", "#prod", "audit list --database orders-us --all --since 1h")
    assert "orders-us" in about
    assert "@cleo" not in about
    found = await world.says("alan", "#prod", "audit list --text orders-us --all")
    assert "databases show" in found


async def test_the_trail_pages_both_ways(world: World) -> None:
    for _ in range(25):
        await world.says("cleo", "#prod", "whoami")
    first = await world.says("alan", "#prod", "audit list --all --user @cleo")
    older = await world.presses("alan", "#prod", "Older")
    assert older.splitlines()[1] not in first
    assert (await world.presses("alan", "#prod", "Newer")).splitlines()[1] == first.splitlines()[1]


async def test_a_bot_admin_binds_in_an_unbound_channel_and_then_needs_a_second_admin(world: World) -> None:
    answer = await world.says("ada", "#random", "roles bind #random viewer")
    assert "Bound #random as viewer" in answer
    await world.says("ada", "#prod", "roles bind #random admin --members operator")
    assert "@ada asks to bind #random as admin" in world.card()
    assert "Target: #random" in world.card()
    await world.presses("grace", "#prod", "Approve")
    assert "Bound #random as admin" in world.card()
    assert "12 databases" in await world.says("cleo", "#random", "databases list")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("roles bind #random admin --members operator", "bind #random as admin, members operator"),
        ("roles grant @cleo admin --channel #prod", "give cleo the role admin, only in #prod"),
        ("roles grant @cleo admin", "give cleo the role admin in every bound channel"),
    ],
)
async def test_a_change_of_access_names_its_channel_wherever_it_is_told(world: World, typed: str, told: str) -> None:
    await world.says("ada", "#prod", typed)
    assert f"@ada asks to {told}" in world.card()
    assert told in await world.says("cleo", "#prod", "approvals list")
    assert told in await world.says("cleo", "#prod", "home")
    row = next(one for one in await world.trail() if one.kind is AuditKind.REQUEST)
    assert row.payload["summary"] == told
    assert told in await world.says("alan", "#prod", f"audit show {row.request_id}")
    if "grant" in typed:
        where = "in #prod" if "--channel" in typed else "in every bound channel"
        assert f"asked for roles grant @cleo admin {where}" in await world.says("alan", "#prod", "audit list")


async def test_a_channel_that_a_second_admin_lets_be_bound_is_joined_as_any_other(world: World) -> None:
    random, bot = world.workspace.channel("random"), world.workspace.app.bot_user_id
    random.members.discard(bot)
    await world.says("ada", "#prod", "roles bind #random admin")
    assert bot not in random.members
    await world.presses("grace", "#prod", "Approve")
    assert bot in random.members
    assert "Next: try databases list in #random." in world.card()
    assert "Warning" not in world.card()


@pytest.mark.parametrize("invited", [True, False])
async def test_a_private_channel_is_said_to_lack_the_bot_only_where_it_does(world: World, invited: bool) -> None:
    ada = world.workspace.member("ada")
    secret = world.workspace.add_channel("secret", ada, is_private=True, with_bot=invited)
    answer = await world.says("ada", "#prod", f"roles bind <#{secret.id}|> viewer")
    assert "as viewer" in answer
    assert ("could not join" in answer) is not invited
    await world.says("ada", "#prod", f"roles bind <#{secret.id}|> admin")
    await world.presses("grace", "#prod", "Approve")
    assert world.card().startswith("✅" if invited else "⚠️")
    assert ("Warning: The bot could not join it" in world.card()) is not invited


async def test_granting_admin_asks_a_second_admin_and_lower_roles_do_not(world: World) -> None:
    assert "is now operator" in await world.says("ada", "#prod", "roles grant @cleo operator --channel #staging")
    assert [row.target_label for row in await world.trail() if row.kind is AuditKind.ACCESS] == ["cleo"]
    await world.says("ada", "#prod", "roles grant @cleo admin")
    assert "@ada asks to give cleo the role admin in every bound channel" in world.card()
    assert "Target: @cleo" in world.card()
    assert "You have the role viewer here" in await world.says("cleo", "#prod", "whoami")
    await world.presses("grace", "#prod", "Approve")
    assert "You have the role admin here" in await world.says("cleo", "#prod", "whoami")


async def test_nobody_but_an_admin_changes_roles_and_bot_admins_are_not_revoked(world: World) -> None:
    assert "Not permitted" in await world.says("alan", "#prod", "roles grant @cleo viewer")
    assert "BOT_ADMINS" in await world.says("grace", "#prod", "roles revoke @ada")
    assert "Took the role" in await world.says("grace", "#prod", "roles revoke @alan")
    assert "Not permitted" in await world.says("alan", "#prod", "tables enable orders-eu invoices")


async def test_a_right_lost_after_the_approval_was_asked_stops_it(world: World) -> None:
    await world.says("alan", "#prod", 'devices remove orders-eu site_00001 --reason "lost"')
    await world.says("ada", "#prod", "roles revoke @alan")
    await world.presses("grace", "#prod", "Approve")
    assert "Stopped before sending" in world.card()
    assert world.api.journal.changing == []


async def test_requests_are_listed_shown_and_cancelled_by_command(world: World) -> None:
    await world.says("alan", "#prod", 'devices remove orders-eu site_00001 --reason "lost"')
    assert "1 request is open" in await world.says("cleo", "#prod", "approvals list")
    request_id = next(row.request_id for row in await world.trail() if row.request_id)
    assert request_id is not None
    assert "asks to" in await world.says("cleo", "#prod", f"approvals show {request_id[:8]}")
    assert "Not permitted" in await world.says("cleo", "#prod", f"approvals cancel {request_id}")
    await world.says("alan", "#prod", f"approvals cancel {request_id}")
    assert "Cancelled" in world.card()


async def test_a_second_request_on_the_same_target_is_refused_with_the_first_ones_id(world: World) -> None:
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    answer = await world.says("alan", "#prod", "tables enable orders-eu audit_log")
    assert "is open already: rq-" in answer
    rows = [row for row in await world.trail() if row.kind is AuditKind.REQUEST]
    assert len(rows) == 1


async def test_nobody_gets_rid_of_the_second_admin_by_lowering_the_channel_and_raising_it_elsewhere(
    world: World,
) -> None:
    prod = f"<#{world.workspace.channel('prod').id}|prod>"
    for way in (f"roles bind {prod} viewer", f"roles unbind {prod}"):
        refused = await world.says("ada", "#prod", way)
        assert "only channel in which another admin can agree" in refused
    assert "Acme Corp is active" in await world.says("cleo", "#prod", "org"), "it is bound as it was"
    await world.says("ada", "#prod", f"roles bind {prod} admin --members admin")
    assert "asks to bind #prod as admin" in world.card()


async def test_letting_go_of_a_channel_with_open_requests_is_agreed_to_first(world: World) -> None:
    staging = f"<#{world.workspace.channel('staging').id}|staging>"
    await world.says("alan", "#staging", "tables enable orders-eu invoices")
    told = await world.says("ada", "#prod", f"roles unbind {staging}")
    assert "In #staging 1 request stands open, and could then go no further" in told
    assert "enable CloudSync for the table invoices" in told
    last = (await world.trail())[-1]
    assert (last.action, last.outcome) == (AuditAction.ROLES_UNBIND, AuditOutcome.INVALID), "nothing is done yet"
    assert "Unbound #staging" in await world.presses("ada", "#prod", "Unbind it all the same")


async def test_what_remains_after_a_role_was_taken_back_is_said(world: World) -> None:
    grace = f"<@{world.person('grace').id}|grace>"
    prod = f"<#{world.workspace.channel('prod').id}|prod>"
    await world.says("ada", "#prod", f"roles grant {grace} viewer --channel {prod}")
    told = await world.says("ada", "#prod", f"roles revoke {grace} --channel {prod}")
    assert "others remain" in told
    assert "admin" in told


EXPLAINED = [
    ("databases update", "done at once; connection or JWT: destructive, another admin approves"),
    ("roles bind", "done at once; as admin: a second admin approves, where there is one"),
    ("roles grant", "done at once; as admin: a second admin approves, where there is one"),
]


@pytest.mark.parametrize(("command", "then"), EXPLAINED, ids=[command for command, _ in EXPLAINED])
async def test_explain_tells_what_waits_for_an_approval_and_who_could_give_it(
    world: World, command: str, then: str
) -> None:
    answer = await world.says("ada", "#prod", f"explain {command}")
    assert then in answer
    assert "Could approve" in answer
    assert "@grace" in answer
    assert "nobody else there; a second admin is asked" in await world.says("ada", "#random", "explain roles bind")


async def test_help_describes_only_what_is_open_and_leads_to_who_may(world: World) -> None:
    answer = await world.says("cleo", "#prod", "help databases delete")
    assert "You may not use databases delete here" in answer
    assert "--reason" not in answer
    explained = await world.presses("cleo", "#prod", "Who may")
    assert "may not ask for databases delete here" in explained
    assert "operator and above" in explained


@pytest.mark.parametrize("place", ["#random", "dm"])
async def test_a_bot_admin_reads_the_roles_where_nothing_is_bound(world: World, place: str) -> None:
    assert "3 channels are bound" in await world.says("ada", place, "roles list")
    assert "Not permitted" in await world.says("ada", place, "databases list")
    assert "Not permitted" in await world.says("grace", place, "roles list")

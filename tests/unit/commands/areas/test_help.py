"""`help`, `whoami` and `explain`, over the real access service and a real SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from bot.commands.areas.help import commands
from bot.commands.context import Context, Services
from bot.commands.parsing import parse
from bot.commands.registry import Registry
from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.db.migrate import migrate
from bot.domain.access import ChannelBinding, Grant, Role, Standing, SubjectKind
from bot.domain.errors import InvalidInput
from bot.domain.invocation import Invocation, Surface
from bot.domain.ports import SystemClock
from bot.domain.replies import CommandButton, Reply
from bot.services.access import Access
from bot.services.approval_words import too_few
from bot.services.audit import Trail
from tests.unit.commands.catalog import COMMANDS
from tests.unit.commands.people import People
from tests.unit.commands.plain import line_text, reply_text

ADA, GRACE, LINUS = "U1", "U2", "U3"
NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
REGISTRY = Registry([*commands(), *(command for command in COMMANDS if command.name != "help")])


@dataclass(frozen=True)
class OneMore:
    """Requests that one other person approves."""

    access: Access

    def others_needed(self, environment: str, asker: Role) -> int:
        return 1

    async def require_deciders(self, asker: Standing, *, environment: str) -> int:
        if not await self.access.deciders(asker.channel_id, excluding=asker.person.id):
            raise too_few(0, 1, environment)
        return 1


@dataclass
class Team:
    """A workspace's rights, and a way to ask as somebody."""

    database: Database
    people: People
    bot_admins: frozenset[str] = frozenset()

    async def bind(self, channel_id: str, role: Role, members: Role = Role.NONE) -> None:
        binding = ChannelBinding(channel_id=channel_id, role=role, member_role=members, environment="prod")
        await self.database.write(lambda unit: unit.roles.bind(binding, "U0", unit.now))

    async def grant(self, subject_id: str, role: Role, channel_id: str | None = None) -> None:
        kind = SubjectKind.GROUP if subject_id.startswith("S") else SubjectKind.USER
        grant = Grant(subject_kind=kind, subject_id=subject_id, role=role, channel_id=channel_id)
        await self.database.write(lambda unit: unit.roles.grant(grant, "U0", unit.now))

    async def ask(self, text: str, *, person: str = ADA, channel: str = "C1") -> Reply:
        access = Access(self.database, self.people, self.bot_admins, Trail(self.database))
        parsed = parse(text, REGISTRY, now=NOW, timezone="UTC")
        absent = cast(Any, None)
        context = Context(
            invocation=Invocation(
                delivery="d1", story="st-1", surface=Surface.COMMAND, team_id="T1", channel_id=channel, person_id=person
            ),
            standing=await access.standing(person, channel, is_direct=channel.startswith("D")),
            services=Services(
                access=access,
                approvals=cast(Any, OneMore(access)),
                trail=absent,
                exports=absent,
                first_run=absent,
                directory=self.people,
                vault=absent,
                operations={},
                environment_names=("prod",),
                slash="/cloudsync",
            ),
            registry=REGISTRY,
            now=NOW,
        )
        answer = await parsed.command.handler(context, parsed.arguments)
        assert isinstance(answer, Reply)
        return answer


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    migrate(url)
    database = Database.open(url, clock=SystemClock(), audit_keys=AuditKeys([b"k" * 32]))
    yield Team(database=database, people=People())
    await database.close()


async def test_help_shows_what_this_person_may_do_in_this_channel(team: Team) -> None:
    await team.bind("C1", Role.ADMIN, Role.VIEWER)
    assert "You may do 6 things here, as viewer" in reply_text(await team.ask("help"))
    await team.grant(ADA, Role.OPERATOR, "C1")
    assert "You may do 9 things here, as operator" in reply_text(await team.ask(""))


async def test_whoami_names_the_role_and_all_that_gives_it(team: Team) -> None:
    team.people.groups["S1"] = frozenset({ADA})
    await team.bind("C1", Role.ADMIN, Role.OPERATOR)
    await team.grant("S1", Role.OPERATOR)
    await team.grant(GRACE, Role.ADMIN)
    text = reply_text(await team.ask("whoami"))
    assert text.startswith("You have the role operator here")
    assert "operator was granted to @S1 everywhere; members of this channel are operator" in text
    assert "This channel: up to admin" in text
    assert "Environment: prod" in text
    assert "Who gives roles: @U2" in text
    assert text.endswith("Next: ask one of those above for a higher role.")


async def test_whoami_says_when_the_channel_keeps_the_role_down(team: Team) -> None:
    await team.bind("C1", Role.VIEWER)
    await team.grant(ADA, Role.ADMIN)
    text = reply_text(await team.ask("whoami"))
    assert text.startswith("You have the role viewer here")
    assert "admin was granted to you everywhere; that is admin, and this channel allows viewer at most" in text
    assert "a channel with a higher role" in text


async def test_whoami_tells_an_admin_that_nothing_is_missing(team: Team) -> None:
    await team.bind("C1", Role.ADMIN)
    await team.grant(ADA, Role.ADMIN, "C1")
    assert reply_text(await team.ask("whoami")).endswith("you may decide what others ask for here.")


async def test_whoami_tells_who_has_nothing_who_can_give_it(team: Team) -> None:
    await team.bind("C1", Role.ADMIN)
    text = reply_text(await team.ask("whoami"))
    assert text.startswith("You have no role here")
    assert "no grant reaches you" in text
    assert "whoever runs the bot names somebody in BOT_ADMINS" in text


async def test_whoami_tells_a_guest_that_reading_is_all(team: Team) -> None:
    team.people.guests.add(ADA)
    await team.bind("C1", Role.ADMIN, Role.OPERATOR)
    text = reply_text(await team.ask("whoami"))
    assert text.startswith("You have the role viewer here")
    assert "you are a guest, and may read at most" in text


@pytest.mark.parametrize(
    ("channel", "where"), [("C9", "here, where nothing is bound"), ("D9", "in this direct message")]
)
async def test_whoami_leads_a_bot_admin_out_of_an_unbound_place(team: Team, channel: str, where: str) -> None:
    asker = replace(team, bot_admins=frozenset({ADA}))
    text = reply_text(await asker.ask("whoami", channel=channel))
    assert text.startswith(f"You are a bot admin, which opens roles {where}")
    assert text.endswith("Next: bind a channel with /cloudsync roles bind #channel <role>.")
    assert reply_text(await asker.ask("whoami", person=GRACE, channel=channel)).startswith(f"You have no role {where}")


async def test_explain_says_that_the_asker_may_and_who_could_approve(team: Team) -> None:
    await team.bind("C1", Role.ADMIN, Role.OPERATOR)
    await team.grant(GRACE, Role.ADMIN)
    reply = await team.ask("explain databases delete")
    assert line_text(reply.verdict) == "You may ask for databases delete here"
    assert "May ask: operator and above" in reply_text(reply)
    assert "Then: another admin approves it first" in reply_text(reply)
    assert "Could approve: @U2" in reply_text(reply)
    assert reply.actions == (CommandButton(label="How to", command="help databases delete"),)


async def test_explain_says_when_nobody_else_could_approve(team: Team) -> None:
    await team.bind("C1", Role.ADMIN, Role.OPERATOR)
    reply = await team.ask("explain databases delete")
    assert line_text(reply.verdict) == (
        "You may not ask for databases delete here: nobody else could approve this here, and one is needed."
    )
    assert "Could approve: nobody else there" in reply_text(reply)
    assert "APPROVALS_REQUIRED" in line_text(reply.next_step)
    assert "they would read “Nobody else could approve this here" in line_text(
        (await team.ask("explain databases delete <@U3|linus>")).verdict
    )


async def test_explain_says_what_the_asker_lacks(team: Team) -> None:
    await team.bind("C1", Role.ADMIN, Role.VIEWER)
    reply = await team.ask("explain db delete")
    assert line_text(reply.verdict).startswith("You may not ask for databases delete here: your role here is viewer")
    assert line_text(reply.next_step) == "Next: an admin can give it with roles grant."


async def test_explain_answers_for_somebody_else_somewhere_else(team: Team) -> None:
    await team.bind("C1", Role.ADMIN, Role.VIEWER)
    await team.bind("C2", Role.OPERATOR, Role.OPERATOR)
    reply = await team.ask("explain databases delete <@U3|linus> <#C2|staging>")
    assert line_text(reply.verdict) == (
        "@U3 may not ask for databases delete in @C2: they would read “This channel's role is operator; "
        "this needs a channel with the role admin.”"
    )
    reply = await team.ask("explain tables enable <#C2|staging> <@U3>")
    assert line_text(reply.verdict) == "@U3 may ask for tables enable in @C2"
    assert "Then: they confirm it first" in reply_text(reply)
    assert "Then: you confirm it first" in reply_text(await team.ask("explain tables enable <#C2> <@U1>"))


@pytest.mark.parametrize("rest", ["orders-eu", "orders-eu --reason moved", "orders-eu --page=2 --force -x"])
async def test_explain_takes_a_command_as_it_would_be_typed(team: Team, rest: str) -> None:
    await team.bind("C1", Role.ADMIN, Role.OPERATOR)
    await team.grant(GRACE, Role.ADMIN)
    verdict = line_text((await team.ask(f"explain databases delete {rest}")).verdict)
    assert verdict == "You may ask for databases delete here"
    elsewhere = line_text((await team.ask(f"explain databases delete {rest} <@U3|linus>")).verdict)
    assert elsewhere == "@U3 may ask for databases delete here"


async def test_explain_answers_even_when_slack_does_not(team: Team) -> None:
    team.people.silent.add("S1")
    await team.bind("C1", Role.ADMIN, Role.OPERATOR)
    await team.grant("S1", Role.ADMIN)
    assert "Could approve: not known" in reply_text(await team.ask("explain databases delete"))


async def test_explain_names_a_few_deciders_and_counts_the_rest(team: Team) -> None:
    await team.bind("C1", Role.ADMIN, Role.OPERATOR)
    for number in range(6):
        await team.grant(f"U9{number}", Role.ADMIN)
    assert "Could approve: @U90, @U91, @U92, @U93 and 2 more" in reply_text(await team.ask("explain databases delete"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("explain databases delete @linus", "@linus is not a person or channel as picked from Slack's list."),
        ("explain databases delete #prod", "#prod is not a person or channel as picked from Slack's list."),
        ("explain databases shwo", "There is no command “databases shwo”."),
        ("explain <@U3>", "Say which command to explain."),
        ("explain", "“explain” needs <command>: a command, and if you like @user and #channel."),
    ],
)
async def test_explain_tells_what_it_did_not_understand(team: Team, text: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        await team.ask(text)
    assert raised.value.problem == problem


async def test_a_guest_is_not_sent_to_an_admin_for_what_only_full_members_get(team: Team) -> None:
    await team.bind("C1", Role.ADMIN, Role.VIEWER)
    team.people.guests.add(ADA)
    for text in ("explain audit list", "help audit"):
        said = reply_text(await team.ask(text))
        assert "roles grant" not in said
        assert "a full member of this workspace" in said


async def test_in_a_direct_message_whoami_leads_to_a_channel(team: Team) -> None:
    text = reply_text(await team.ask("whoami", channel="D1"))
    assert text.endswith("Next: go to a channel that is set up, and ask there.")

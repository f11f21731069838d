"""A channel in which commands are asked for: the handlers with real services, and nothing of Slack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

from bot.cloudsync.client import CloudSyncClient
from bot.commands.catalogue import all_commands
from bot.commands.command import Answer, FormSpec
from bot.commands.context import Context, Services
from bot.commands.parsing import Parsed, parse
from bot.commands.registry import Registry
from bot.db.engine import Database
from bot.domain.access import ChannelBinding, Grant, Role, SubjectKind
from bot.domain.invocation import FormValue, Invocation, Surface
from bot.domain.ports import Messenger
from bot.domain.replies import Form, Reply
from bot.domain.requests import Proposal
from bot.sandbox.api.server import StandInApi
from bot.services.access import Access
from bot.services.approvals import Approvals, Clocks
from bot.services.audit import Trail
from bot.services.catalog import resolve_database
from bot.services.environments import Environments
from bot.services.exports import Exports
from bot.services.first_run import FirstRun
from bot.services.operations.catalogue import handlers
from bot.services.recheck import Recheck
from bot.services.secrets import Vault
from tests.clock import ManualClock
from tests.unit.commands.mailbox import Mailbox
from tests.unit.commands.people import People

ADA, GRACE, CLEO = "U0ADA", "U0GRACE", "U0CLEO"
HERE = "C0OPS"
REGISTRY = Registry(all_commands())
Values = Mapping[str, FormValue]
NO_MESSENGER = cast(Messenger, None)
"""Handlers owe messages; nothing draws them here."""


@dataclass(kw_only=True)
class Channel:
    """Ada is admin everywhere, members of the channel may read."""

    api: StandInApi
    client: CloudSyncClient
    database: Database
    clock: ManualClock
    people: People = field(default_factory=People)
    mailbox: Mailbox = field(default_factory=Mailbox)
    bot_admins: frozenset[str] = frozenset()
    environments: tuple[str, ...] = ("prod",)
    heard: list[Reply] = field(default_factory=list)
    """What was said before the answer."""

    @cached_property
    def trail(self) -> Trail:
        """The real one, which may be distrusted."""
        return Trail(self.database)

    @property
    def access(self) -> Access:
        """The real one."""
        return Access(self.database, self.people, self.bot_admins, self.trail)

    @property
    def services(self) -> Services:
        """Put together as bootstrap does."""
        access, trail, vault, operations = self.access, self.trail, Vault([b"s" * 32]), handlers()
        recheck = Recheck(access, Environments({"prod": self.client}, self.database), operations)
        clocks = Clocks(decision_seconds=900, send_seconds=120, approvals_required=lambda name: 1)
        return Services(
            access=access,
            approvals=Approvals(self.database, access, trail, vault, recheck, clocks),
            trail=trail,
            exports=Exports(self.database, self.mailbox),
            first_run=FirstRun(self.database, NO_MESSENGER, access, "/cloudsync", clocks.approvals_required),
            directory=self.people,
            vault=vault,
            operations=operations,
            environment_names=self.environments,
            slash="/cloudsync",
        )

    async def bind(self, channel_id: str, role: Role = Role.ADMIN, members: Role = Role.VIEWER) -> None:
        """Straight into SQL."""
        binding = ChannelBinding(channel_id=channel_id, role=role, member_role=members, environment="prod")
        await self.database.note(lambda unit: unit.roles.bind(binding, "test", unit.now))

    async def grant(self, person_id: str, role: Role, channel_id: str | None = None) -> None:
        """Straight into SQL."""
        given = Grant(subject_kind=SubjectKind.USER, subject_id=person_id, role=role, channel_id=channel_id)
        await self.database.note(lambda unit: unit.roles.grant(given, "test", unit.now))

    async def ask(self, text: str, *, person: str = ADA) -> Answer:
        """What the handler gives back."""
        parsed = self._parsed(text)
        return await parsed.command.handler(await self._context(parsed, text, person), parsed.arguments)

    async def reply(self, text: str, *, person: str = ADA) -> Reply:
        """An answer."""
        answer = await self.ask(text, person=person)
        assert isinstance(answer, Reply), answer
        return answer

    async def form(self, text: str) -> Form:
        """A form."""
        answer = await self.ask(text)
        assert isinstance(answer, Form), answer
        return answer

    async def proposal(self, text: str, values: Values | None = None) -> Proposal:
        """Something to be done, straight from the command or from its form."""
        answer = await (self.ask(text) if values is None else self.submit(text, values))
        assert isinstance(answer, Proposal), answer
        return answer

    async def submit(self, text: str, values: Values, *, shown: Values | None = None) -> Answer:
        """What the form's submission gives back. `shown`: what its fields held when it was opened, if not nothing."""
        parsed = self._parsed(text)
        context = replace(await self._context(parsed, text, ADA), shown=shown or {})
        return await _spec(parsed).submit(context, parsed.arguments, values)

    def check(self, text: str, values: Values) -> Mapping[str, str]:
        """What can be told of the form before any call."""
        parsed = self._parsed(text)
        return _spec(parsed).check(parsed.arguments, values)

    def opens_form(self, text: str) -> bool:
        """Whether a form is opened before anything slow is done."""
        parsed = self._parsed(text)
        return parsed.command.form is not None and parsed.command.form.opens(parsed.arguments)

    def _parsed(self, text: str) -> Parsed:
        return parse(text, REGISTRY, now=self.clock.now(), timezone="UTC")

    async def _context(self, parsed: Parsed, text: str, person: str) -> Context:
        names_one = any(item.kind.value == "database" for item in parsed.command.parameters)
        target = await resolve_database(self.client, parsed.arguments.text("database")) if names_one else None
        return Context(
            invocation=Invocation(
                delivery="d1",
                story="st-1",
                surface=Surface.COMMAND,
                team_id="T0",
                channel_id=HERE,
                person_id=person,
                text=text,
                channel_name="ops",
            ),
            standing=await self.access.standing(person, HERE),
            services=self.services,
            registry=REGISTRY,
            now=self.clock.now(),
            client=self.client,
            target=target,
            say=self._hear,
        )

    async def _hear(self, reply: Reply) -> bool:
        self.heard.append(reply)
        return True


def _spec(parsed: Parsed) -> FormSpec:
    assert parsed.command.form is not None, f"{parsed.command.name} has no form"
    return parsed.command.form

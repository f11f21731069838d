"""Who asks, what they may here, and which database is meant: read afresh for every delivery."""

from __future__ import annotations

from dataclasses import replace

from bot.cloudsync.errors import CloudSyncError
from bot.commands.command import Arguments, Command
from bot.commands.context import Context, Services
from bot.commands.help import refused
from bot.commands.journey import Journey
from bot.commands.parsing import Parsed, parse
from bot.commands.registry import Registry
from bot.domain.access import OperationClass, Role, Standing, shortfall
from bot.domain.errors import Denied, InvalidInput, PeopleUnavailable
from bot.domain.invocation import Invocation, Surface
from bot.domain.ports import Clock
from bot.services.catalog import resolve_database
from bot.services.environments import Environments


class Authoriser:
    """The pipeline's second step, between parsing and the gate."""

    def __init__(self, registry: Registry, services: Services, environments: Environments, clock: Clock) -> None:
        self._registry = registry
        self._services = services
        self._environments = environments
        self._clock = clock

    async def authorise(self, journey: Journey, parsed: Parsed) -> tuple[Context, Parsed]:
        """Who asks, what they may, and which database is meant; `Denied` names the target where they may read."""
        invocation = journey.invocation
        standing = await self._standing(parsed.command, invocation)
        journey.standing = standing
        parsed = self._in_zone(parsed, invocation, standing)
        journey.environment = standing.environment
        context = self._context(journey, standing)
        refusal = self._refusal(parsed.command, standing)
        context = await self._with_target(journey, context, parsed.arguments, tolerant=refusal is not None)
        if refusal is not None:
            raise refusal
        return context, parsed

    async def _standing(self, command: Command, invocation: Invocation) -> Standing:
        """A failed look-up denies; what always answers then answers for somebody without any role."""
        access, person_id, channel_id = self._services.access, invocation.person_id, invocation.channel_id
        try:
            return await access.standing(person_id, channel_id, is_direct=invocation.is_direct)
        except PeopleUnavailable:
            if command.operation_class is not OperationClass.FREE:
                raise
            return await access.standing_of_nobody(person_id, channel_id, is_direct=invocation.is_direct)

    def _in_zone(self, parsed: Parsed, invocation: Invocation, standing: Standing) -> Parsed:
        """Times are read in the person's own zone, which is only known once the person is."""
        text = invocation.text if invocation.surface is not Surface.FORM else parsed.text
        return parse(text, self._registry, now=self._clock.now(), timezone=standing.person.timezone)

    @staticmethod
    def _refusal(command: Command, standing: Standing) -> Denied | None:
        short = refused(command, standing)
        return Denied(short.missing, remedy=short.remedy) if short else None

    def _context(self, journey: Journey, standing: Standing) -> Context:
        bound = standing.binding
        known = bound is not None and bound.environment in self._environments.names
        return Context(
            invocation=journey.invocation,
            standing=standing,
            services=self._services,
            registry=self._registry,
            now=self._clock.now(),
            client=self._environments.client(bound.environment) if bound and known else None,
        )

    async def _with_target(
        self, journey: Journey, context: Context, arguments: Arguments, *, tolerant: bool
    ) -> Context:
        command, typed = journey.command, arguments.text("database")
        names_one = command is not None and any(item.kind.value == "database" for item in command.parameters)
        if not names_one or not typed or context.client is None:
            return context
        if shortfall(context.standing, operation_class=OperationClass.READ, needs=Role.VIEWER) is not None:
            return context
        try:
            target = await resolve_database(context.client, typed)
        except (CloudSyncError, InvalidInput):
            if tolerant:
                return context
            raise
        journey.target = target
        return replace(context, target=target)

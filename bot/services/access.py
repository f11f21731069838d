"""Who may do what where, read afresh from SQL and Slack each time; and the rules for changing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.access import ChannelBinding, Grant, Person, Role, Standing, SubjectKind, standing_of
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, AuditOutcome, JsonValue
from bot.domain.errors import BotError, Conflict, Denied, PeopleUnavailable
from bot.domain.ports import Directory
from bot.services.audit import Trail
from bot.services.deciders import deciders_among


class NeedsSecondAdmin(BotError):
    """Another admin exists and must agree; `channel_id` is the admin channel where they are asked."""

    def __init__(self, channel_id: str) -> None:
        super().__init__("a second admin must agree")
        self.channel_id = channel_id


@dataclass(frozen=True, kw_only=True)
class Change:
    """Who changes access, in which story."""

    by: Standing
    story: str
    delivery: str | None = None
    agreed: bool = False
    """A second admin has agreed: the request behind it was approved."""


class Access:
    """Standing, deciders, bindings and grants. Deny by default: every failed look-up is a denial."""

    def __init__(self, database: Database, directory: Directory, bot_admins: frozenset[str], trail: Trail) -> None:
        self._database = database
        self._trail = trail
        self._directory = directory
        self.bot_admins = bot_admins

    async def standing(
        self, person_id: str, channel_id: str, *, is_direct: bool = False, fresh: bool = False
    ) -> Standing:
        """What this person is in this channel, now. `fresh` asks Slack again instead of a short memory."""

        def rows(unit: Unit) -> tuple[ChannelBinding | None, tuple[str, ...]]:
            return unit.roles.binding(channel_id), tuple(unit.roles.group_ids())

        binding, group_ids = await self._database.read(rows)
        person = await self._directory.person(person_id, fresh=fresh)
        groups = await self._directory.groups_of(person_id, group_ids, fresh=fresh) if group_ids else frozenset()
        grants = await self._database.read(lambda unit: tuple(unit.roles.grants_for(person_id, groups)))
        return standing_of(
            person,
            channel_id=channel_id,
            is_direct=is_direct,
            binding=binding,
            grants=grants,
            group_ids=groups,
            bot_admins=self.bot_admins,
        )

    async def standing_of_nobody(self, person_id: str, channel_id: str, *, is_direct: bool = False) -> Standing:
        """Without any role, where Slack did not say who this is."""
        binding = await self._database.read(lambda unit: unit.roles.binding(channel_id))
        nobody = Person(id=person_id, name="", trusted=False, is_known=False)
        return Standing(person=nobody, channel_id=channel_id, binding=binding, role=Role.NONE, is_direct=is_direct)

    async def deciders(self, channel_id: str, *, excluding: str) -> tuple[str, ...]:
        """People other than `excluding` who could approve in this channel, as far as a bounded look tells."""
        binding, grants = await self._database.read(
            lambda unit: (unit.roles.binding(channel_id), tuple(unit.roles.grants()))
        )
        if binding is None or binding.role is not Role.ADMIN:
            return ()
        near = tuple(grant for grant in grants if grant.channel_id in (None, channel_id))
        return await deciders_among(self._directory, self.bot_admins, binding, near, excluding=excluding)

    async def bindings(self) -> tuple[ChannelBinding, ...]:
        """Every bound channel."""
        return await self._database.read(lambda unit: tuple(unit.roles.bindings()))

    async def grants(self) -> tuple[Grant, ...]:
        """Every grant."""
        return await self._database.read(lambda unit: tuple(unit.roles.grants()))

    async def bind(self, binding: ChannelBinding, change: Change) -> None:
        """Bind a channel. Raises `Denied` or `NeedsSecondAdmin`."""
        await self.require_bindable(binding, change)
        row = await self._row(change, AuditAction.ROLES_BIND, binding.channel_id, _binding_words(binding))

        def work(unit: Unit) -> None:
            before = unit.roles.binding(binding.channel_id)
            unit.roles.bind(binding, change.by.person.id, unit.now)
            unit.audit.append(_after(row, _binding_words(before) if before else None))

        await self._database.write(work)

    async def require_bindable(self, binding: ChannelBinding, change: Change) -> None:
        """The rules of `bind`, without the change."""
        self._trail.require_sound()
        await self._require_holding(change, binding.channel_id)
        if Role.ADMIN in (binding.role, binding.member_role):
            await self._require_second_admin(change, binding.channel_id)
        else:
            await self._keep_a_second_admin(change, binding.channel_id)

    async def require_unbindable(self, channel_id: str, change: Change) -> None:
        """The rules of `unbind`, without the change."""
        self._trail.require_sound()
        await self._require_holding(change, channel_id)
        await self._keep_a_second_admin(change, channel_id)

    async def unbind(self, channel_id: str, change: Change) -> bool:
        """Unbind a channel; False where none was bound."""
        await self.require_unbindable(channel_id, change)
        row = await self._row(change, AuditAction.ROLES_UNBIND, channel_id, {})

        def work(unit: Unit) -> bool:
            before = unit.roles.binding(channel_id)
            if before is None:
                return False
            unit.roles.unbind(channel_id)
            unit.audit.append(_after(row, _binding_words(before)))
            return True

        return await self._database.write(work)

    async def grant(self, grant: Grant, change: Change) -> None:
        """Give a role. Raises `Denied`, or `NeedsSecondAdmin` for admin where another admin exists."""
        self._trail.require_sound()
        await self._require_holding(change, grant.channel_id)
        await self._refuse_self(grant, change)
        await self._refuse_in_vain(grant)
        if grant.role is Role.ADMIN:
            await self._require_second_admin(change, grant.channel_id)
        row = await self._row(change, AuditAction.ROLES_GRANT, grant.subject_id, _grant_words(grant))

        def work(unit: Unit) -> None:
            held = _held(unit, grant.subject_kind, grant.subject_id, grant.channel_id)
            unit.roles.grant(grant, change.by.person.id, unit.now)
            unit.audit.append(_after(row, _grant_words(held) if held else None))

        await self._database.write(work)

    async def revoke(self, kind: SubjectKind, subject_id: str, channel_id: str | None, change: Change) -> bool:
        """Take a grant back; False where there was none. The last admin stays."""
        self._trail.require_sound()
        await self._require_holding(change, channel_id)
        row = await self._row(change, AuditAction.ROLES_REVOKE, subject_id, {"channel": channel_id})

        def work(unit: Unit) -> bool:
            held = _held(unit, kind, subject_id, channel_id)
            if held is None:
                return False
            if held.role is Role.ADMIN and not self.bot_admins and _admin_grants(unit.roles.grants()) == 1:
                raise Conflict("This is the last admin, who stays.", next_step="Make somebody else admin first.")
            unit.roles.revoke(kind, subject_id, channel_id)
            unit.audit.append(_after(row, _grant_words(held)))
            return True

        return await self._database.write(work)

    async def _require_holding(self, change: Change, channel_id: str | None) -> None:
        """Nobody hands out more than they hold: admin there, or everywhere for what applies everywhere."""
        if change.by.is_bot_admin or change.agreed:
            return
        person = change.by.person
        grants = await self._database.read(lambda unit: tuple(unit.roles.grants_for(person.id, change.by.group_ids)))
        if not any(grant.role is Role.ADMIN and grant.channel_id in (None, channel_id) for grant in grants):
            name = await self.name_of(channel_id) if channel_id else ""
            where = (f"in #{name}" if name else "in that channel") if channel_id else "everywhere"
            raise Denied(f"You are not an admin {where}.", remedy="Ask somebody who is, or a bot admin.")

    async def _refuse_self(self, grant: Grant, change: Change) -> None:
        person_id = change.by.person.id
        reaches_self = person_id == grant.subject_id or grant.subject_id in change.by.group_ids
        if not reaches_self and grant.subject_kind is SubjectKind.GROUP:
            reaches_self = person_id in await self._directory.group_members(grant.subject_id, fresh=True)
        if reaches_self and grant.role > change.by.granted:
            raise Denied("Nobody raises their own role.", remedy="Ask another admin to do it.")

    async def _refuse_in_vain(self, grant: Grant) -> None:
        """Guests, bots and the like only read, whatever they are given: a grant that says otherwise is not made."""
        if grant.subject_kind is SubjectKind.GROUP or grant.role <= Role.VIEWER:
            return
        distrust = only_reads(await self._directory.person(grant.subject_id, fresh=True))
        if distrust:
            raise Denied(distrust, remedy="Choose a full member of the workspace, or give viewer.")

    async def _require_second_admin(self, change: Change, channel_id: str | None) -> None:
        if change.agreed:
            return
        admin_channels = [bound.channel_id for bound in await self.bindings() if bound.role is Role.ADMIN]
        preferred = [wanted for wanted in (channel_id, change.by.channel_id) if wanted in admin_channels]
        for asked_in in [*preferred, *admin_channels]:
            if asked_in and await self.deciders(asked_in, excluding=change.by.person.id):
                raise NeedsSecondAdmin(asked_in)

    async def _keep_a_second_admin(self, change: Change, channel_id: str) -> None:
        """Nobody lets go of the last place in which a second admin could be asked, to act alone afterwards."""
        if change.agreed:
            return
        places = set()
        for bound in await self.bindings():
            if bound.role is Role.ADMIN and await self.deciders(bound.channel_id, excluding=change.by.person.id):
                places.add(bound.channel_id)
        if places == {channel_id}:
            raise Conflict(
                "This is the only channel in which another admin can agree to what needs two.",
                next_step="Bind another channel as admin first; the other admin agrees to that here.",
            )

    async def name_of(self, slack_id: str) -> str:
        """A person's or channel's name as of now, for what cannot mention them; "" where Slack does not say."""
        try:
            if slack_id.startswith(("U", "W")):
                return (await self._directory.person(slack_id)).name
            return "" if slack_id.startswith("S") else await self._directory.channel_name(slack_id)
        except PeopleUnavailable:
            return ""

    async def _row(self, change: Change, action: AuditAction, target: str, payload: dict[str, JsonValue]) -> AuditEntry:
        return AuditEntry(
            kind=AuditKind.ACCESS,
            story=change.story,
            action=action,
            outcome=AuditOutcome.SUCCEEDED,
            actor=change.by.person.id,
            channel=change.by.channel_id,
            target=target,
            target_label=await self.name_of(target),
            delivery=change.delivery,
            payload={"person": change.by.person.name, **payload},
        )


def only_reads(person: Person) -> str:
    """Why this person cannot be more than a viewer, as a sentence; "" where they can."""
    return "" if person.trusted else f"This is {person.distrust}, and may only read, whatever role is given."


def _admin_grants(grants: Sequence[Grant]) -> int:
    return sum(grant.role is Role.ADMIN for grant in grants)


def _held(unit: Unit, kind: SubjectKind, subject_id: str, channel_id: str | None) -> Grant | None:
    """What this person or group was given for this place."""
    wanted = (kind, subject_id, channel_id)
    fitting = (one for one in unit.roles.grants() if (one.subject_kind, one.subject_id, one.channel_id) == wanted)
    return next(fitting, None)


def _after(row: AuditEntry, before: dict[str, JsonValue] | None) -> AuditEntry:
    """The row of a change, with what stood there before; None where nothing did."""
    return replace(row, payload={**row.payload, "before": before})


def _binding_words(binding: ChannelBinding) -> dict[str, JsonValue]:
    return {
        "role": binding.role.word,
        "members": binding.member_role.word,
        "environment": binding.environment,
    }


def _grant_words(grant: Grant) -> dict[str, JsonValue]:
    return {"subject": grant.subject_kind.value, "role": grant.role.word, "channel": grant.channel_id}

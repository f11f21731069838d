"""Roles, classes of operation, and the pure rules of who may do what where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Role(IntEnum):
    """What a person may do, or the ceiling of a channel. Ordered: a higher role includes the lower ones."""

    NONE = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """The role as people type and read it."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Role:
        """Read a role as typed; `KeyError` for anything else."""
        return cls[word.strip().upper()]


class OperationClass(StrEnum):
    """How much a command can harm. FREE always answers; MANAGE changes who may do what."""

    FREE = "free"
    READ = "read"
    CHANGE = "change"
    DESTRUCTIVE = "destructive"
    MANAGE = "manage"


class Gate(StrEnum):
    """What stands between asking and doing."""

    NONE = "none"
    CONFIRM = "confirm"
    APPROVE = "approve"


class SubjectKind(StrEnum):
    """Who a grant is for."""

    USER = "user"
    GROUP = "group"


CHANNEL_ROLE_NEEDED = {
    OperationClass.FREE: Role.NONE,
    OperationClass.READ: Role.VIEWER,
    OperationClass.CHANGE: Role.OPERATOR,
    OperationClass.DESTRUCTIVE: Role.ADMIN,
    OperationClass.MANAGE: Role.ADMIN,
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A Slack user as of now. `trusted` is False for guests, strangers, bots and deactivated users."""

    id: str
    name: str
    timezone: str = "UTC"
    trusted: bool = True
    distrust: str = ""
    """Why the person is not trusted, as a phrase: "a guest", "a bot", "deactivated"."""
    is_known: bool = True
    """False where Slack did not say who this is: then nothing is permitted, and nothing is known to be missing."""


@dataclass(frozen=True, kw_only=True)
class ChannelBinding:
    """What a channel allows: its ceiling, what its members get by default, and the environment used there."""

    channel_id: str
    role: Role
    member_role: Role
    environment: str


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A role given to a user or a user group, in one channel or (`channel_id` None) everywhere."""

    subject_kind: SubjectKind
    subject_id: str
    role: Role
    channel_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a person is, here and now: read afresh for every decision, never kept."""

    person: Person
    channel_id: str
    binding: ChannelBinding | None
    role: Role
    """The person's effective role here, never above the channel's."""
    granted: Role = Role.NONE
    """The best role from defaults and grants, before the channel's ceiling."""
    is_bot_admin: bool = False
    is_direct: bool = False
    group_ids: frozenset[str] = field(default_factory=frozenset)

    @property
    def channel_role(self) -> Role:
        """The channel's ceiling; NONE where nothing is bound."""
        return self.binding.role if self.binding else Role.NONE

    @property
    def environment(self) -> str:
        """The environment that the channel is bound to; "" where nothing is bound."""
        return self.binding.environment if self.binding else ""


def standing_of(
    person: Person,
    *,
    channel_id: str,
    is_direct: bool,
    binding: ChannelBinding | None,
    grants: tuple[Grant, ...],
    group_ids: frozenset[str],
    bot_admins: frozenset[str],
) -> Standing:
    """Weigh the member default, the grants that reach this person here, and the channel's ceiling."""
    is_bot_admin = person.id in bot_admins and person.trusted
    reaching = [
        grant.role
        for grant in grants
        if grant.channel_id in (None, channel_id) and _reaches(grant, person.id, group_ids)
    ]
    default = binding.member_role if binding else Role.NONE
    granted = max([default, *reaching, Role.ADMIN if is_bot_admin else Role.NONE])
    role = min(granted, binding.role) if binding else Role.NONE
    if not person.trusted:
        role = min(role, Role.VIEWER)
    return Standing(
        person=person,
        channel_id=channel_id,
        binding=binding,
        role=role,
        granted=granted,
        is_bot_admin=is_bot_admin,
        is_direct=is_direct,
        group_ids=group_ids,
    )


def _reaches(grant: Grant, person_id: str, group_ids: frozenset[str]) -> bool:
    if grant.subject_kind is SubjectKind.USER:
        return grant.subject_id == person_id
    return grant.subject_id in group_ids


@dataclass(frozen=True, kw_only=True)
class Shortfall:
    """Why something is not permitted: what is missing and who or what can give it."""

    missing: str
    remedy: str


def shortfall(
    standing: Standing, *, operation_class: OperationClass, needs: Role, about_roles: bool = False
) -> Shortfall | None:
    """None when the person may ask for this here; otherwise what is missing. Deny by default.

    `about_roles`: a bot admin may do it where nothing is bound, so that a fresh install can be opened.
    """
    if operation_class is OperationClass.FREE:
        return None
    if not standing.person.is_known:
        return Shortfall(
            missing="Right now Slack does not say who you are, and so nothing is permitted.",
            remedy="Try again in a moment.",
        )
    opened = about_roles or operation_class is OperationClass.MANAGE
    if opened and standing.is_bot_admin and standing.binding is None:
        return None
    if standing.binding is None:
        return Shortfall(
            missing="This conversation is not bound to an environment, so nothing may be done here.",
            remedy="A bot admin can bind a channel with `roles bind #channel <role>`.",
        )
    ceiling = CHANNEL_ROLE_NEEDED[operation_class]
    if standing.channel_role < ceiling:
        return _ceiling_too_low(standing, ceiling)
    if operation_class is not OperationClass.READ and not standing.person.trusted:
        return Shortfall(
            missing=f"You are {standing.person.distrust} here, and may only read.",
            remedy="Ask a full member of this workspace to do it.",
        )
    if standing.role < needs and needs > Role.VIEWER and not standing.person.trusted:
        return Shortfall(
            missing=f"You are {standing.person.distrust} here; this needs {needs.word}, as only full members can be.",
            remedy="Ask a full member of this workspace to do it.",
        )
    if standing.channel_role < needs:
        # The trail is read, and needs more than the ceiling of reading: below it, no grant reaches that far.
        return _ceiling_too_low(standing, needs)
    if standing.role < needs:
        return Shortfall(
            missing=f"Your role here is {standing.role.word}; this needs {needs.word}.",
            remedy="An admin can give it with `roles grant`.",
        )
    return None


def _ceiling_too_low(standing: Standing, needed: Role) -> Shortfall:
    return Shortfall(
        missing=f"This channel's role is {standing.channel_role.word}; "
        f"this needs a channel with the role {needed.word}.",
        remedy="Use such a channel, or ask an admin to bind this one higher with `roles bind`.",
    )


def may_decide(standing: Standing) -> bool:
    """Whether this person may approve or deny in this channel: a trusted admin in an admin channel."""
    return standing.person.trusted and standing.role is Role.ADMIN

"""Channel bindings and grants in SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, or_, select

from bot.db.tables import channel_bindings, grants
from bot.domain.access import ChannelBinding, Grant, Role, SubjectKind

EVERYWHERE = ""
"""How "in every channel" is stored: a primary key takes no NULL."""


_BINDING = select(channel_bindings).where(channel_bindings.c.channel_id == bindparam("channel_id"))
_OF_PERSON = and_(grants.c.subject_kind == SubjectKind.USER.value, grants.c.subject_id == bindparam("person_id"))
_OF_GROUPS = and_(
    grants.c.subject_kind == SubjectKind.GROUP.value, grants.c.subject_id.in_(bindparam("group_ids", expanding=True))
)
_GRANTS_FOR = select(grants).where(or_(_OF_PERSON, _OF_GROUPS))
_GROUP_IDS = select(grants.c.subject_id).where(grants.c.subject_kind == SubjectKind.GROUP.value).distinct()
"""What is asked at each delivery, put together once."""


class Roles:
    """Who may do what where, inside one unit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def binding(self, channel_id: str) -> ChannelBinding | None:
        """What a channel allows; None where it is not bound."""
        row = self._connection.execute(_BINDING, {"channel_id": channel_id}).first()
        return _binding(row) if row else None

    def bindings(self) -> tuple[ChannelBinding, ...]:
        """Every bound channel."""
        rows = self._connection.execute(select(channel_bindings).order_by(channel_bindings.c.bound_at))
        return tuple(_binding(row) for row in rows)

    def bind(self, binding: ChannelBinding, by: str, at: datetime) -> None:
        """Bind a channel, in place of what it was bound as."""
        self.unbind(binding.channel_id)
        self._connection.execute(
            insert(channel_bindings),
            {
                "channel_id": binding.channel_id,
                "role": binding.role.word,
                "member_role": binding.member_role.word,
                "environment": binding.environment,
                "bound_by": by,
                "bound_at": at,
            },
        )

    def unbind(self, channel_id: str) -> None:
        """Let go of a channel."""
        self._connection.execute(delete(channel_bindings).where(channel_bindings.c.channel_id == channel_id))

    def grants(self) -> tuple[Grant, ...]:
        """Every grant."""
        return tuple(_grant(row) for row in self._connection.execute(select(grants).order_by(grants.c.granted_at)))

    def grants_for(self, person_id: str, group_ids: Collection[str]) -> tuple[Grant, ...]:
        """The grants of a person and of these groups."""
        rows = self._connection.execute(_GRANTS_FOR, {"person_id": person_id, "group_ids": list(group_ids)})
        return tuple(_grant(row) for row in rows)

    def group_ids(self) -> tuple[str, ...]:
        """Every user group that holds a grant."""
        return tuple(row.subject_id for row in self._connection.execute(_GROUP_IDS))

    def grant(self, grant: Grant, by: str, at: datetime) -> None:
        """Give a role, in place of what was given for the same place."""
        self.revoke(grant.subject_kind, grant.subject_id, grant.channel_id)
        self._connection.execute(
            insert(grants),
            {
                "subject_kind": grant.subject_kind.value,
                "subject_id": grant.subject_id,
                "channel_id": grant.channel_id or EVERYWHERE,
                "role": grant.role.word,
                "granted_by": by,
                "granted_at": at,
            },
        )

    def revoke(self, kind: SubjectKind, subject_id: str, channel_id: str | None) -> None:
        """Take a grant back."""
        self._connection.execute(
            delete(grants).where(
                grants.c.subject_kind == kind.value,
                grants.c.subject_id == subject_id,
                grants.c.channel_id == (channel_id or EVERYWHERE),
            )
        )


def _binding(row: Row[Any]) -> ChannelBinding:
    return ChannelBinding(
        channel_id=row.channel_id,
        role=Role.from_word(row.role),
        member_role=Role.from_word(row.member_role),
        environment=row.environment,
    )


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        subject_kind=SubjectKind(row.subject_kind),
        subject_id=row.subject_id,
        role=Role.from_word(row.role),
        channel_id=row.channel_id or None,
    )

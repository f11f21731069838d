"""Operations that concern only this program: role changes that a second admin approved, and the rehearsal."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.domain.access import ChannelBinding, Grant, Role, SubjectKind
from bot.domain.audit import JsonValue
from bot.domain.errors import BotError, PeopleUnavailable, Unavailable
from bot.domain.ports import Directory
from bot.domain.requests import Operation, OperationKind, Request, RequestState, Result
from bot.services.access import Access, Change
from bot.services.first_run import FirstRun
from bot.services.operations.operation import Sent

ALONE = (
    "There, only one person could decide, so their own requests are refused. Make somebody else admin with roles grant."
)


class LocalOperation(Protocol):
    """Carried out in our own database, behind the same request, gate and trail."""

    async def perform(self, request: Request) -> Sent:
        """Do it. Raises `BotError` when it is refused, or cannot be told to be done."""
        ...


@dataclass(frozen=True)
class BindChannel:
    """`roles bind` once a second admin agreed."""

    access: Access
    directory: Directory
    first_run: FirstRun

    async def perform(self, request: Request) -> Sent:
        """Bind the channel as stored in the request, and come into it; what is amiss then is a warning."""
        binding = binding_from(request.operation)
        await self.access.bind(binding, await _change(self.access, request))
        refusal = await self.directory.join(binding.channel_id)
        with contextlib.suppress(Unavailable):  # it is bound all the same, and only the welcome does not know
            await self.first_run.bound(binding, by=request.requester_id)
        warnings = (*_not_joined(refusal), *await self._too_few(binding))
        return Sent(state=RequestState.SUCCEEDED, result=Result(warnings=warnings))

    async def _too_few(self, binding: ChannelBinding) -> tuple[str, ...]:
        try:
            able = await self.access.deciders(binding.channel_id, excluding="")
        except PeopleUnavailable:
            return ()
        return (ALONE,) if binding.role is Role.ADMIN and len(able) < 2 else ()


def _not_joined(refusal: str) -> tuple[str, ...]:
    return (f"The bot could not join it ({refusal}). Invite it there with /invite.",) if refusal else ()


@dataclass(frozen=True)
class GrantRole:
    """`roles grant` once a second admin agreed."""

    access: Access

    async def perform(self, request: Request) -> Sent:
        """Give the role as stored in the request."""
        await self.access.grant(grant_from(request.operation), await _change(self.access, request))
        return Sent(state=RequestState.SUCCEEDED, result=Result())


@dataclass(frozen=True)
class Rehearsal:
    """Goes through asking and approving, and touches nothing."""

    first_run: FirstRun

    async def perform(self, request: Request) -> Sent:
        """Nothing is called and nothing is changed, but that the first run no longer leads here."""
        await self.first_run.rehearsed(request.channel_id)
        return Sent(state=RequestState.SUCCEEDED, result=Result())


def failed(error: BotError) -> Sent:
    """How an operation ended that raised this.

    A commit whose answer was lost may have been taken: that is for a person to say, as there is nothing to read.
    """
    if isinstance(error, PeopleUnavailable):
        state = RequestState.NOT_SENT  # people are looked up before anything is written
    else:
        state = RequestState.UNKNOWN if isinstance(error, Unavailable) else RequestState.REJECTED
    return Sent(state=state, result=Result(messages=(str(error),), retryable=False))


async def _change(access: Access, request: Request) -> Change:
    standing = await access.standing(request.requester_id, request.channel_id, fresh=True)
    return Change(by=standing, story=request.story, agreed=True)


def binding_operation(binding: ChannelBinding) -> Operation:
    """The frozen copy of a binding."""
    return Operation(
        kind=OperationKind.BIND_CHANNEL,
        environment="",
        arguments={
            "channel": binding.channel_id,
            "role": binding.role.word,
            "members": binding.member_role.word,
            "environment": binding.environment,
        },
    )


def grant_operation(grant: Grant) -> Operation:
    """The frozen copy of a grant."""
    return Operation(
        kind=OperationKind.GRANT_ROLE,
        environment="",
        arguments={
            "subject_kind": grant.subject_kind.value,
            "subject": grant.subject_id,
            "role": grant.role.word,
            "channel": grant.channel_id,
        },
    )


def binding_from(operation: Operation) -> ChannelBinding:
    """The binding that a stored copy describes."""
    arguments = operation.arguments
    return ChannelBinding(
        channel_id=_word(arguments, "channel"),
        role=Role.from_word(_word(arguments, "role")),
        member_role=Role.from_word(_word(arguments, "members")),
        environment=_word(arguments, "environment"),
    )


def grant_from(operation: Operation) -> Grant:
    """The grant that a stored copy describes."""
    arguments = operation.arguments
    return Grant(
        subject_kind=SubjectKind(_word(arguments, "subject_kind")),
        subject_id=_word(arguments, "subject"),
        role=Role.from_word(_word(arguments, "role")),
        channel_id=_word(arguments, "channel") or None,
    )


def _word(arguments: Mapping[str, JsonValue], name: str) -> str:
    value = arguments.get(name)
    return value if isinstance(value, str) else ""


def local_operations(
    access: Access, directory: Directory, first_run: FirstRun
) -> Mapping[OperationKind, LocalOperation]:
    """Every local kind."""
    return {
        OperationKind.BIND_CHANNEL: BindChannel(access, directory, first_run),
        OperationKind.GRANT_ROLE: GrantRole(access),
        OperationKind.REHEARSAL: Rehearsal(first_run),
    }

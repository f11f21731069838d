"""Faults built into a bot on purpose, in its own process: a suite that does not catch them catches nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from bot.cloudsync import client
from bot.cloudsync.writing import SendWatch
from bot.db.requests import Requests
from bot.db.unit import Unit
from bot.domain import requests as domain
from bot.domain.audit import AuditEntry, AuditKind
from bot.domain.requests import Request, RequestState, Vote
from bot.services import execution
from bot.services.approvals import Approvals
from bot.services.clocks import Timekeeper
from bot.services.execution import Executor
from bot.services.lifecycle import PROGRAM, Act, entry_for


def resend_on_recovery() -> None:
    """A claim whose owner died is sent again instead of being read about."""
    domain.TRANSITIONS[RequestState.EXECUTING] |= {RequestState.APPROVED}  # type: ignore[index]

    def give_up(self: Timekeeper, unit: Unit, claimed: tuple[Request, ...]) -> None:
        for request in claimed:
            unit.requests.move(request.id, before=RequestState.EXECUTING, after=RequestState.APPROVED)

    Timekeeper._give_up = give_up  # type: ignore[assignment, method-assign]


def no_send_guard() -> None:
    """What was read and claimed long ago still carries a send."""
    SendWatch.check = lambda self: None  # type: ignore[method-assign]


def no_compare_and_set() -> None:
    """A decision rests on what was read before it, and overwrites what holds."""
    move = Requests.move

    def pending(self: Approvals, unit: Unit, request: Request, vote: Vote, act: Act) -> Request:
        return request

    def overwrite(self: Requests, request_id: str, *, before: RequestState, **rest: Any) -> Request | None:
        current = self.get(request_id)
        return move(self, request_id, before=current.state if current else before, **rest)

    vote = Approvals._vote

    async def hesitate(self: Approvals, request: Request, given: Vote, *rest: Any) -> Request:
        await asyncio.sleep(random.uniform(0, 1) if given is Vote.DENY else 0)
        return await vote(self, request, given, *rest)

    Approvals._vote = hesitate  # type: ignore[assignment, method-assign]
    for state in RequestState:
        domain.TRANSITIONS[state] = frozenset(RequestState)  # type: ignore[index]
    Approvals._undecided = pending  # type: ignore[method-assign]
    Requests.move = overwrite  # type: ignore[method-assign]


def intent_after_the_call() -> None:
    """The claim is made without its intent, which is written once the answer is there."""
    claim, send = Executor._claim, Executor._send

    async def claim_without_intent(self: Executor, request: Request, keep: Mapping[str, Any]) -> Request:
        append = _without_intents()
        try:
            return await claim(self, request, keep)
        finally:
            append()

    async def send_then_intend(self: Executor, slot: Any, claimed: Request, plain: Mapping[str, str]) -> Request:
        ended = await send(self, slot, claimed, plain)
        await self._database.write(lambda unit: unit.audit.append(entry_for(claimed, AuditKind.INTENT, PROGRAM)))
        return ended

    Executor._claim = claim_without_intent  # type: ignore[method-assign]
    Executor._send = send_then_intend  # type: ignore[method-assign]


def _without_intents() -> Callable[[], None]:
    """Let claims write no intent; returns what puts it back."""
    names: dict[str, Any] = vars(execution)
    original = names["entry_for"]

    def quiet(request: Request, kind: AuditKind, *rest: Any, **more: Any) -> AuditEntry:
        entry: AuditEntry = original(request, AuditKind.RECONCILE if kind is AuditKind.INTENT else kind, *rest, **more)
        return entry

    names["entry_for"] = quiet
    return lambda: names.update(entry_for=original)


def lost_connections_count_as_never_made() -> None:
    """A call that left and whose connection broke is taken for one that never left."""
    vars(client)["NEVER_LEFT"] = (*client.NEVER_LEFT, httpx.RemoteProtocolError, httpx.ReadError)


FAULTS: Mapping[str, Callable[[], None]] = {
    "resend on recovery": resend_on_recovery,
    "no send guard": no_send_guard,
    "no compare-and-set": no_compare_and_set,
    "intent after the call": intent_after_the_call,
    "wrong class": lost_connections_count_as_never_made,
}

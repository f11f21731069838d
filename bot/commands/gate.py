"""From a proposal to a request and its answer: what each gate shows, and what the requester is told."""

from __future__ import annotations

import asyncio
from typing import Protocol

from bot.commands.journey import Journey
from bot.commands.offering import Reader
from bot.commands.registry import Registry
from bot.db.engine import Database
from bot.domain.access import Gate, Standing
from bot.domain.errors import Denied
from bot.domain.replies import Mood, Reply, Strong, line
from bot.domain.requests import Proposal, Request, RequestState
from bot.services import cards
from bot.services.approvals import Approvals
from bot.services.environments import Environments
from bot.services.lifecycle import Asking, notice_key

FOREGROUND_SECONDS = 45.0
"""How long somebody waits in front of the screen; afterwards the result comes by message."""

RUNNING = frozenset({RequestState.APPROVED, RequestState.EXECUTING})


class Sender(Protocol):
    """What carries requests through: `bot.services.background.Background`."""

    def send(self, request_id: str) -> asyncio.Task[Request | None]:
        """Carry it through now, in a task that outlives whoever waits."""
        ...

    def wake_messages(self) -> None:
        """Messages are due."""
        ...


class Gatekeeper:
    """Puts proposals behind their gate."""

    def __init__(
        self,
        database: Database,
        approvals: Approvals,
        environments: Environments,
        sender: Sender,
        registry: Registry,
        *,
        slash: str,
    ) -> None:
        self._database = database
        self._approvals = approvals
        self._environments = environments
        self._sender = sender
        self._registry = registry
        self._slash = slash

    async def put(self, proposal: Proposal, journey: Journey) -> Request:
        """Make the request; where nothing stands before it, carry it through and wait a while for its end."""
        if journey.standing is None:
            raise Denied("It is not known who asks.")
        if proposal.operation.environment:
            self._environments.require_pinned(proposal.operation.environment)
        request = await self._approvals.open(
            proposal,
            Asking(
                standing=journey.standing,
                team_id=journey.invocation.team_id,
                story=journey.invocation.story,
                act=journey.act,
                channel_id=proposal.channel_id,
            ),
        )
        journey.request = request
        self._sender.wake_messages()
        if request.gate is Gate.NONE:
            request = journey.request = await self.carry(request)
        return request

    async def carry(self, request: Request) -> Request:
        """Send it and wait for the end, within the patience of somebody who looks at the screen."""
        task = self._sender.send(request.id)
        done, _ = await asyncio.wait({task}, timeout=FOREGROUND_SECONDS)
        ended = task.result() if done else None
        return ended or request

    async def told(self, request: Request) -> None:
        """The requester has read the end on the screen: the notice by message is not needed any more."""
        if request.state not in RUNNING and request.gate is not Gate.APPROVE:
            key = notice_key(request, request.requester_id)
            await self._database.note(lambda unit: unit.outbox.settle(key))

    def answer(self, request: Request, by: Standing | None) -> Reply:
        """What the requester reads, private, right after asking or confirming."""
        if request.state is RequestState.PENDING:
            return cards.confirmation(request) if request.gate is Gate.CONFIRM else cards.asked(request, self._slash)
        if request.state in RUNNING and not request.result.held_up:
            return Reply(
                verdict=line("Under way: ", Strong(text=request.summary)),
                mood=Mood.WAITING,
                next_step=line("Next: nothing to do; you get a message when it ends."),
                reference=request.id,
            )
        return self.shown(request, by)

    def shown(self, request: Request, by: Standing | None) -> Reply:
        """The card for whoever took a step on the request, with what they may go on with."""
        drawn = cards.card(request)
        if by is None:
            return drawn
        return Reader(registry=self._registry, standing=by, slash=self._slash).card(drawn, request)

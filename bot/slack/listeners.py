"""Bolt's listeners: one catch-all a payload type, and a dict of our own behind it. Record, acknowledge, then work."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.failpoints import Failpoint, reach
from bot.domain.invocation import Invocation, Surface
from bot.domain.ports import Pipeline, Responder
from bot.domain.replies import Mood, Reply, line
from bot.slack.forms import reply_view, waiting_view
from bot.slack.payloads import (
    from_action,
    from_closing,
    from_command,
    from_event,
    from_shortcut,
    from_submission,
    from_suggestion,
)
from bot.slack.tasks import Tasks

log = structlog.get_logger(__name__)

ANYTHING = re.compile(r".*", re.DOTALL)
Body = Mapping[str, Any]


class InboxPort(Protocol):
    """Where deliveries are taken. Declared here because only this layer takes them."""

    async def take(self, invocation: Invocation) -> str | None:
        """None where the delivery is new; else what the first one was answered with."""
        ...

    async def finish(self, invocation: Invocation, answer: str) -> None:
        """It is answered."""
        ...


class Listeners:
    """What happens to a delivery once Bolt has sorted it by type."""

    def __init__(
        self,
        pipeline: Pipeline,
        inbox: InboxPort,
        tasks: Tasks,
        responder_for: Callable[[Invocation], Responder],
        *,
        is_ours: Callable[[Body], bool],
    ) -> None:
        self._pipeline = pipeline
        self._inbox = inbox
        self._tasks = tasks
        self._responder_for = responder_for
        self._is_ours = is_ours

    def register(self, app: AsyncApp) -> None:
        """Hang the catch-alls into Bolt."""
        app.command(ANYTHING)(self.on_command)
        app.action(ANYTHING)(self.on_action)
        app.view_submission(ANYTHING)(self.on_submission)
        app.view_closed(ANYTHING)(self.on_closing)
        app.options(ANYTHING)(self.on_suggestion)
        app.shortcut(ANYTHING)(self.on_shortcut)
        app.event(ANYTHING)(self.on_event)

    async def on_command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A slash command."""
        await self._take(ack, body, from_command(body))

    async def on_action(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A button or a menu."""
        await self._take(ack, body, from_action(body))

    async def on_shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A shortcut."""
        await self._take(ack, body, from_shortcut(body))

    async def on_event(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """An event."""
        await self._take(ack, body, from_event(body))

    async def on_closing(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A form was closed."""
        await self._take(ack, body, from_closing(body))

    async def _take(self, ack: AsyncAck, body: Body, invocation: Invocation | None) -> None:
        if invocation is None:
            await ack()
            return
        if not self._is_ours(body):
            invocation = replace(invocation, is_foreign=True)
        before = await self._inbox.take(invocation)
        reach(Failpoint.AFTER_INBOX)
        await ack()
        if before is None:
            self._tasks.spawn(self._run(invocation), name=f"run-{invocation.surface}")
        elif before and invocation.surface is Surface.COMMAND:
            self._tasks.spawn(self._repeat(invocation, before), name="repeat")

    async def on_submission(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A form: judged before the acknowledgement, which carries errors, a waiting view or nothing."""
        invocation = from_submission(body)
        if not self._is_ours(body):
            await self._take(ack, body, invocation)
            return
        if await self._inbox.take(invocation) is not None:
            await ack()
            return
        admission = await self._pipeline.admit(invocation)
        if admission.errors:
            await ack(response_action="errors", errors=dict(admission.errors))
            self._finish(invocation, "errors at the fields")
        elif admission.refused is not None:
            await ack(response_action="update", view=reply_view(admission.refused, "CloudSync"))
            self._finish(invocation, "refused")
        elif admission.waiting is not None:
            await ack(response_action="update", view=waiting_view(admission.waiting, invocation.form_id or ""))
            if admission.admitted:
                self._tasks.spawn(self._run(invocation), name="run-form")
            else:
                self._finish(invocation, "already running")
        else:
            await ack()
            self._tasks.spawn(self._run(invocation), name="run-form")

    def _finish(self, invocation: Invocation, answer: str) -> None:
        """Behind the acknowledgement, which goes out once its listener is through, however long noting takes."""
        self._tasks.spawn(self._inbox.finish(invocation, answer), name="finish")

    async def on_suggestion(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Type-ahead: answered, not recorded."""
        asked = from_suggestion(body)
        found = (
            await self._pipeline.suggest(asked.invocation, asked.field_name, asked.typed) if self._is_ours(body) else ()
        )
        options = [
            {"text": {"type": "plain_text", "text": label[:75]}, "value": value[:150]}
            for value, label in found
            if value
        ]
        await ack(options=options[:100])

    async def _run(self, invocation: Invocation) -> None:
        answer = await self._pipeline.run(invocation, self._responder_for(invocation))
        if answer is not None:
            await self._inbox.finish(invocation, answer)

    async def _repeat(self, invocation: Invocation, answer: str) -> None:
        """A repeat runs nothing and gets what the first one got."""
        await self._responder_for(invocation).show(
            Reply(
                verdict=line(answer),
                mood=Mood.PLAIN,
                next_step=line("This came twice and was run once. Next: nothing to do."),
            )
        )

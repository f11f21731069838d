"""Answers one delivery on the surface it came from, and finds another way to the person where Slack refuses one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.domain.invocation import Invocation, Surface
from bot.domain.ports import MessageDelayed, MessageRefused
from bot.domain.replies import LONGEST_COMMAND, Code, CommandButton, Form, Reply, line
from bot.slack.blocks import render
from bot.slack.forms import LOADING_ID, form_view, loading_view, reply_view
from bot.slack.messenger import QUIET, SlackMessenger
from bot.slack.web import call

log = structlog.get_logger(__name__)

RESPONSE_HOST = "hooks.slack.com"
WEBHOOK_SECONDS = 10
IN_VIEWS = frozenset({Surface.FORM, Surface.BUTTON, Surface.MENU})


class SlackResponder:
    """Implements `bot.domain.ports.Responder` for one delivery."""

    def __init__(
        self, invocation: Invocation, client: AsyncWebClient, messenger: SlackMessenger, *, api_host: str, slash: str
    ) -> None:
        self._invocation = invocation
        self._client = client
        self._messenger = messenger
        self._api_host = api_host
        self._slash = slash
        self._view_id = invocation.view_id if invocation.surface in IN_VIEWS else ""
        self._form_id = ""
        self._title = "CloudSync"

    async def open_loading(self, title: str) -> None:
        """Open a view at once; a trigger that has run out is told in words instead."""
        self._title = title
        if not self._invocation.trigger_id or self._view_id:
            return
        await self._opened("views.open", trigger_id=self._invocation.trigger_id, view=loading_view(title))

    async def open_form(self, form: Form, form_id: str) -> None:
        """Fill the view that is open, or open one; a message that was typed opens none, and leads to one."""
        if not self._view_id and not self._invocation.trigger_id:
            await self.show(_leads_to(form, self._slash))
            return
        view = form_view(form, form_id)
        if self._view_id:
            await call(self._client, "views.update", view_id=self._view_id, view=view)
        else:
            await self._opened("views.open", trigger_id=self._invocation.trigger_id, view=view)

    async def _opened(self, method: str, **arguments: Any) -> None:
        answer = await call(self._client, method, **arguments)
        self._view_id = str((answer.get("view") or {}).get("id") or "")

    async def show(self, reply: Reply, *, form_id: str = "") -> bool:
        """The answer, by the first way that works; the last one is a direct message. False where none did."""
        self._form_id = form_id
        for way in self._ways(reply):
            try:
                if await way(reply):
                    return True
            except (MessageRefused, MessageDelayed) as error:
                log.warning("answer_refused", way=way.__name__, code=error.code)
        log.error("answer_lost", surface=self._invocation.surface)
        return False

    def _ways(self, reply: Reply) -> list[Any]:
        if self._invocation.is_foreign:
            return [self._by_response_url]  # the one address that is sure to belong to whoever did this
        ways: list[Any] = []
        if self._view_id:
            ways.append(self._in_view)
        if self._invocation.surface is Surface.HOME:
            return [self._home]
        if self._invocation.surface is Surface.DIRECT_MESSAGE:
            return [*ways, self._direct]
        if self._invocation.response_url:
            ways.append(self._by_response_url)
        if reply.shared:
            ways.append(self._shared)
        return [*ways, self._whispered, self._direct]

    async def _in_view(self, reply: Reply) -> bool:
        view = reply_view(reply, self._title, form_id=self._form_id)
        await call(self._client, "views.update", view_id=self._view_id, view=view)
        return True

    async def _home(self, reply: Reply) -> bool:
        view = {**reply_view(reply, self._title), "type": "home", "private_metadata": LOADING_ID}
        for name in ("title", "close", "submit", "notify_on_close"):
            view.pop(name, None)
        await call(self._client, "views.publish", user_id=self._invocation.person_id, view=view)
        return True

    async def _by_response_url(self, reply: Reply) -> bool:
        """Slack takes five answers within 30 minutes; `respond` does not raise, so the status is looked at."""
        host = urlsplit(self._invocation.response_url).hostname or ""
        if host not in (RESPONSE_HOST, self._api_host):
            log.warning("response_url_refused", host=host)
            return False
        drawn = render(reply)
        body: dict[str, Any] = {
            "text": drawn.text,
            "blocks": drawn.blocks,
            "response_type": "in_channel" if reply.shared else "ephemeral",
            "replace_original": self._invocation.replaces and not reply.shared,
            **QUIET,
        }
        return await self._webhook(body) or await self._webhook({**body, "blocks": drawn.plain_blocks})

    async def _webhook(self, body: dict[str, Any]) -> bool:
        webhook = AsyncWebhookClient(self._invocation.response_url, timeout=WEBHOOK_SECONDS)
        try:
            answer = await webhook.send_dict(body)
        except (aiohttp.ClientError, SlackClientError, OSError, TimeoutError) as error:
            log.warning("response_url_failed", error=type(error).__name__)
            return False
        return answer.status_code == 200 and "error" not in (answer.body or "")

    async def _shared(self, reply: Reply) -> bool:
        await self._messenger.post(self._invocation.channel_id, reply, marker=self._invocation.story)
        return True

    async def _whispered(self, reply: Reply) -> bool:
        await self._messenger.whisper(self._invocation.channel_id, self._invocation.person_id, reply)
        return True

    async def _direct(self, reply: Reply) -> bool:
        await self._messenger.direct(self._invocation.person_id, reply)
        return True


def _leads_to(form: Form, slash: str) -> Reply:
    """Slack opens a form for a slash command or a click only, and a message is neither."""
    button = CommandButton(label="Open the form", command=form.command)
    fits = 0 < len(form.command) <= LONGEST_COMMAND
    return Reply(
        verdict=line("This needs a form"),
        next_step=line(
            "Next: type ", Code(text=f"{slash} {form.command}"), " here", ", or press the button." if fits else "."
        ),
        actions=(button,) if fits else (),
    )

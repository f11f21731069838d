"""Says things in Slack: implements `bot.domain.ports.Messenger`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ports import MessageRefused, Posted
from bot.domain.replies import Reply
from bot.slack.blocks import Rendered, render
from bot.slack.web import INVALID, call, look_up, send_file

HISTORY_PAGE = THREAD_PAGE = 200
QUIET = {"unfurl_links": False, "unfurl_media": False}
MARKER = "cloudsync_request"

Message = Mapping[str, Any]
Page = Callable[[Mapping[str, Any]], Awaitable[Message]]


class SlackMessenger:
    """`posting` never repeats by itself; `client` may."""

    def __init__(self, client: AsyncWebClient, posting: AsyncWebClient) -> None:
        self._client = client
        self._posting = posting

    async def post(self, channel_id: str, reply: Reply, *, marker: str, thread: str = "") -> Posted:
        """A real message (chat.postMessage), sent once; its marker lies in the message's metadata.

        Where the thread's first message is gone, Slack may put the reply into the channel without a word: only the
        answer's `thread_ts` tells.
        """
        metadata = {"event_type": MARKER, "event_payload": {"marker": marker}}
        given = {"channel": channel_id, "metadata": metadata, **QUIET, **({"thread_ts": thread} if thread else {})}
        answer = await self._drawn(self._posting, "chat.postMessage", render(reply), **given)
        message = {**(answer.get("message") or {}), "ts": str(answer.get("ts") or "")}
        return _posted(str(answer.get("channel") or channel_id), message)

    async def find(self, channel_id: str, marker: str, *, since: datetime, thread: str = "") -> Posted | None:
        """Look for the marker in all messages since then (conversations.history), the thread's first (.replies)."""
        recent = {"channel": channel_id, "oldest": f"{since.timestamp() - 60:.6f}", "limit": HISTORY_PAGE}
        if thread:
            found = _marked(channel_id, marker, await self._replies(thread, **recent))
            if found is not None:
                return found
        said = await self._paged(self._history_page, {**recent, "include_all_metadata": "true"})
        return _marked(channel_id, marker, said)

    async def link(self, posted: Posted) -> str:
        """Where it opens (chat.getPermalink, which needs no scope)."""
        answer = await look_up(self._client, "chat.getPermalink", channel=posted.channel_id, message_ts=posted.ts)
        return str(answer.get("permalink") or "")

    async def read_thread(self, channel_id: str, thread_ts: str) -> Sequence[tuple[str, str]]:
        """Page through conversations.replies. What others said there does not count: anybody may write in a thread."""
        return await self._own(await self._replies(thread_ts, channel=channel_id, limit=THREAD_PAGE))

    async def read_channel(self, channel_id: str, *, since: str = "") -> Sequence[tuple[str, str]]:
        """Page through conversations.history, which comes newest first and without replies."""
        asked = {"channel": channel_id, "limit": HISTORY_PAGE, **({"oldest": since} if since else {})}
        return (await self._own(await self._paged(self._history_page, asked)))[::-1]

    async def _own(self, said: Iterable[Message]) -> Sequence[tuple[str, str]]:
        own = (await look_up(self._client, "auth.test")).get("bot_id")
        return tuple((str(one["ts"]), str(one.get("text") or "")) for one in said if own and one.get("bot_id") == own)

    async def _replies(self, thread_ts: str, **given: Any) -> list[Message]:
        """A thread with its first message; empty where it is gone."""
        return await self._paged(self._replies_page, {"ts": thread_ts, "include_all_metadata": "true", **given})

    @staticmethod
    async def _paged(page: Page, asked: dict[str, Any]) -> list[Message]:
        said: dict[str, Message] = {}
        while True:
            answer = await page(asked)
            said |= {str(one["ts"]): one for one in answer.get("messages") or ()}  # the first one stands on every page
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
            asked["cursor"] = cursor
        return [*said.values()]

    async def _history_page(self, asked: Mapping[str, Any]) -> Message:
        return await look_up(self._client, "conversations.history", **asked)

    async def _replies_page(self, asked: Mapping[str, Any]) -> Message:
        try:
            return await look_up(self._client, "conversations.replies", **asked)
        except MessageRefused as refused:
            if refused.code != "thread_not_found":
                raise
            return {}

    async def update(self, posted: Posted, reply: Reply) -> None:
        """Draw it anew (chat.update); always with blocks, which text alone would remove."""
        await self._drawn(self._client, "chat.update", render(reply), channel=posted.channel_id, ts=posted.ts)

    async def whisper(self, channel_id: str, person_id: str, reply: Reply) -> None:
        """Private in the channel (chat.postEphemeral); where the bot may not, by direct message."""
        if not channel_id or channel_id.startswith("D"):
            await self.direct(person_id, reply)
            return
        try:
            await self._drawn(self._posting, "chat.postEphemeral", render(reply), channel=channel_id, user=person_id)
        except MessageRefused:
            await self.direct(person_id, reply)

    async def direct(self, person_id: str, reply: Reply) -> Posted:
        """A direct message (conversations.open, chat.postMessage)."""
        channel_id = await self._direct_channel(person_id)
        answer = await self._drawn(self._posting, "chat.postMessage", render(reply), channel=channel_id, **QUIET)
        return Posted(channel_id=channel_id, ts=str(answer.get("ts") or ""))

    async def upload(self, person_id: str, file: Path, *, name: str, comment: str) -> str:
        """A file into a direct message, in Slack's three steps: announce, send, share.

        `files_upload_v2` takes the same steps and holds the whole file in memory meanwhile.
        """
        channel_id = await self._direct_channel(person_id)
        length = (await asyncio.to_thread(file.stat)).st_size
        announced = await look_up(self._client, "files.getUploadURLExternal", filename=name, length=length)
        await send_file(str(announced.get("upload_url") or ""), file)
        shared = await call(
            self._posting,
            "files.completeUploadExternal",
            files=[{"id": announced.get("file_id"), "title": name}],
            channel_id=channel_id,
            initial_comment=comment,
        )
        return next((str(one.get("permalink") or "") for one in shared.get("files") or ()), "")

    async def _direct_channel(self, person_id: str) -> str:
        opened = await call(self._client, "conversations.open", users=person_id)
        return str((opened.get("channel") or {}).get("id") or "")

    @staticmethod
    async def _drawn(client: AsyncWebClient, method: str, drawn: Rendered, **arguments: Any) -> dict[str, Any]:
        """With native blocks; where Slack takes them for invalid, again without them."""
        try:
            return await call(client, method, text=drawn.text, blocks=drawn.blocks, **arguments)
        except MessageRefused as refused:
            if refused.code not in INVALID:
                raise
        try:
            return await call(client, method, text=drawn.text, blocks=drawn.plain_blocks, **arguments)
        except MessageRefused as refused:
            if refused.code not in INVALID:
                raise
        return await call(client, method, text=drawn.text, blocks=[], **arguments)


def _marked(channel_id: str, marker: str, messages: Iterable[Message]) -> Posted | None:
    for message in messages:
        payload = (message.get("metadata") or {}).get("event_payload") or {}
        if payload.get("marker") == marker:
            return _posted(channel_id, message)
    return None


def _posted(channel_id: str, message: Message) -> Posted:
    """Slack gives a thread's first message its own ts as thread_ts once somebody has replied."""
    ts, thread_ts = str(message["ts"]), str(message.get("thread_ts") or "")
    return Posted(channel_id=channel_id, ts=ts, thread_ts="" if thread_ts == ts else thread_ts)

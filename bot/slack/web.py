"""Calls of Slack's Web API, with its refusals told apart: never there, not now, and perhaps taken."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.ports import MessageDelayed, MessageRefused

TIMEOUT_SECONDS = 10
UPLOAD_SECONDS = 120
KEPT_OPEN_SECONDS = 4.0
"""Sooner than any server closes what is idle: then a call seldom meets a connection that is being closed."""
PASSING = frozenset({"ratelimited", "internal_error", "fatal_error", "request_timeout", "service_unavailable"})
"""Slack's own words for trouble that passes (docs.slack.dev, errors of chat.postMessage)."""
INVALID = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_arguments", "msg_blocks_too_long"})


def lasting_session() -> aiohttp.ClientSession:
    """Connections that calls share, for as long as one follows another; without it each makes one of its own.

    For calls that may be repeated: whoever keeps a connection may find it closed by the other end.
    """
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_OPEN_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def web_client(token: str, base_url: str, session: aiohttp.ClientSession | None = None) -> AsyncWebClient:
    """A client for calls that may be repeated: reads and updates."""
    handlers = [
        AsyncConnectionErrorRetryHandler(max_retry_count=2),
        AsyncRateLimitErrorRetryHandler(max_retry_count=2),
        AsyncServerErrorRetryHandler(max_retry_count=2),
    ]
    return AsyncWebClient(
        token=token, base_url=base_url, timeout=TIMEOUT_SECONDS, retry_handlers=handlers, session=session
    )


def posting_client(token: str, base_url: str) -> AsyncWebClient:
    """A client for calls that must not be repeated behind our back: the default handler posts twice after a reset."""
    return AsyncWebClient(token=token, base_url=base_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])


async def call(client: AsyncWebClient, method: str, **arguments: Any) -> dict[str, Any]:
    """One call. Raises `MessageRefused` for what Slack will never take and `MessageDelayed` for what may pass."""
    try:
        response = await client.api_call(method, json=arguments)
    except SlackApiError as error:
        raise _refusal(error) from None
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
        raise MessageDelayed(type(error).__name__, sent_maybe=True) from None
    return dict(response.data) if isinstance(response.data, dict) else {}


async def look_up(client: AsyncWebClient, method: str, **arguments: Any) -> dict[str, Any]:
    """A read whose arguments go as a form: the older methods take no JSON."""
    try:
        response = await client.api_call(method, params=arguments)
    except SlackApiError as error:
        raise _refusal(error) from None
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
        raise MessageDelayed(type(error).__name__) from None
    return dict(response.data) if isinstance(response.data, dict) else {}


async def send_file(url: str, file: Path) -> None:
    """The second step of an upload: the file as the body, streamed to the address that Slack named."""
    timeout = aiohttp.ClientTimeout(total=UPLOAD_SECONDS, sock_connect=TIMEOUT_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            with await asyncio.to_thread(file.open, "rb") as content:
                async with session.post(url, data=content) as answer:
                    status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise MessageDelayed(type(error).__name__) from None
    if status >= 500 or status == 429:
        raise MessageDelayed(f"http_{status}")
    if status != 200:
        raise MessageRefused(f"http_{status}")


def _refusal(error: SlackApiError) -> MessageRefused | MessageDelayed:
    response = error.response
    status = getattr(response, "status_code", 0)
    code = str(response.get("error") or f"http_{status}") if hasattr(response, "get") else "unknown"
    if status == 429 or code == "ratelimited":
        after = response.headers.get("Retry-After") or response.headers.get("retry-after") or "1"
        return MessageDelayed("ratelimited", retry_after=float(after))
    if status >= 500 or code in PASSING:
        return MessageDelayed(code, sent_maybe=True)
    return MessageRefused(code)

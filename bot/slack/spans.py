"""Spans to mrkdwn and to plain text. All text that is not ours is escaped and can never become a mention or a link."""

from __future__ import annotations

import re

from bot.domain.replies import ChannelRef, Code, GroupRef, Line, Moment, PersonRef, Span, Strong

ZERO_WIDTH = "\u200b"
_FORMATTING = re.compile(r"(?<![A-Za-z0-9])([*_~`])|([*_~`])(?![A-Za-z0-9])")


def escape(text: str) -> str:
    """Slack's three escapes (docs.slack.dev, formatting message text), and marks that would format disarmed."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _FORMATTING.sub(lambda match: f"{match.group()}{ZERO_WIDTH}", text)


def mrkdwn(line: Line) -> str:
    """A line as mrkdwn."""
    return "".join(_mrkdwn(span) for span in line)


def _mrkdwn(span: Span) -> str:
    if isinstance(span, str):
        return escape(span)
    if isinstance(span, Strong):
        inner = span.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("*", "∗")
        return f"*{inner.strip()}*" if inner.strip() else ""
    if isinstance(span, Code):
        inner = span.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "ˋ")
        return f"`{inner}`" if inner else ""
    if isinstance(span, PersonRef):
        return f"<@{span.id}>"
    if isinstance(span, GroupRef):
        return f"<!subteam^{span.id}>"
    if isinstance(span, ChannelRef):
        return f"<#{span.id}>"
    return _moment(span)


def _moment(span: Moment) -> str:
    """A time in the reader's own zone, with UTC for clients that cannot."""
    form = "{date_short_pretty} {time}" if span.with_date else "{time}"
    return f"<!date^{int(span.at.timestamp())}^{form}|{span.at:%Y-%m-%d %H:%M} UTC>"


def plain(line: Line) -> str:
    """A line as plain text, for places without mrkdwn."""
    return "".join(_plain(span) for span in line)


def _plain(span: Span) -> str:
    if isinstance(span, str):
        return span
    if isinstance(span, Strong | Code):
        return span.text
    if isinstance(span, Moment):
        return f"{span.at:%Y-%m-%d %H:%M} UTC"
    return f"@{span.id}" if isinstance(span, PersonRef | GroupRef) else f"#{span.id}"

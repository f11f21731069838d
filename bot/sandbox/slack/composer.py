"""What becomes of typed text on its way to the app: mentions turn into ids, and markup characters are escaped."""

from __future__ import annotations

import re

from bot.sandbox.slack.workspace import Workspace

_MENTION = re.compile(r"(?<![\w&<])([@#])([\w.-]+)")
_READY_MADE = re.compile(r"(<[@#!][^<>\s]+>)")


def escape(text: str) -> str:
    """`&`, `<` and `>` as Slack sends them. Source: https://docs.slack.dev/messaging/formatting-message-text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def compose(workspace: Workspace, typed: str, *, escapes: bool = True, named: bool = True) -> str:
    """The text as delivered. `@ada` becomes `<@U…|ada>` (in messages, where `named` is false, `<@U…>`)."""
    parts = _READY_MADE.split(typed)
    return "".join(
        part if index % 2 else _plain(workspace, part, escapes=escapes, named=named) for index, part in enumerate(parts)
    )


def _plain(workspace: Workspace, text: str, *, escapes: bool, named: bool) -> str:
    safe = escape(text) if escapes else text
    return _MENTION.sub(lambda match: _mention(workspace, match, named=named), safe)


def _mention(workspace: Workspace, match: re.Match[str], *, named: bool) -> str:
    sign, typed = match.group(1), match.group(2)
    word = typed.rstrip(".-")
    found = _channel(workspace, word) if sign == "#" else _member_or_group(workspace, word)
    if found is None:
        return match.group(0)
    reference, name = found
    return f"<{reference}|{name}>{typed[len(word) :]}" if named else f"<{reference}>{typed[len(word) :]}"


def _channel(workspace: Workspace, word: str) -> tuple[str, str] | None:
    for channel in workspace.channels.values():
        if channel.name and channel.name == word:
            return f"#{channel.id}", channel.name
    return None


def _member_or_group(workspace: Workspace, word: str) -> tuple[str, str] | None:
    for member in workspace.members.values():
        if member.name == word:
            return f"@{member.id}", member.name
    for group in workspace.groups.values():
        if group.handle == word:
            return f"!subteam^{group.id}", f"@{group.handle}"
    return None

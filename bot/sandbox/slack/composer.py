"""What becomes of typed text on its way to the app: mentions turn into ids, and markup characters are escaped."""

from __future__ import annotations

import re

from bot.sandbox.slack.workspace import Workspace

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
    known = _references(workspace)
    longest_first = "|".join(re.escape(spoken) for spoken in sorted(known, key=len, reverse=True))

    def reference(match: re.Match[str]) -> str:
        meant, name = known[match.group().casefold()]
        return f"<{meant}|{name}>" if named else f"<{meant}>"

    return re.sub(rf"(?<![\w&<])(?:{longest_first})(?!\.?[\w-])", reference, safe, flags=re.IGNORECASE)


def _references(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """What may be typed for each person, group and channel: handles, and names as they stand on the screen."""
    people, groups = workspace.members.values(), workspace.groups.values()
    channels = [channel for channel in workspace.channels.values() if channel.name]
    spoken = [
        *((f"@{member.real_name}", f"@{member.id}", member.name) for member in people),
        *((f"@{member.name}", f"@{member.id}", member.name) for member in people),
        *((f"@{group.handle}", f"!subteam^{group.id}", f"@{group.handle}") for group in groups),
        *((f"#{channel.name}", f"#{channel.id}", channel.name) for channel in channels),
    ]
    return {typed.casefold(): (meant, name) for typed, meant, name in spoken}

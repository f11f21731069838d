"""The Slack app's manifest (docs.slack.dev, app manifests), made from the registry: least scopes, each explained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "take commands as mentions, which also work in threads",
    "channels:history": "in public channels, find a message again after a broken connection, and read anchors",
    "channels:join": "join the public channel that an admin picks at set-up",
    "channels:read": "see a channel's name and members, to know who could decide",
    "chat:write": "post requests for approval and their outcome",
    "commands": "the slash command",
    "files:write": "hand an admin the audit trail as a file, in a direct message",
    "groups:history": "the same as channels:history, in private channels the bot is invited to",
    "groups:read": "the same as channels:read, in private channels",
    "im:history": "take commands in a direct message",
    "im:write": "write to a person when a channel will not take the answer",
    "usergroups:read": "know who belongs to a user group that was granted a role",
    "users:read": "know whether somebody is a full member, a guest, a bot or deactivated",
}
EVENTS = ("app_home_opened", "app_mention", "message.im")
PLACEHOLDER = "https://YOUR-HOST"


class Areas(Protocol):
    """What is needed of the registry."""

    slash: str

    @property
    def areas(self) -> tuple[str, ...]:
        """First words of the commands."""
        ...


def manifest(registry: Areas, *, socket: bool, host: str = PLACEHOLDER) -> dict[str, Any]:
    """The manifest as Slack takes it."""
    address = f"{host}/slack/events"
    command: dict[str, Any] = {
        "command": registry.slash,
        "description": "Manage CloudSync databases, with approvals and an audit trail",
        "usage_hint": " | ".join(registry.areas)[:1000],
        "should_escape": True,
    }
    events: dict[str, Any] = {"bot_events": list(EVENTS)}
    interactivity: dict[str, Any] = {"is_enabled": True}
    if not socket:
        command["url"] = address
        events["request_url"] = address
        interactivity |= {"request_url": address, "message_menu_options_url": address}
    return {
        "display_information": {
            "name": "CloudSync",
            "description": "Databases behind approvals, with a trail that proves what happened",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "CloudSync", "always_online": True},
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }


def manifest_text(registry: Areas, *, socket: bool) -> str:
    """The manifest as JSON text, to be pasted."""
    return json.dumps(manifest(registry, socket=socket), indent=2)

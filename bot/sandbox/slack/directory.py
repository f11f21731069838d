"""Who and what is in the workspace: team, app, members, channels, user groups, files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

DEFAULT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "usergroups:read",
        "users:read",
    }
)
"""What the manifest of this project asks for and no more: a surface test holds the two together."""


@dataclass(frozen=True, kw_only=True)
class Team:
    """The workspace itself."""

    id: str = "T0ACME0001"
    name: str = "Acme Corp"
    domain: str = "acme"

    def to_json(self) -> Json:
        """As `team.info` shows it."""
        return {"id": self.id, "name": self.name, "domain": self.domain, "email_domain": "", "icon": {}}


@dataclass(kw_only=True)
class App:
    """The installed app: what it may do, and what it signs in with."""

    id: str = "A0CLOUDSYN"
    name: str = "CloudSync"
    bot_user_id: str = "U0CLOUDBOT"
    bot_id: str = "B0CLOUDBOT"
    command: str = "/cloudsync"
    bot_token: str = field(default="xoxb-stand-in-bot-token", repr=False)
    app_token: str = field(default="xapp-stand-in-app-token", repr=False)
    signing_secret: str = field(default="stand-in-signing-secret", repr=False)
    verification_token: str = field(default="stand-in-verification", repr=False)
    scopes: set[str] = field(default_factory=lambda: set(DEFAULT_SCOPES))
    app_scopes: set[str] = field(default_factory=lambda: {"connections:write"})


@dataclass(kw_only=True)
class Member:
    """One entry of `users.list`: a person or a bot."""

    id: str
    name: str
    real_name: str
    team_id: str
    description: str = ""
    tz: str = "Europe/London"
    tz_offset: int = 0
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False
    is_admin: bool = False

    def to_json(self) -> Json:
        """As `users.info` shows it. A deactivated user has no more fields than Slack leaves them."""
        shown: Json = {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": self.deleted,
            "real_name": self.real_name,
            "profile": {"real_name": self.real_name, "display_name": self.name, "team": self.team_id},
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1_700_000_000,
        }
        if self.deleted:
            return shown
        return shown | {
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": self.tz_offset,
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_stranger": self.is_stranger,
        }


@dataclass(kw_only=True)
class Channel:
    """A public or private channel, or a direct message between the bot and one person."""

    id: str
    name: str = ""
    purpose: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    direct_with: str | None = None
    members: set[str] = field(default_factory=set)

    @property
    def is_direct(self) -> bool:
        """A direct message with the bot."""
        return self.direct_with is not None

    @property
    def name_in_payloads(self) -> str:
        """What deliveries call it: Slack hides the names of private conversations."""
        if self.is_direct:
            return "directmessage"
        return "privategroup" if self.is_private else self.name

    @property
    def kind(self) -> str:
        """The prefix of the scopes that open it: `channels`, `groups` or `im`."""
        if self.is_direct:
            return "im"
        return "groups" if self.is_private else "channels"

    def to_json(self, viewer_id: str) -> Json:
        """As `conversations.info` shows it to this member."""
        if self.direct_with is not None:
            return {
                "id": self.id,
                "created": 1_700_000_000,
                "is_im": True,
                "is_archived": False,
                "user": self.direct_with,
                "is_open": True,
                "is_user_deleted": False,
            }
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": False,
            "is_ext_shared": self.is_ext_shared,
            "is_member": viewer_id in self.members,
            "created": 1_700_000_000,
            "num_members": len(self.members),
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": self.purpose, "creator": "", "last_set": 0},
        }


@dataclass(kw_only=True)
class UserGroup:
    """A user group (`S…`), mentioned by its handle."""

    id: str
    handle: str
    name: str
    members: list[str] = field(default_factory=list)
    is_disabled: bool = False

    def to_json(self, team_id: str) -> Json:
        """As `usergroups.list` shows it."""
        return {
            "id": self.id,
            "team_id": team_id,
            "is_usergroup": True,
            "name": self.name,
            "handle": self.handle,
            "description": "",
            "is_external": False,
            "date_delete": int(self.is_disabled),
            "user_count": len(self.members),
            "users": list(self.members),
        }


@dataclass(kw_only=True)
class File:
    """An upload: announced, then sent, then shared."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    title: str = ""
    channels: list[str] = field(default_factory=list)

    def to_json(self, base_url: str) -> Json:
        """As messages carry it."""
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "size": self.length,
            "mimetype": "text/plain",
            "channels": list(self.channels),
            "url_private": f"{base_url}/files/{self.id}",
            "permalink": f"{base_url}/files/{self.id}",
        }

"""Web API methods about the team, its members, channels and user groups."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.directory import Channel, Json
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.methods_chat import channel_for_bot
from bot.sandbox.slack.workspace import Workspace

Entry = TypeVar("Entry")


def _page(entries: Sequence[Entry], arguments: Arguments, default: int) -> tuple[Sequence[Entry], Json]:
    limit = min(arguments.integer("limit", default), 1000)
    cursor = arguments.text("cursor")
    try:
        start = int(base64.b64decode(cursor).decode()) if cursor else 0
    except (ValueError, binascii.Error):
        raise SlackError("invalid_cursor") from None
    following = base64.b64encode(str(start + limit).encode()).decode() if start + limit < len(entries) else ""
    return entries[start : start + limit], {"response_metadata": {"next_cursor": following}}


def auth_test(workspace: Workspace, _: Arguments) -> Json:
    """`auth.test`: who the token is."""
    app, team = workspace.app, workspace.team
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": app.name.lower(),
        "team_id": team.id,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def team_info(workspace: Workspace, _: Arguments) -> Json:
    """`team.info`."""
    return {"team": workspace.team.to_json()}


def bots_info(workspace: Workspace, _: Arguments) -> Json:
    """`bots.info`: which app the bot belongs to."""
    app = workspace.app
    return {
        "bot": {
            "id": app.bot_id,
            "deleted": False,
            "name": app.name,
            "app_id": app.id,
            "user_id": app.bot_user_id,
            "icons": {},
        }
    }


def users_info(workspace: Workspace, arguments: Arguments) -> Json:
    """`users.info`."""
    member = workspace.members.get(arguments.required("user", "user_not_found"))
    if member is None:
        raise SlackError("user_not_found")
    return {"user": member.to_json()}


def users_list(workspace: Workspace, arguments: Arguments) -> Json:
    """`users.list`, paged."""
    own = [member for member in workspace.members.values() if not member.is_stranger]
    page, more = _page(own, arguments, 1000)
    return {"members": [member.to_json() for member in page], **more}


def conversations_info(workspace: Workspace, arguments: Arguments) -> Json:
    """`conversations.info`."""
    channel = channel_for_bot(workspace, arguments.required("channel", "channel_not_found"))
    return {"channel": channel.to_json(workspace.app.bot_user_id)}


def conversations_list(workspace: Workspace, arguments: Arguments) -> Json:
    """`conversations.list`: public channels, and private ones that the bot is in."""
    kinds = set(arguments.text("types", "public_channel").replace(" ", "").split(","))
    bot = workspace.app.bot_user_id
    seen = [
        channel
        for channel in workspace.channels.values()
        if _kind(channel) in kinds
        and (bot in channel.members or _kind(channel) == "public_channel")
        and not (arguments.flag("exclude_archived") and channel.is_archived)
    ]
    page, more = _page(seen, arguments, 100)
    return {"channels": [channel.to_json(bot) for channel in page], **more}


def users_conversations(workspace: Workspace, arguments: Arguments) -> Json:
    """`users.conversations`: where a member is, as far as the bot can see."""
    member_id = arguments.text("user") or workspace.app.bot_user_id
    kinds = set(arguments.text("types", "public_channel").replace(" ", "").split(","))
    seen = [c for c in workspace.channels.values() if member_id in c.members and _kind(c) in kinds]
    page, more = _page(seen, arguments, 100)
    return {"channels": [channel.to_json(workspace.app.bot_user_id) for channel in page], **more}


def _kind(channel: Channel) -> str:
    if channel.is_direct:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def conversations_members(workspace: Workspace, arguments: Arguments) -> Json:
    """`conversations.members`, paged."""
    channel = channel_for_bot(workspace, arguments.required("channel", "channel_not_found"))
    page, more = _page(sorted(channel.members), arguments, 100)
    return {"members": list(page), **more}


def conversations_join(workspace: Workspace, arguments: Arguments) -> Json:
    """`conversations.join`: public channels only."""
    channel = channel_for_bot(workspace, arguments.required("channel", "channel_not_found"))
    if channel.is_private or channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    channel.members.add(workspace.app.bot_user_id)
    workspace.changed()
    return {"channel": channel.to_json(workspace.app.bot_user_id)}


def conversations_open(workspace: Workspace, arguments: Arguments) -> Json:
    """`conversations.open` with one person: the direct message."""
    people = [person for person in arguments.text("users").split(",") if person]
    if len(people) != 1:
        raise SlackError("not_enough_users" if not people else "too_many_users")
    member = workspace.members.get(people[0])
    if member is None:
        raise SlackError("user_not_found")
    if member.deleted or member.is_bot:
        raise SlackError("user_disabled" if member.deleted else "cannot_dm_bot")
    return {"channel": {"id": workspace.direct_channel(member.id).id}}


def _history(workspace: Workspace, arguments: Arguments, thread_ts: str | None) -> Json:
    channel = channel_for_bot(workspace, arguments.required("channel", "channel_not_found"))
    if workspace.app.bot_user_id not in channel.members:
        raise SlackError("not_in_channel")
    oldest, latest = float(arguments.text("oldest") or 0), float(arguments.text("latest") or "inf")
    is_inclusive = arguments.flag("inclusive")
    kept = [
        message
        for message in workspace.messages
        if message.channel == channel.id
        and not message.deleted
        and not message.is_ephemeral
        and (
            message.ts == thread_ts  # always shown
            or oldest < float(message.ts) < latest
            or (is_inclusive and float(message.ts) in (oldest, latest))
        )
        and (thread_ts in (message.ts, message.thread_ts) if thread_ts else message.thread_ts is None)
    ]
    page, more = _page(kept if thread_ts else kept[::-1], arguments, 100)
    has_more = bool(more["response_metadata"]["next_cursor"])
    return {"messages": [workspace.message_to_json(message) for message in page], "has_more": has_more, **more}


def conversations_history(workspace: Workspace, arguments: Arguments) -> Json:
    """`conversations.history`, newest first."""
    return _history(workspace, arguments, None)


def conversations_replies(workspace: Workspace, arguments: Arguments) -> Json:
    """`conversations.replies`, the first message first."""
    found = _history(workspace, arguments, arguments.required("ts", "thread_not_found"))
    if not found["messages"]:
        raise SlackError("thread_not_found")
    return found


def usergroups_list(workspace: Workspace, arguments: Arguments) -> Json:
    """`usergroups.list`."""
    shown = [group.to_json(workspace.team.id) for group in workspace.groups.values() if not group.is_disabled]
    if not arguments.flag("include_users"):
        shown = [{name: value for name, value in group.items() if name != "users"} for group in shown]
    return {"usergroups": shown}


def usergroups_users_list(workspace: Workspace, arguments: Arguments) -> Json:
    """`usergroups.users.list`."""
    group = workspace.groups.get(arguments.required("usergroup", "no_such_subteam"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}


METHODS = {
    "auth.test": auth_test,
    "team.info": team_info,
    "bots.info": bots_info,
    "users.info": users_info,
    "users.list": users_list,
    "users.conversations": users_conversations,
    "conversations.info": conversations_info,
    "conversations.list": conversations_list,
    "conversations.members": conversations_members,
    "conversations.join": conversations_join,
    "conversations.open": conversations_open,
    "conversations.history": conversations_history,
    "conversations.replies": conversations_replies,
    "usergroups.list": usergroups_list,
    "usergroups.users.list": usergroups_users_list,
}

"""What Slack sends to an app, in the shapes of https://docs.slack.dev/reference/interaction-payloads."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.directory import Channel, Json, Member
from bot.sandbox.slack.messages import Message, Values
from bot.sandbox.slack.views import View
from bot.sandbox.slack.workspace import Workspace


def slash_command(
    workspace: Workspace,
    person: Member,
    channel: Channel,
    *,
    command: str,
    text: str,
    trigger_id: str,
    response_url: str,
) -> Json:
    """The form fields of a slash command: strings only."""
    return {
        "token": workspace.app.verification_token,
        "team_id": workspace.team.id,
        "team_domain": workspace.team.domain,
        "channel_id": channel.id,
        "channel_name": channel.name_in_payloads,
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app.id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _envelope(workspace: Workspace, person: Member, kind: str) -> Json:
    return {
        "type": kind,
        "team": {"id": workspace.team.id, "domain": workspace.team.domain},
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id},
        "api_app_id": workspace.app.id,
        "token": workspace.app.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _on_message(workspace: Workspace, message: Message) -> Json:
    channel = workspace.channels[message.channel]
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.is_ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    shown: Json = {"container": container, "channel": {"id": channel.id, "name": channel.name_in_payloads}}
    if not message.is_ephemeral:
        shown["message"] = workspace.message_to_json(message)
    return shown


def _on_view(workspace: Workspace, view: View) -> Json:
    return {"container": {"type": "view", "view_id": view.id}, "view": workspace.view_to_json(view)}


def _on(workspace: Workspace, surface: Message | View) -> Json:
    return _on_message(workspace, surface) if isinstance(surface, Message) else _on_view(workspace, surface)


def block_actions(
    workspace: Workspace,
    person: Member,
    surface: Message | View,
    *,
    action: Json,
    values: Values,
    trigger_id: str,
    response_url: str | None,
) -> Json:
    """A press or a choice. Views have neither channel nor response URL; ephemeral messages no `message`."""
    payload = _envelope(workspace, person, "block_actions") | _on(workspace, surface)
    payload |= {"trigger_id": trigger_id, "actions": [action], "state": {"values": values}}
    if response_url is not None:
        payload["response_url"] = response_url
    return payload


def block_suggestion(
    workspace: Workspace, person: Member, surface: Message | View, *, block_id: str, action_id: str, typed: str
) -> Json:
    """A question for the options of an external select."""
    payload = _envelope(workspace, person, "block_suggestion") | _on(workspace, surface)
    return payload | {"block_id": block_id, "action_id": action_id, "value": typed}


def view_submission(workspace: Workspace, person: Member, view: View, *, trigger_id: str) -> Json:
    """A modal submitted, with all its values."""
    payload = _envelope(workspace, person, "view_submission")
    return payload | {"trigger_id": trigger_id, "view": workspace.view_to_json(view), "response_urls": []}


def view_closed(workspace: Workspace, person: Member, view: View, *, is_cleared: bool) -> Json:
    """A modal closed that asked for `notify_on_close`."""
    payload = _envelope(workspace, person, "view_closed")
    return payload | {"view": workspace.view_to_json(view), "is_cleared": is_cleared}


def shortcut(workspace: Workspace, person: Member, callback_id: str, *, trigger_id: str) -> Json:
    """A global shortcut."""
    payload = _envelope(workspace, person, "shortcut")
    action_ts = workspace.identifiers.message_ts()
    return payload | {"callback_id": callback_id, "trigger_id": trigger_id, "action_ts": action_ts}


def event(workspace: Workspace, inner: Json) -> Json:
    """An Events API delivery around one event."""
    return {
        "token": workspace.app.verification_token,
        "team_id": workspace.team.id,
        "context_team_id": workspace.team.id,
        "context_enterprise_id": None,
        "api_app_id": workspace.app.id,
        "event": inner,
        "type": "event_callback",
        "event_id": workspace.identifiers.new("Ev"),
        "event_time": int(workspace.clock().timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team.id,
                "user_id": workspace.app.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def message_event(workspace: Workspace, message: Message, kind: str) -> Json:
    """`app_mention`, or `message` in a direct message."""
    inner: dict[str, Any] = {
        "type": kind,
        "user": message.author,
        "text": message.text,
        "ts": message.ts,
        "channel": message.channel,
        "event_ts": message.ts,
        "team": workspace.members[message.author].team_id,
        "client_msg_id": workspace.identifiers.short(),
        "blocks": message.blocks,
    }
    if message.thread_ts:
        inner["thread_ts"] = message.thread_ts
    if kind == "message":
        inner["channel_type"] = "im"
    return event(workspace, inner)


def home_opened(workspace: Workspace, person: Member, view: View | None) -> Json:
    """`app_home_opened` on the Home tab; with the view once one was published."""
    inner: Json = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": workspace.direct_channel(person.id).id,
        "tab": "home",
        "event_ts": workspace.identifiers.message_ts(),
    }
    if view is not None:
        inner["view"] = workspace.view_to_json(view)
    return event(workspace, inner)


def joined_channel(workspace: Workspace, channel: Channel, member: Member, *, inviter: Member | None) -> Json:
    """`member_joined_channel`."""
    inner: Json = {
        "type": "member_joined_channel",
        "user": member.id,
        "channel": channel.id,
        "channel_type": channel.id[0],
        "team": workspace.team.id,
        "event_ts": workspace.identifiers.message_ts(),
    }
    return event(workspace, inner | ({"inviter": inviter.id} if inviter else {}))

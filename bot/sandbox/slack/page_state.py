"""The workspace as one person sees it, as JSON for the page."""

from __future__ import annotations

from bot.sandbox.slack.directory import Channel, Json, Member
from bot.sandbox.slack.messages import SLACKBOT, Message
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.views import View
from bot.sandbox.slack.workspace import Workspace

MESSAGES_SHOWN = 200


def state_for(person: Person) -> Json:
    """Everything on the person's screen."""
    workspace = person.workspace
    mine = [c for c in workspace.channels.values() if person.id in c.members and not c.is_direct]
    direct = workspace.direct_channel(person.id)
    return {
        "version": workspace.version,
        "team": workspace.team.name,
        "app": {"name": workspace.app.name, "command": workspace.app.command},
        "hints": [{"text": text, "about": about} for text, about in workspace.hints],
        "me": _member(person.member),
        "people": [_member(m) for m in workspace.members.values() if not m.is_bot],
        "channels": [_channel(channel) for channel in mine],
        "direct": {"id": direct.id},
        "names": names_on_screen(workspace),
        "messages": {c.id: _messages(person, c) for c in [*mine, direct]},
        "home": _view(workspace, person.home),
        "modal": _view(workspace, person.modal),
    }


def names_on_screen(workspace: Workspace) -> dict[str, str]:
    """What each id is called."""
    names = {m.id: f"@{m.real_name}" for m in workspace.members.values()}
    names |= {c.id: f"#{c.name}" for c in workspace.channels.values() if c.name}
    return names | {g.id: f"@{g.handle}" for g in workspace.groups.values()}


def _member(member: Member) -> Json:
    return {"id": member.id, "name": member.name, "real_name": member.real_name, "description": member.description}


def _channel(channel: Channel) -> Json:
    return {"id": channel.id, "name": channel.name, "purpose": channel.purpose, "is_private": channel.is_private}


def _messages(person: Person, channel: Channel) -> list[Json]:
    seen = [m for m in person.workspace.messages if m.channel == channel.id and m.visible_for(person.id)]
    return [_message(person, message) for message in seen[-MESSAGES_SHOWN:]]


def _message(person: Person, message: Message) -> Json:
    workspace = person.workspace
    author = workspace.members.get(message.author)
    shown = message.to_json(
        team_id=workspace.team.id, app_id=workspace.app.id, bot_id=workspace.app.bot_id, base_url=workspace.base_url
    )
    return shown | {
        "channel": message.channel,
        "author": "Slackbot" if message.author == SLACKBOT or author is None else author.real_name,
        "is_app": message.author == SLACKBOT or bool(author and author.is_bot),
        "is_ephemeral": message.is_ephemeral,
        "values": message.values.get(person.id, {}),
    }


def _view(workspace: Workspace, view: View | None) -> Json | None:
    if view is None:
        return None
    return workspace.view_to_json(view) | {"errors": view.errors, "trouble": view.trouble}

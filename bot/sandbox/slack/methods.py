"""The Web API as a whole: which methods there are, which scopes they want, and how a call is answered."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.slack import methods_chat, methods_files, methods_people, methods_views
from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.directory import Channel, Json
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.workspace import Workspace

Method = Callable[[Workspace, Arguments], Json]

METHODS: dict[str, Method] = {
    **methods_chat.METHODS,
    **methods_views.METHODS,
    **methods_people.METHODS,
    **methods_files.METHODS,
}

SCOPES = {
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "team.info": "team:read",
    "bots.info": "users:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "conversations.join": "channels:join",
    "conversations.open": "im:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
}
"""The scope that a method wants, whatever its arguments."""

SCOPES_BY_CHANNEL = {
    "conversations.info": "read",
    "conversations.members": "read",
    "conversations.history": "history",
    "conversations.replies": "history",
}
"""The second half of the scope that a method wants; the first depends on the channel: `channels`, `groups` or `im`."""

_KIND_OF_TYPE = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


def call(workspace: Workspace, method: str, token: str, given: Json) -> Json:
    """The answer to one call. Raises SlackError where Slack would refuse."""
    arguments = Arguments(given)
    _authenticate(workspace, token)
    handler = METHODS.get(method)
    if handler is None:
        raise SlackError("unknown_method", req_method=method)
    for scope in _scopes_wanted(workspace, method, arguments):
        if scope not in workspace.app.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(workspace.app.scopes)))
    return {"ok": True, **handler(workspace, arguments)}


def _authenticate(workspace: Workspace, token: str) -> None:
    if not token:
        raise SlackError("not_authed")
    if token == workspace.app.app_token:
        raise SlackError("not_allowed_token_type")
    if token != workspace.app.bot_token:
        raise SlackError("invalid_auth")


def _scopes_wanted(workspace: Workspace, method: str, arguments: Arguments) -> list[str]:
    if method in SCOPES_BY_CHANNEL:
        channel: Channel | None = workspace.channels.get(arguments.text("channel"))
        return [f"{channel.kind}:{SCOPES_BY_CHANNEL[method]}"] if channel else []
    if method in {"conversations.list", "users.conversations"}:
        kinds = arguments.text("types", "public_channel").replace(" ", "").split(",")
        return [f"{_KIND_OF_TYPE.get(kind, 'channels')}:read" for kind in kinds]
    return [SCOPES[method]] if method in SCOPES else []

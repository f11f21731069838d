"""Web API methods `chat.*`. Source: https://docs.slack.dev/reference/methods."""

from __future__ import annotations

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.blockkit import (
    MESSAGE_CHARACTERS,
    Surface,
    characters_in,
    name_what_is_anonymous,
    problems_in_blocks,
)
from bot.sandbox.slack.directory import Channel, Json
from bot.sandbox.slack.errors import SlackError, refused_blocks
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.workspace import Workspace

POST_CHARACTERS = 40_000
UPDATE_CHARACTERS = 4_000


def checked_blocks(workspace: Workspace, blocks: object) -> list[Json]:
    """The blocks of a message with their ids, or `invalid_blocks`."""
    if not blocks:
        return []
    problems = problems_in_blocks(blocks, Surface.MESSAGE)
    if problems:
        raise refused_blocks("invalid_blocks", problems)
    assert isinstance(blocks, list)
    if characters_in(blocks) > MESSAGE_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return name_what_is_anonymous(blocks, workspace.identifiers.short)


def channel_for_bot(workspace: Workspace, channel_id: str) -> Channel:
    """A channel that the bot can see; private ones without it are unknown to it."""
    channel = workspace.channels.get(channel_id)
    if channel is None or (channel.is_private and workspace.app.bot_user_id not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def channel_to_write_in(workspace: Workspace, reference: str) -> Channel:
    """Where the bot may post: a channel it is a member of, or the direct message of a user id."""
    if reference in workspace.members:
        if workspace.members[reference].deleted or workspace.members[reference].is_bot:
            raise SlackError("channel_not_found")
        return workspace.direct_channel(reference)
    channel = channel_for_bot(workspace, reference)
    if channel.is_archived:
        raise SlackError("is_archived")
    public_without_joining = "chat:write.public" in workspace.app.scopes and not channel.is_private
    if workspace.app.bot_user_id not in channel.members and not public_without_joining:
        raise SlackError("not_in_channel")
    return channel


def _content(workspace: Workspace, arguments: Arguments, limit: int) -> tuple[str, list[Json]]:
    text = arguments.text("text")
    blocks = checked_blocks(workspace, arguments.structure("blocks", "invalid_blocks_format"))
    if not text and not blocks:
        raise SlackError("no_text")
    if len(text) > limit:
        raise SlackError("msg_too_long")
    return text, blocks


def _metadata(arguments: Arguments) -> Json | None:
    metadata = arguments.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not {"event_type", "event_payload"} <= metadata.keys():
        raise SlackError("invalid_metadata_schema")
    return metadata


def post_message(workspace: Workspace, arguments: Arguments) -> Json:
    """`chat.postMessage`."""
    channel = channel_to_write_in(workspace, arguments.required("channel", "channel_not_found"))
    text, blocks = _content(workspace, arguments, POST_CHARACTERS)
    thread_ts = arguments.text("thread_ts") or None
    if thread_ts and not workspace.has_message(channel.id, thread_ts):
        thread_ts = None  # Slack does not refuse a reply to what is gone: it stands in the channel
    message = workspace.post(
        channel.id,
        author=workspace.app.bot_user_id,
        text=text,
        blocks=blocks,
        thread_ts=thread_ts,
        metadata=_metadata(arguments),
    )
    return {"channel": channel.id, "ts": message.ts, "message": workspace.message_to_json(message)}


def post_ephemeral(workspace: Workspace, arguments: Arguments) -> Json:
    """`chat.postEphemeral`: the person must be in the channel, and the bot too."""
    channel = channel_to_write_in(workspace, arguments.required("channel", "channel_not_found"))
    person_id = arguments.required("user", "invalid_arguments")
    if person_id not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = _content(workspace, arguments, POST_CHARACTERS)
    message = workspace.post(
        channel.id,
        author=workspace.app.bot_user_id,
        text=text,
        blocks=blocks,
        visible_to=person_id,
        thread_ts=arguments.text("thread_ts") or None,
    )
    return {"message_ts": message.ts}


def own_message(workspace: Workspace, arguments: Arguments, refusal: str) -> Message:
    """The app's own message that `channel` and `ts` name."""
    channel = channel_for_bot(workspace, arguments.required("channel", "channel_not_found"))
    message = workspace.message(channel.id, arguments.required("ts", "invalid_arguments"))
    if not message.posted_by_app:
        raise SlackError(refusal)
    return message


def update(workspace: Workspace, arguments: Arguments) -> Json:
    """`chat.update`: text without blocks removes the blocks, as with Slack."""
    message = own_message(workspace, arguments, "cant_update_message")
    text, blocks = _content(workspace, arguments, UPDATE_CHARACTERS)
    message.edit(text=text, blocks=blocks, edited_ts=workspace.identifiers.message_ts())
    metadata = _metadata(arguments)
    message.metadata = message.metadata if metadata is None else metadata
    workspace.changed()
    return {"channel": message.channel, "ts": message.ts, "text": text, "message": workspace.message_to_json(message)}


def delete(workspace: Workspace, arguments: Arguments) -> Json:
    """`chat.delete`."""
    message = own_message(workspace, arguments, "cant_delete_message")
    message.deleted = True
    workspace.changed()
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(workspace: Workspace, arguments: Arguments) -> Json:
    """`chat.getPermalink`."""
    channel = channel_for_bot(workspace, arguments.required("channel", "channel_not_found"))
    message = workspace.message(channel.id, arguments.required("message_ts", "message_not_found"))
    anchor = message.ts.replace(".", "")
    return {"channel": channel.id, "permalink": f"{workspace.base_url}/archives/{channel.id}/p{anchor}"}


METHODS = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": get_permalink,
}

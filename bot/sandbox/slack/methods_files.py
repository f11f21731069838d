"""Web API methods of an upload in three steps: announce, send, share."""

from __future__ import annotations

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.directory import File, Json
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.methods_chat import channel_to_write_in, checked_blocks
from bot.sandbox.slack.workspace import Workspace


def get_upload_url(workspace: Workspace, arguments: Arguments) -> Json:
    """`files.getUploadURLExternal`."""
    name = arguments.required("filename", "invalid_arguments")
    length = arguments.integer("length", 0)
    if length <= 0:
        raise SlackError("invalid_arguments")
    file = File(id=workspace.identifiers.new("F"), name=name, length=length)
    workspace.files[file.id] = file
    return {"upload_url": f"{workspace.base_url}/upload/{file.id}", "file_id": file.id}


def complete_upload(workspace: Workspace, arguments: Arguments) -> Json:
    """`files.completeUploadExternal`: shares what was sent, in a channel that the bot is in."""
    named = arguments.structure("files", "invalid_arguments")
    if not isinstance(named, list) or not named:
        raise SlackError("invalid_arguments")
    files = [_sent_file(workspace, entry) for entry in named]
    channel_id = arguments.text("channel_id") or arguments.text("channels")
    if channel_id:
        _share(workspace, arguments, channel_id, files)
    return {"files": [file.to_json(workspace.base_url) for file in files]}


def _sent_file(workspace: Workspace, entry: Json) -> File:
    file = workspace.files.get(str(entry.get("id")))
    if file is None:
        raise SlackError("file_not_found")
    if file.content is None:
        raise SlackError("file_not_uploaded")
    file.title = str(entry.get("title") or file.name)
    return file


def _share(workspace: Workspace, arguments: Arguments, channel_id: str, files: list[File]) -> None:
    channel = channel_to_write_in(workspace, channel_id)
    blocks = checked_blocks(workspace, arguments.structure("blocks", "invalid_blocks_format"))
    for file in files:
        file.channels.append(channel.id)
    workspace.post(
        channel.id,
        author=workspace.app.bot_user_id,
        text=arguments.text("initial_comment"),
        blocks=blocks,
        thread_ts=arguments.text("thread_ts") or None,
        files=files,
    )


METHODS = {"files.getUploadURLExternal": get_upload_url, "files.completeUploadExternal": complete_upload}

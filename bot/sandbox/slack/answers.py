"""What the app's answers do on screen: to a command, to a submitted modal, and through a response URL."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.deliver import Delivery
from bot.sandbox.slack.directory import Channel, Json, Member
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.methods_chat import checked_blocks
from bot.sandbox.slack.triggers import ResponseUrl
from bot.sandbox.slack.views import View
from bot.sandbox.slack.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


def after_command(workspace: Workspace, person: Member, channel: Channel, command: str, delivery: Delivery) -> None:
    """Show what the app said in its acknowledgement, or Slack's own words where it said nothing in time."""
    if delivery.failure:
        text = f'{command} failed with the error "{delivery.failure}"'
        workspace.say_as_slackbot(channel.id, person.id, text)
    elif delivery.answer.strip():
        answer = delivery.json() or {"text": delivery.answer}
        _say(workspace, answer, channel.id, person.id)


def after_press(workspace: Workspace, person: Member, surface: Message | View, delivery: Delivery) -> None:
    """A press that failed leaves a warning where it was made."""
    if not delivery.failure:
        return
    workspace.troubles.append(delivery.failure)
    if isinstance(surface, View):
        surface.trouble = TROUBLE
        workspace.changed()
    else:
        text = f'{workspace.app.name} did not take the press: "{delivery.failure}"'
        workspace.say_as_slackbot(surface.channel, person.id, text)


def after_submission(workspace: Workspace, view: View, delivery: Delivery) -> None:
    """Close, clear, update, push or show errors, as the app answered."""
    view.errors, view.trouble = {}, None
    if delivery.failure:
        workspace.troubles.append(delivery.failure)
        view.trouble = TROUBLE
    elif view.is_open:
        try:
            _respond(workspace, view, delivery.json())
        except SlackError as error:
            workspace.troubles.append(f"{error.code} {error.details.get('errors', '')}".strip())
            view.trouble = f"{TROUBLE} ({error.code})"
    workspace.changed()


def _respond(workspace: Workspace, view: View, answer: Json) -> None:
    match answer.get("response_action"):
        case None:
            workspace.views.close(view)
        case "clear":
            workspace.views.clear(view.owner)
        case "update":
            workspace.views.update(view, answer.get("view"))
        case "push":
            workspace.views.push(view.owner, answer.get("view"))
        case "errors":
            view.errors = _field_errors(view, answer.get("errors"))
        case _:
            raise SlackError("invalid_response_action")


def _field_errors(view: View, errors: Any) -> dict[str, str]:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackError("invalid_errors")
    return {str(block_id): str(text) for block_id, text in errors.items()}


def use_response_url(workspace: Workspace, link: ResponseUrl, answer: Json) -> None:
    """Delete, replace or say something new, as the app asks. Raises SlackError where Slack refuses it."""
    original = _original(workspace, link)
    if answer.get("delete_original"):
        if original is not None:
            original.deleted = True
    elif answer.get("replace_original") and original is not None:
        text, blocks = _content(workspace, answer)
        original.edit(text=text, blocks=blocks, edited_ts=workspace.identifiers.message_ts())
    else:
        _say(workspace, answer, link.channel_id, link.person_id)
    workspace.changed()


def _original(workspace: Workspace, link: ResponseUrl) -> Message | None:
    for message in workspace.messages:
        if (message.channel, message.ts) == (link.channel_id, link.message_ts) and not message.deleted:
            return message
    return None


def _content(workspace: Workspace, answer: Json) -> tuple[str, list[Json]]:
    blocks = checked_blocks(workspace, Arguments(answer).structure("blocks", "invalid_blocks_format"))
    text = str(answer.get("text") or "")
    if not text and not blocks:
        raise SlackError("no_text")
    return text, blocks


def _say(workspace: Workspace, answer: Json, channel_id: str, person_id: str) -> None:
    text, blocks = _content(workspace, answer)
    is_public = answer.get("response_type") == "in_channel"
    workspace.post(
        channel_id,
        author=workspace.app.bot_user_id,
        text=text,
        blocks=blocks,
        thread_ts=answer.get("thread_ts"),
        visible_to=None if is_public else person_id,
    )

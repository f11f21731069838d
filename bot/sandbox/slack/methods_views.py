"""Web API methods `views.*`."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.arguments import Arguments
from bot.sandbox.slack.directory import Json
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.views import View
from bot.sandbox.slack.workspace import Workspace


def _payload(arguments: Arguments) -> Any:
    payload = arguments.structure("view", "invalid_arguments")
    if payload is None:
        raise SlackError("invalid_arguments")
    return payload


def _shown(workspace: Workspace, view: View) -> Json:
    workspace.changed()
    return {"view": workspace.view_to_json(view)}


def open_view(workspace: Workspace, arguments: Arguments) -> Json:
    """`views.open`, for whom the trigger names."""
    payload = _payload(arguments)
    trigger = workspace.triggers.exchange(arguments.required("trigger_id", "invalid_arguments"))
    return _shown(workspace, workspace.views.open(trigger.person_id, payload))


def push(workspace: Workspace, arguments: Arguments) -> Json:
    """`views.push`, on top of the modal that the interaction came from."""
    payload = _payload(arguments)
    trigger = workspace.triggers.exchange(arguments.required("trigger_id", "invalid_arguments"))
    return _shown(workspace, workspace.views.push(trigger.person_id, payload))


def update(workspace: Workspace, arguments: Arguments) -> Json:
    """`views.update`, by `view_id` or `external_id`; `hash` guards against overwriting a newer view."""
    view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
    if not view_id and not external_id:
        raise SlackError("invalid_arguments")
    view = workspace.views.find(view_id, external_id)
    expected = arguments.text("hash") or None
    return _shown(workspace, workspace.views.update(view, _payload(arguments), expected_hash=expected))


def publish(workspace: Workspace, arguments: Arguments) -> Json:
    """`views.publish`: the App Home of one person."""
    person_id = arguments.required("user_id", "invalid_arguments")
    if person_id not in workspace.members:
        raise SlackError("user_not_found")
    expected = arguments.text("hash") or None
    return _shown(workspace, workspace.views.publish(person_id, _payload(arguments), expected_hash=expected))


METHODS = {"views.open": open_view, "views.push": push, "views.update": update, "views.publish": publish}

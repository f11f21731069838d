"""Slack's payloads to invocations. Pure. Whoever acted is `body.user`; ids are taken, names only shown."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.ids import new_story_id
from bot.domain.invocation import Invocation, Surface
from bot.slack.forms import LOADING_ID, values_of

Body = Mapping[str, Any]

_LEADING_MENTION = re.compile(r"^\s*<@[UW][A-Z0-9]+(?:\|[^>]*)?>\s*")


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A type-ahead look-up: answered, not recorded."""

    invocation: Invocation
    field_name: str
    typed: str


def delivery_key(body: Body) -> str:
    """The inbox key: event id, else trigger id, else a digest of the body."""
    if body.get("event_id"):
        return f"event:{body['event_id']}"
    if body.get("trigger_id"):
        return f"{body.get('type') or 'command'}:{body['trigger_id']}"
    canonical = json.dumps(body, sort_keys=True, default=str)
    return f"digest:{hashlib.sha256(canonical.encode()).hexdigest()}"


def team_of(body: Body) -> str:
    """The team that the delivery is for."""
    team = body.get("team")
    return str(body.get("team_id") or (team.get("id") if isinstance(team, Mapping) else "") or "")


def from_command(body: Body) -> Invocation:
    """A slash command."""
    channel_id = str(body.get("channel_id") or "")
    return _invocation(
        body,
        surface=Surface.COMMAND,
        person_id=str(body.get("user_id") or ""),
        person_name=str(body.get("user_name") or ""),
        channel_id=channel_id,
        channel_name=_shown(str(body.get("channel_name") or "")),
        text=str(body.get("text") or ""),
    )


def from_action(body: Body) -> Invocation | None:
    """A click or a choice; None for a link's button, which asks for nothing."""
    action = (body.get("actions") or [{}])[0]
    kind, _, rest = str(action.get("action_id") or "").partition(":")
    if kind == "link":
        return None
    container = body.get("container") or {}
    channel = body.get("channel") or {}
    channel_id = str(channel.get("id") or container.get("channel_id") or "")
    common: dict[str, Any] = {
        "person_id": _user(body)[0],
        "person_name": _user(body)[1],
        "channel_id": channel_id,
        "channel_name": _shown(str(channel.get("name") or "")),
        "message_channel_id": str(container.get("channel_id") or channel_id),
        **_modal_of(body),
    }
    if kind == "request":
        replaces = bool(container.get("is_ephemeral"))
        value = str(action.get("value") or "")
        return _invocation(
            body, surface=Surface.BUTTON, request_id=value, request_step=rest.split(":")[0], replaces=replaces, **common
        )
    if kind == "menu":
        chosen = action.get("selected_option") or {}
        return _invocation(body, surface=Surface.MENU, text=str(chosen.get("value") or ""), **common)
    text = str(action.get("value") or "") if kind in ("command", "replace") else ""
    return _invocation(body, surface=Surface.BUTTON, text=text, replaces=kind == "replace", **common)


def _modal_of(body: Body) -> dict[str, str]:
    """The modal that was clicked in, by its id and the form's; the home tab is no modal."""
    view = body.get("view") or {}
    form_id = str(view.get("private_metadata") or "")
    if view.get("type") != "modal":
        return {}
    return {"view_id": str(view.get("id") or ""), "form_id": "" if form_id == LOADING_ID else form_id}


def from_submission(body: Body) -> Invocation:
    """A submitted form."""
    view = body.get("view") or {}
    return _invocation(
        body,
        surface=Surface.FORM,
        person_id=_user(body)[0],
        person_name=_user(body)[1],
        channel_id="",
        form_id=str(view.get("private_metadata") or ""),
        form_values=values_of((view.get("state") or {}).get("values") or {}),
        view_id=str(view.get("id") or ""),
    )


def from_closing(body: Body) -> Invocation | None:
    """A closed form; None for one that never showed its fields."""
    view = body.get("view") or {}
    form_id = str(view.get("private_metadata") or "")
    if form_id in ("", LOADING_ID):
        return None
    return _invocation(
        body,
        surface=Surface.FORM_CLOSED,
        person_id=_user(body)[0],
        person_name=_user(body)[1],
        channel_id="",
        form_id=form_id,
        view_id=str(view.get("id") or ""),
    )


def from_suggestion(body: Body) -> Suggestion:
    """What somebody types into a select with type-ahead."""
    invocation = from_submission({**body, "view": {**(body.get("view") or {}), "state": {}}})
    return Suggestion(
        invocation=invocation,
        field_name=str(body.get("block_id") or ""),
        typed=str(body.get("value") or ""),
    )


def from_event(body: Body) -> Invocation | None:
    """A mention, a direct message, or the opening of the home tab; None for what is not meant for us."""
    event = body.get("event") or {}
    kind = event.get("type")
    common: dict[str, Any] = {"person_id": str(event.get("user") or "")}
    if event.get("bot_id") or event.get("subtype") or not common["person_id"]:
        return None
    channel_id = str(event.get("channel") or "")
    if kind == "app_home_opened":
        if event.get("tab") not in (None, "home"):
            return None
        return _invocation(body, surface=Surface.HOME, channel_id=channel_id, text="home", is_direct=True, **common)
    text = _LEADING_MENTION.sub("", str(event.get("text") or ""))
    if kind == "app_mention":
        return _invocation(body, surface=Surface.MENTION, channel_id=channel_id, text=text, **common)
    if kind == "message" and event.get("channel_type") == "im":
        return _invocation(
            body, surface=Surface.DIRECT_MESSAGE, channel_id=channel_id, text=text, is_direct=True, **common
        )
    return None


def from_shortcut(body: Body) -> Invocation:
    """A global or message shortcut: it opens help."""
    channel = body.get("channel") or {}
    return _invocation(
        body,
        surface=Surface.SHORTCUT,
        person_id=_user(body)[0],
        person_name=_user(body)[1],
        channel_id=str(channel.get("id") or ""),
        text="help",
    )


def _user(body: Body) -> tuple[str, str]:
    user = body.get("user") or {}
    return str(user.get("id") or ""), str(user.get("name") or user.get("username") or "")


def _shown(name: str) -> str:
    return "" if name in ("directmessage", "privategroup") else name


def _invocation(body: Body, *, surface: Surface, channel_id: str, **values: Any) -> Invocation:
    is_direct = values.pop("is_direct", False) or channel_id.startswith("D")
    return Invocation(
        delivery=delivery_key(body),
        story=new_story_id(),
        surface=surface,
        team_id=team_of(body),
        channel_id=channel_id,
        is_direct=is_direct,
        trigger_id=str(body.get("trigger_id") or ""),
        response_url=_response_url(body),
        **values,
    )


def _response_url(body: Body) -> str:
    several = body.get("response_urls") or [{}]
    return str(body.get("response_url") or several[0].get("response_url") or "")

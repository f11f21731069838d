"""The Slack app's manifest: the scopes and events that the code needs, none missing and none too many."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands.catalogue import all_commands
from bot.commands.registry import Registry
from bot.sandbox.slack.directory import DEFAULT_SCOPES
from bot.sandbox.slack.methods import METHODS
from bot.slack.manifest import EVENTS, SCOPES, manifest
from bot.slack.payloads import from_event

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for path in ROOT.glob("bot/**/*.py") if "sandbox" not in path.parts)
METHOD = re.compile(r"(api|apps|auth|bots|chat|conversations|files|team|usergroups|users|views)(\.[a-zA-Z]+)+")

CHANNELS, HISTORY = {"channels:read", "groups:read"}, {"channels:history", "groups:history"}
BY_METHOD: dict[str, set[str]] = {
    "auth.test": set(),
    "chat.getPermalink": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": HISTORY,
    "conversations.info": CHANNELS,
    "conversations.join": {"channels:join"},
    "conversations.members": CHANNELS,
    "conversations.open": {"im:write"},
    "conversations.replies": HISTORY,
    "files.completeUploadExternal": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "usergroups.users.list": {"usergroups:read"},
    "users.info": {"users:read"},
    "views.open": set(),
    "views.publish": set(),
    "views.update": set(),
}
"""What docs.slack.dev asks for, in public and in private channels, which is where the bot works."""
BY_EVENT: dict[str, set[str]] = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "message.im": {"im:history"},
}
COMMANDS = {"commands"}


def arguments_of_calls(path: Path) -> Iterator[str]:
    """Every string that a call is given: docstrings and names do not count."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            for one in node.args:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


def methods_in_use() -> set[str]:
    return {found for path in SOURCES for found in arguments_of_calls(path) if METHOD.fullmatch(found)}


def events_in_use() -> set[str]:
    """What `from_event` compares the event's type with; a message counts with its kind of channel."""
    compared: dict[str, list[str]] = {"type": [], "channel_type": []}
    for node in ast.walk(ast.parse(inspect.getsource(from_event))):
        if isinstance(node, ast.Compare) and isinstance(node.comparators[0], ast.Constant):
            left = ast.unparse(node.left)
            name = "type" if left == "kind" else "channel_type" if "channel_type" in left else ""
            if name:
                compared[name].append(str(node.comparators[0].value))
    kinds = [f"message.{kind}" for kind in compared["channel_type"]]
    return {*(one for one in compared["type"] if one != "message"), *kinds}


def made(*, socket: bool, slash: str = "/cloudsync") -> dict[str, Any]:
    return manifest(Registry(all_commands(), slash), socket=socket)


def test_the_methods_in_use_are_those_whose_scopes_are_written_here() -> None:
    assert methods_in_use() == set(BY_METHOD)


def test_the_scopes_are_the_least_that_methods_events_and_the_command_need() -> None:
    needed = COMMANDS.union(*(BY_METHOD[one] for one in methods_in_use()), *(BY_EVENT[one] for one in events_in_use()))
    assert set(SCOPES) == needed
    assert made(socket=False)["oauth_config"] == {"scopes": {"bot": list(SCOPES)}}


def test_the_events_are_those_that_the_code_tells_apart() -> None:
    assert set(EVENTS) == events_in_use()
    assert made(socket=True)["settings"]["event_subscriptions"] == {"bot_events": list(EVENTS)}


def test_each_scope_is_explained_and_no_two_alike() -> None:
    assert all(len(reason.split()) >= 3 for reason in SCOPES.values())
    assert len(set(SCOPES.values())) == len(SCOPES)


def test_the_stand_in_grants_what_the_manifest_asks_for_and_so_every_scenario_runs_with_no_more() -> None:
    assert set(SCOPES) == DEFAULT_SCOPES
    assert methods_in_use() <= set(METHODS)


def addresses_in(value: object) -> set[str]:
    if isinstance(value, dict):
        return {found for one in value.values() for found in addresses_in(one)}
    if isinstance(value, list):
        return {found for one in value for found in addresses_in(one)}
    return {value} if isinstance(value, str) and value.startswith("http") else set()


def test_http_has_one_address_in_every_place_and_socket_mode_none() -> None:
    http, socket = made(socket=False), made(socket=True)
    assert addresses_in(http) == {"https://YOUR-HOST/slack/events"}
    assert "request_url" in http["settings"]["event_subscriptions"]
    assert set(http["settings"]["interactivity"]) == {"is_enabled", "request_url", "message_menu_options_url"}
    assert "url" in http["features"]["slash_commands"][0]
    assert addresses_in(socket) == set()
    assert (http["settings"]["socket_mode_enabled"], socket["settings"]["socket_mode_enabled"]) == (False, True)


@pytest.mark.parametrize("socket", [False, True])
def test_the_one_command_has_the_settings_name_and_names_every_area(socket: bool) -> None:
    (command,) = made(socket=socket, slash="/acme")["features"]["slash_commands"]
    assert command["command"] == "/acme"
    assert command["should_escape"] is True
    assert set(command["usage_hint"].split(" | ")) == set(Registry(all_commands()).areas)

"""From what a person picks or types to the state of a form element; and what an external select suggests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.blockkit_elements import MENU_OPTION, OPTION_GROUP
from bot.sandbox.slack.blockkit_schema import items
from bot.sandbox.slack.deliver import Delivery
from bot.sandbox.slack.directory import Json
from bot.sandbox.slack.errors import CannotDoError
from bot.sandbox.slack.forms import VALUE_FIELD, state_with
from bot.sandbox.slack.reading import options_of
from bot.sandbox.slack.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """The app's answer to a `block_suggestion`."""

    delivery: Delivery

    @property
    def problems(self) -> list[str]:
        """What Slack would refuse in it; the person then sees no result."""
        answer = self.delivery.json()
        if "option_groups" in answer:
            return list(items(OPTION_GROUP, minimum=0, maximum=100)(answer["option_groups"], "/option_groups"))
        return list(items(MENU_OPTION, minimum=0, maximum=100)(answer.get("options"), "/options"))

    @property
    def options(self) -> list[Json]:
        """The options offered."""
        return [] if self.delivery.failure or self.problems else options_of(self.delivery.json())

    @property
    def labels(self) -> list[str]:
        """Their labels."""
        return [option["text"]["text"] for option in self.options]


def offered_options(element: Json) -> list[Json]:
    """What an element offers by itself."""
    return options_of(element)


def chosen_state(workspace: Workspace, element: Json, given: Any, offered: list[Json]) -> Json:
    """The element's state once a person gave this: a label, a name, a date, some text, a list of those, or None."""
    if element["type"] == "overflow":
        return {"selected_option": _option(offered, given)}
    field = VALUE_FIELD[element["type"]][0]
    if given is None:
        return state_with(element, [] if field.endswith("s") else None)
    match field:
        case "selected_option":
            return state_with(element, _option(offered, given))
        case "selected_options":
            return state_with(element, _options(offered, given))
        case "selected_users" | "selected_channels" | "selected_conversations":
            return state_with(element, [_place_or_person(workspace, name) for name in given])
        case "selected_user" | "selected_channel" | "selected_conversation":
            return state_with(element, _place_or_person(workspace, given))
    return state_with(element, given or None)


def _options(offered: list[Json], given: Any) -> list[Json]:
    if isinstance(given, bool):
        return list(offered) if given else []
    return [_option(offered, label) for label in ([given] if isinstance(given, str) else given)]


def _option(offered: list[Json], label: str) -> Json:
    for option in offered:
        if label in (option["text"]["text"], option.get("value")):
            return option
    raise CannotDoError(f"{label!r} is not among {[option['text']['text'] for option in offered]}")


def _place_or_person(workspace: Workspace, name: str) -> str:
    try:
        return workspace.channel(name).id if name.startswith(("#", "C")) else workspace.member(name).id
    except LookupError as unknown:
        raise CannotDoError(str(unknown)) from unknown

"""What a person reads and can press on a message, a modal or a home: plain text, and the controls by their labels."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.blockkit import elements_of
from bot.sandbox.slack.directory import Json
from bot.sandbox.slack.errors import CannotDoError
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.views import View

Names = Mapping[str, str]
"""What ids are called on screen, such as `U…` to `@ada`."""

_REFERENCE = re.compile(r"<([@#!]?)([^>|]+)(?:\|([^>]*))?>")
_PING = re.compile(r"<!(channel|here|everyone)(?:\|[^>]*)?>")
_STYLED = re.compile(r"(?<![\w*_~`])([*_~`])(?=\S)([^\n]*?\S)\1(?![\w*_~`])")


def plain(mrkdwn: str, names: Names | None = None) -> str:
    """Slack's markup as it reads on screen: without stars, with names for ids and labels for links."""
    named = _REFERENCE.sub(lambda match: _name(match, names or {}), mrkdwn)
    return html.unescape(_STYLED.sub(r"\2", named).replace("```", ""))


def _name(match: re.Match[str], names: Names) -> str:
    sign, target, label = match.groups()
    if sign == "!":
        return label or names.get(target.removeprefix("subteam^"), "@" + target)
    if sign:
        return names.get(target) or sign + (label or target)
    return label or target


def text_of(surface: Message | View, names: Names | None = None) -> str:
    """All that can be read on it, a line for each text, without the controls."""
    if isinstance(surface, Message) and not surface.blocks:
        return plain(surface.text, names)
    title = [surface.title] if isinstance(surface, View) and surface.title else []
    lines = [line for block in surface.blocks for line in _lines(block, names)]
    errors = list(surface.errors.values()) if isinstance(surface, View) else []
    return "\n".join([*title, *lines, *errors])


def _lines(block: Json, names: Names | None) -> Iterator[str]:
    match block["type"]:
        case "section":
            texts = [block["text"]] if "text" in block else []
            yield from (_text(text, names) for text in [*texts, *block.get("fields", [])])
        case "header":
            yield _text(block["text"], names)
        case "context":
            yield " ".join(_text(e, names) if "text" in e else e["alt_text"] for e in block["elements"])
        case "input":
            yield _text(block["label"], names)
            if "hint" in block:
                yield _text(block["hint"], names)
        case "markdown":
            yield str(block["text"])
        case "image":
            yield str(block["alt_text"])
        case "rich_text":
            yield from (_inline(element, names) for element in block["elements"])
        case "table" | "data_table":
            yield from [block["caption"]] if "caption" in block else []
            yield from (" | ".join(_inline(cell, names) for cell in row) for row in block["rows"])
        case "data_visualization":
            yield str(block["title"])


def _text(text: Json, names: Names | None) -> str:
    return plain(text["text"], names) if text["type"] == "mrkdwn" else str(text["text"])


def _inline(element: Json, names: Names | None) -> str:
    match element["type"]:
        case "rich_text_list":
            return "\n".join(_inline(entry, names) for entry in element["elements"])
        case "user" | "channel" | "usergroup":
            target = str(element[f"{element['type']}_id"])
            return (names or {}).get(target, target)
        case "emoji":
            return f":{element['name']}:"
        case "date":
            return str(element.get("fallback", element["timestamp"]))
        case "link":
            return str(element.get("text") or element["url"])
        case "broadcast":
            return f"@{element['range']}"
        case "raw_number":
            return str(element.get("text") or element["value"])
    if "elements" in element:
        return "".join(_inline(entry, names) for entry in element["elements"])
    return str(element.get("text", ""))


def pings_of(message: Message) -> list[str]:
    """The whole audiences that it alerts, such as `channel`: from its text and from every mrkdwn text in its blocks."""
    texts = [message.text, *_mrkdwn(message.blocks)]
    return [found for text in texts for found in _PING.findall(text)]


def _mrkdwn(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        if value.get("type") == "broadcast":
            yield f"<!{value['range']}>"
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from _mrkdwn(entry)


@dataclass(frozen=True, kw_only=True)
class Control:
    """Something to press, choose in or type into, with its block."""

    block: Json
    element: Json

    @property
    def kind(self) -> str:
        """The element's type."""
        return str(self.element["type"])

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.labels[0] if self.labels else str(self.element["action_id"])

    @property
    def labels(self) -> list[str]:
        """All that a person may call it: its own text, its field's label, its placeholder, the text beside it."""
        texts: list[Any] = [
            self.element.get("text"),
            self.block.get("label"),
            self.element.get("placeholder"),
            self.block.get("text") if self.block["type"] == "section" else None,
        ]
        found = [_text(text, None) for text in texts if isinstance(text, dict)]
        own = self.element.get("accessibility_label")
        return [*found, own] if own else found


def controls_of(surface: Message | View) -> list[Control]:
    """Every control, in the order shown."""
    return [Control(block=block, element=element) for block in surface.blocks for element in elements_of(block)]


def buttons_of(surface: Message | View) -> list[str]:
    """The labels of the buttons, in the order shown."""
    return [control.label for control in controls_of(surface) if control.kind == "button"]


def menus_of(surface: Message | View) -> list[str]:
    """The labels of all other controls."""
    return [control.label for control in controls_of(surface) if control.kind != "button"]


def options_of(element: Json) -> list[Json]:
    """The options that an element carries itself, out of their groups."""
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *(entry for group in groups for entry in group["options"])]


def find_control(surface: Message | View, name: str, *, nth: int = 0) -> Control:
    """The control with this label or action_id; of several alike, the nth. Raises CannotDoError with what there is."""
    controls = controls_of(surface)
    found = [control for control in controls if name in control.labels or name == control.element["action_id"]]
    if len(found) <= nth:
        offered = ", ".join(repr(control.label) for control in controls) or "nothing"
        raise CannotDoError(f"there is no {name!r} here; there is {offered}")
    return found[nth]

"""What Slack refuses: the rules of Block Kit for whole messages, modals and App Homes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

from bot.sandbox.slack.blockkit_data import DATA_TABLE, DATA_VISUALIZATION, RICH_TEXT, TABLE
from bot.sandbox.slack.blockkit_elements import (
    ELEMENTS,
    IDENTIFIER,
    IN_ACCESSORY,
    IN_ACTIONS,
    INPUTS,
    URL,
    among_elements,
    plain_text,
    text,
)
from bot.sandbox.slack.blockkit_schema import (
    Check,
    among,
    anything,
    boolean,
    items,
    record,
    refusal,
    string,
    typed,
)

MESSAGE_CHARACTERS = 13_000


class Surface(StrEnum):
    """Where blocks are shown."""

    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


BLOCKS_ALLOWED = {Surface.MESSAGE: 50, Surface.MODAL: 100, Surface.HOME: 100}


def _block(required: dict[str, Check], *, at_least_one_of: tuple[str, ...] = (), **optional: Check) -> Check:
    return record({"type": anything, **required}, {"block_id": IDENTIFIER, **optional}, at_least_one_of=at_least_one_of)


_CONTEXT_ENTRY = typed({"image": ELEMENTS["image"], "plain_text": text(3000), "mrkdwn": text(3000)})
_FEEDBACK = record(
    {"type": anything}, {"action_id": IDENTIFIER, "positive_button": anything, "negative_button": anything}
)

_EVERYWHERE: dict[str, Check] = {
    "section": _block(
        {},
        at_least_one_of=("text", "fields"),
        text=text(3000),
        fields=items(text(2000), maximum=10),
        accessory=among_elements(IN_ACCESSORY),
        expand=boolean,
    ),
    "header": _block({"text": plain_text(150)}, level=anything),
    "context": _block({"elements": items(_CONTEXT_ENTRY, maximum=10)}),
    "divider": _block({}),
    "actions": _block({"elements": items(among_elements(IN_ACTIONS), maximum=25)}),
    "image": _block({"alt_text": string(2000), "image_url": URL}, title=plain_text(2000)),
    "input": _block(
        {"label": plain_text(2000), "element": among_elements(INPUTS)},
        hint=plain_text(2000),
        optional=boolean,
        dispatch_action=boolean,
    ),
    "rich_text": RICH_TEXT,
}
_DATA: dict[str, Check] = {"data_table": DATA_TABLE, "data_visualization": DATA_VISUALIZATION}
_IN_MESSAGES: dict[str, Check] = {
    "markdown": _block({"text": string(12_000)}),
    "table": TABLE,
    "context_actions": _block({"elements": items(typed({"feedback_buttons": _FEEDBACK}), maximum=5)}),
}
BLOCKS: dict[Surface, Check] = {
    Surface.MESSAGE: typed({**_EVERYWHERE, **_DATA, **_IN_MESSAGES}),
    Surface.MODAL: typed(_EVERYWHERE),
    Surface.HOME: typed({**_EVERYWHERE, **_DATA}),
}


def problems_in_blocks(blocks: Any, surface: Surface, pointer: str = "/blocks") -> list[str]:
    """What Slack would say against these blocks on this surface; nothing if it would take them."""
    shape = items(BLOCKS[surface], minimum=0, maximum=BLOCKS_ALLOWED[surface])
    found = list(shape(blocks, pointer))
    return found or list(_rules_across_blocks(blocks, surface, pointer))


def _rules_across_blocks(blocks: list[dict[str, Any]], surface: Surface, pointer: str) -> Iterator[str]:
    yield from _repeated([block.get("block_id") for block in blocks], "block_id", pointer)
    for index, block in enumerate(blocks):
        own = [element.get("action_id") for element in elements_of(block)]
        yield from _repeated(own, "action_id", f"{pointer}/{index}/elements")
    if sum(block["type"] == "data_visualization" for block in blocks) > 2:
        yield refusal("no more than 2 data_visualization blocks allowed", pointer)
    if sum(block["type"] == "table" for block in blocks) > 1:
        yield refusal("only_one_table_allowed", pointer)
    if surface is Surface.MODAL and sum(_takes_focus(block) for block in blocks) > 1:
        yield refusal("focus_on_load can only be set on one element", pointer)


def _repeated(names: list[Any], field: str, pointer: str) -> Iterator[str]:
    given = [name for name in names if name is not None]
    for name in sorted({name for name in given if given.count(name) > 1}):
        yield refusal(f"`{field}` {name!r} already exists", pointer)


def _takes_focus(block: dict[str, Any]) -> bool:
    return any(element.get("focus_on_load") for element in elements_of(block))


def elements_of(block: dict[str, Any]) -> list[dict[str, Any]]:
    """The interactive elements of a block, in the order in which they are shown."""
    if block.get("type") == "actions":
        return list(block.get("elements", []))
    single = block.get("accessory") if block.get("type") == "section" else block.get("element")
    return [single] if isinstance(single, dict) and single.get("type") != "image" else []


def characters_in(blocks: list[dict[str, Any]]) -> int:
    """All text of a message's blocks, in characters: Slack takes about 13,000."""
    return sum(len(found) for block in blocks for found in _texts(block))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, entry in value.items():
            if name in {"text", "caption", "title", "alt_text"} and isinstance(entry, str):
                yield entry
            else:
                yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)


_MODAL = record(
    {"type": among("modal"), "title": plain_text(24), "blocks": anything},
    {
        "submit": plain_text(24),
        "close": plain_text(24),
        "private_metadata": string(3000, minimum=0),
        "callback_id": string(255, minimum=0),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "external_id": string(255, minimum=0),
        "submit_disabled": boolean,
    },
)
_HOME = record(
    {"type": among("home"), "blocks": anything},
    {
        "private_metadata": string(3000, minimum=0),
        "callback_id": string(255, minimum=0),
        "external_id": string(255, minimum=0),
    },
)
_VIEWS: dict[Surface, Check] = {Surface.MODAL: _MODAL, Surface.HOME: _HOME}


def problems_in_view(view: Any, surface: Surface) -> list[str]:
    """What Slack would say against this modal or App Home; nothing if it would take it."""
    found = list(_VIEWS[surface](view, "/view"))
    if found:
        return found
    blocks = problems_in_blocks(view["blocks"], surface, "/view/blocks")
    if blocks:
        return blocks
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if surface is Surface.MODAL and has_input and "submit" not in view:
        return [refusal("missing required field: submit", "/view")]
    return []


def name_what_is_anonymous(blocks: list[dict[str, Any]], new_id: Callable[[], str]) -> list[dict[str, Any]]:
    """The blocks with an id each, as Slack hands them back: fresh ones where the app gave none."""
    named = [{**block, "block_id": block.get("block_id") or new_id()} for block in blocks]
    for block in named:
        if block["type"] == "actions":
            block["elements"] = [_with_action_id(element, new_id) for element in block["elements"]]
        for place in ("accessory", "element"):
            if isinstance(block.get(place), dict) and block[place]["type"] != "image":
                block[place] = _with_action_id(block[place], new_id)
    return named


def _with_action_id(element: dict[str, Any], new_id: Callable[[], str]) -> dict[str, Any]:
    return {**element, "action_id": element.get("action_id") or new_id()}

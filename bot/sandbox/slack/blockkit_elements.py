"""The composition objects and interactive elements of Block Kit, with the limits of https://docs.slack.dev/reference/block-kit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.blockkit_schema import (
    Check,
    among,
    anything,
    boolean,
    both,
    integer,
    items,
    record,
    refusal,
    string,
    typed,
)

IDENTIFIER = string(255)
URL = string(3000)


def plain_text(maximum: int) -> Check:
    """A `plain_text` object."""
    return record({"type": among("plain_text"), "text": string(maximum)}, {"emoji": boolean})


def text(maximum: int) -> Check:
    """A `plain_text` or `mrkdwn` object."""
    mrkdwn = record({"type": anything, "text": string(maximum)}, {"verbatim": boolean})
    return typed({"plain_text": plain_text(maximum), "mrkdwn": mrkdwn})


CONFIRM = record(
    {"title": plain_text(100), "text": text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": among("primary", "danger")},
)


def option(label: Check, **more: Check) -> Check:
    """One entry of a menu or of a list of boxes."""
    return record({"text": label, "value": string(150)}, {"description": plain_text(75), **more})


MENU_OPTION = option(plain_text(75))
BOX_OPTION = record({"text": text(75), "value": string(150)}, {"description": text(75)})
OVERFLOW_OPTION = option(plain_text(75), url=URL)
OPTION_GROUP = record({"label": plain_text(75), "options": items(MENU_OPTION, maximum=100)})
FILTER = record(
    {},
    {
        "include": items(among("im", "mpim", "private", "public"), maximum=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
ACTION_CONFIG = record(
    {},
    {
        "trigger_actions_on": items(among("on_enter_pressed", "on_character_entered"), maximum=2),
    },
)


def _element(required: dict[str, Check] | None = None, /, **optional: Check) -> Check:
    return record(
        {"type": anything, **(required or {})},
        {"action_id": IDENTIFIER, **optional},
    )


def _choices(single: bool) -> dict[str, Check]:
    initial = {"initial_option": MENU_OPTION} if single else {"initial_options": items(MENU_OPTION, maximum=100)}
    return initial if single else {**initial, "max_selected_items": integer(1)}


def _static(single: bool) -> Check:
    optional: dict[str, Check] = {
        "options": items(MENU_OPTION, maximum=100),
        "option_groups": items(OPTION_GROUP, maximum=100),
        "placeholder": plain_text(150),
        "confirm": CONFIRM,
        "focus_on_load": boolean,
        **_choices(single),
    }
    shape = record(
        {"type": anything}, {"action_id": IDENTIFIER, **optional}, exactly_one_of=("options", "option_groups")
    )
    return both(shape, _initial_is_offered)


def _initial_is_offered(value: dict[str, Any], pointer: str) -> Iterator[str]:
    groups = value.get("option_groups", [{"options": value.get("options", [])}])
    offered = [entry for group in groups for entry in group["options"]]
    single = [value["initial_option"]] if "initial_option" in value else []
    for chosen in [*single, *value.get("initial_options", [])]:
        if chosen not in offered:
            yield refusal("initial_option must be one of the options", pointer)


def _picker(single: bool, **initial: Check) -> Check:
    more: dict[str, Check] = {} if single else {"max_selected_items": integer(1)}
    return _element(placeholder=plain_text(150), confirm=CONFIRM, focus_on_load=boolean, **initial, **more)


def _ids(maximum: int = 100) -> Check:
    return items(string(255), maximum=maximum)


def _boxes(**initial: Check) -> Check:
    shape = _element({"options": items(BOX_OPTION, maximum=10)}, confirm=CONFIRM, focus_on_load=boolean, **initial)
    return both(shape, _initial_is_offered)


def _moment(name: str, check: Check) -> Check:
    return _element(
        **{name: check}, placeholder=plain_text(150), confirm=CONFIRM, focus_on_load=boolean, timezone=string()
    )


def _typed_text(**more: Check) -> Check:
    return _element(
        initial_value=string(3000, minimum=0),
        placeholder=plain_text(150),
        dispatch_action_config=ACTION_CONFIG,
        focus_on_load=boolean,
        **more,
    )


_LENGTHS: dict[str, Check] = {"min_length": integer(0, 3000), "max_length": integer(1, 3000)}
_NUMBER = _element(
    {"is_decimal_allowed": boolean},
    initial_value=string(minimum=0),
    min_value=string(),
    max_value=string(),
    placeholder=plain_text(150),
    dispatch_action_config=ACTION_CONFIG,
    focus_on_load=boolean,
)
_RESPONSE_URL: dict[str, Check] = {"response_url_enabled": boolean}
_EXTERNAL: dict[str, Check] = {"min_query_length": integer(0)}

BUTTON = _element(
    {"text": plain_text(75)},
    url=URL,
    value=string(2000),
    style=among("primary", "danger"),
    confirm=CONFIRM,
    accessibility_label=string(75),
)
IMAGE_ELEMENT = record({"type": anything, "alt_text": string(2000), "image_url": URL})

ELEMENTS: dict[str, Check] = {
    "button": BUTTON,
    "overflow": _element({"options": items(OVERFLOW_OPTION, maximum=5)}, confirm=CONFIRM),
    "static_select": _static(single=True),
    "multi_static_select": _static(single=False),
    "external_select": _picker(True, initial_option=MENU_OPTION, **_EXTERNAL),
    "multi_external_select": _picker(False, initial_options=items(MENU_OPTION, maximum=100), **_EXTERNAL),
    "users_select": _picker(True, initial_user=string(255)),
    "multi_users_select": _picker(False, initial_users=_ids()),
    "channels_select": _picker(True, initial_channel=string(255), **_RESPONSE_URL),
    "multi_channels_select": _picker(False, initial_channels=_ids()),
    "conversations_select": _picker(
        True, initial_conversation=string(255), default_to_current_conversation=boolean, filter=FILTER, **_RESPONSE_URL
    ),
    "multi_conversations_select": _picker(
        False, initial_conversations=_ids(), default_to_current_conversation=boolean, filter=FILTER
    ),
    "datepicker": _moment("initial_date", string(10, minimum=10)),
    "timepicker": _moment("initial_time", string(5, minimum=5)),
    "datetimepicker": _element(initial_date_time=integer(0), confirm=CONFIRM, focus_on_load=boolean),
    "checkboxes": _boxes(initial_options=items(BOX_OPTION, maximum=10)),
    "radio_buttons": _boxes(initial_option=BOX_OPTION),
    "plain_text_input": _typed_text(multiline=boolean, **_LENGTHS),
    "email_text_input": _typed_text(),
    "url_text_input": _typed_text(),
    "number_input": _NUMBER,
    "image": IMAGE_ELEMENT,
}
"""Every element known here, by its type."""

_TEXT_INPUTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
_CHOICES = {
    "static_select",
    "external_select",
    "users_select",
    "channels_select",
    "conversations_select",
    "datepicker",
    "timepicker",
    "checkboxes",
    "radio_buttons",
}
_MULTIPLE = {name for name in ELEMENTS if name.startswith("multi_")}
INPUTS = _TEXT_INPUTS | _CHOICES | _MULTIPLE | {"datetimepicker"}
"""What may stand in an input block, and what a form has a value for."""
IN_ACTIONS = _CHOICES | _MULTIPLE | {"button", "overflow", "datetimepicker"}
IN_ACCESSORY = (IN_ACTIONS | {"image"}) - {"datetimepicker"}
IN_CONTEXT = {"image"}


def among_elements(kinds: set[str]) -> Check:
    """One of these elements, by its type."""
    return typed({kind: ELEMENTS[kind] for kind in kinds})

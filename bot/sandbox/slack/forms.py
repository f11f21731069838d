"""What a person has typed and chosen: the values behind form elements, in the shapes of `state.values`."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.blockkit import elements_of
from bot.sandbox.slack.blockkit_elements import INPUTS
from bot.sandbox.slack.directory import Json
from bot.sandbox.slack.messages import Values

VALUE_FIELD = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
}
"""For each element with a value: the field that holds it, and the field it starts from."""


def state_with(element: Json, value: Any) -> Json:
    """The element's entry in `state.values`, holding this value."""
    return {"type": element["type"], VALUE_FIELD[element["type"]][0]: value}


def value_in(state: Json) -> Any:
    """What an entry of `state.values` holds; None, an empty string or list where nothing was given."""
    return state.get(VALUE_FIELD[state["type"]][0])


def initial_state(element: Json) -> Json:
    """The entry of an element that nobody has touched."""
    field, initial = VALUE_FIELD[element["type"]]
    nothing: Any = [] if field.endswith("s") else None
    return state_with(element, element.get(initial) or nothing)


def values_for(blocks: list[Json], kept: Values | None = None) -> Values:
    """The state of all form elements. An entry survives where block_id, action_id and type are as they were."""
    values: Values = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in INPUTS:
                before = (kept or {}).get(block["block_id"], {}).get(element["action_id"])
                survives = before is not None and before["type"] == element["type"]
                state = before if survives and before is not None else initial_state(element)
                values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def missing_or_wrong(blocks: list[Json], values: Values) -> dict[str, str]:
    """What the client itself says before it submits, by block_id: required fields and lengths."""
    found: dict[str, str] = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            complaint = _complaint(block, element, value_in(values[block["block_id"]][element["action_id"]]))
            if complaint:
                found[block["block_id"]] = complaint
    return found


def _complaint(block: Json, element: Json, value: Any) -> str | None:
    if not value:
        return None if block.get("optional") else "Please complete this required field."
    if not isinstance(value, str) or "text" not in element["type"]:
        return None
    if len(value) > element.get("max_length", 3000):
        return f"This entry is too long. Use at most {element.get('max_length', 3000)} characters."
    if len(value) < element.get("min_length", 0):
        return f"This entry is too short. Use at least {element['min_length']} characters."
    return None

"""Block Kit judged by an implementation that is neither ours nor the stand-in's: slackblocks.

slackblocks checks in its constructors: lengths, numbers, types, unknown fields, and what may stand on which surface.
Its own parser takes neither actions nor inputs nor charts, so its objects are built here from what was sent, each by
its type. `slack_sdk.models` was the other candidate: it drops fields and block types that it does not know without a
word, lets an option's text grow beyond 75 characters, and knows neither data tables nor charts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import slackblocks as sb
from slackblocks import elements, objects

Json = Mapping[str, Any]

BY_TYPE: dict[str, Callable[..., Any]] = {
    "plain_text": objects.PlainText,
    "mrkdwn": objects.Markdown,
    "raw_text": objects.RawText,
    "section": sb.SectionBlock,
    "context": sb.ContextBlock,
    "actions": sb.ActionsBlock,
    "divider": sb.DividerBlock,
    "header": sb.HeaderBlock,
    "input": sb.InputBlock,
    "data_table": sb.DataTableBlock,
    "data_visualization": sb.DataVisualizationBlock,
    "bar": objects.BarChart,
    "button": elements.Button,
    "checkboxes": elements.CheckboxGroup,
    "conversations_select": elements.ConversationSelectMenu,
    "datepicker": elements.DatePicker,
    "external_select": elements.ExternalSelectMenu,
    "multi_external_select": elements.ExternalMultiSelectMenu,
    "multi_static_select": elements.StaticMultiSelectMenu,
    "plain_text_input": elements.PlainTextInput,
    "static_select": elements.StaticSelectMenu,
    "users_select": elements.UserSelectMenu,
    "modal": sb.ModalView,
    "home": sb.HomeTabView,
}
"""What the bot sends. Another type is a KeyError: it is to be entered here."""

BY_FIELD: dict[str, Callable[..., Any]] = {
    "options": objects.Option,
    "initial_option": objects.Option,
    "initial_options": objects.Option,
    "confirm": objects.ConfirmationDialogue,
    "filter": objects.ConversationFilter,
    "series": objects.DataSeries,
    "data": objects.DataPoint,
    "axis_config": objects.AxisConfig,
}
"""Objects without a type, by the field that holds them."""


def objections_to_message(text: str, blocks: Iterable[Json]) -> list[str]:
    """What slackblocks finds wrong with a message."""
    return _objections({"text": text}, lambda: sb.Message(channel="C1", text=text, blocks=_built(list(blocks))))


def objections_to_view(view: Json) -> list[str]:
    """What slackblocks finds wrong with a modal or a home."""
    return _objections(view, lambda: _built(view))


def _objections(given: Json, build: Callable[[], Any]) -> list[str]:
    try:
        made = build().to_dict()
    except (sb.InvalidUsageError, TypeError, ValueError, AssertionError) as error:
        return [f"{type(error).__name__}: {error}"]
    return [f"it would render {name} otherwise" for name in given if not _holds(made.get(name), given[name])]


def _built(value: Any, field: str = "") -> Any:
    if isinstance(value, list):
        return [_built(one, field) for one in value]
    if not isinstance(value, dict):
        return value
    given = {name: _built(one, name) for name, one in value.items() if name != "type"}
    return (BY_TYPE[value["type"]] if "type" in value else BY_FIELD[field])(**given)


def _holds(made: Any, given: Any) -> bool:
    """Whether all that was given stands in what was made, which may have defaults beside it."""
    if isinstance(given, dict):
        return isinstance(made, dict) and all(_holds(made.get(name), value) for name, value in given.items())
    if isinstance(given, list):
        return isinstance(made, list) and len(made) == len(given) and all(map(_holds, made, given))
    return made == given or (made is None and given in (False, ""))

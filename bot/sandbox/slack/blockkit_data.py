"""Rich text, tables and charts: the blocks that carry data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.blockkit_elements import IDENTIFIER
from bot.sandbox.slack.blockkit_schema import (
    Check,
    anything,
    boolean,
    both,
    integer,
    items,
    number,
    record,
    refusal,
    string,
    typed,
)

_FLAGS: dict[str, Check] = dict.fromkeys(
    ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), boolean
)
_STYLE = record({}, _FLAGS)


def _inline(field: str, check: Check, **more: Check) -> Check:
    return record({"type": anything, field: check}, {"style": _STYLE, **more})


_INLINE = typed(
    {
        "text": _inline("text", string()),
        "link": _inline("url", string(3000), text=string(), unsafe=boolean),
        "emoji": _inline("name", string(), unicode=string(), skin_tone=integer(1, 6)),
        "user": _inline("user_id", string()),
        "channel": _inline("channel_id", string()),
        "usergroup": _inline("usergroup_id", string()),
        "broadcast": _inline("range", string()),
        "date": _inline("timestamp", integer(0), format=string(), url=string(), fallback=string()),
        "color": _inline("value", string()),
        "team": _inline("team_id", string()),
    }
)


def _run(**optional: Check) -> Check:
    return record({"type": anything, "elements": items(_INLINE, maximum=1000)}, optional)


_SECTION = _run()
_LIST = record(
    {"type": anything, "style": string(), "elements": items(typed({"rich_text_section": _SECTION}), maximum=1000)},
    {"indent": integer(0, 8), "offset": integer(0), "border": integer(0, 1)},
)
RICH_TEXT = record(
    {
        "type": anything,
        "elements": items(
            typed(
                {
                    "rich_text_section": _SECTION,
                    "rich_text_list": _LIST,
                    "rich_text_quote": _run(border=integer(0, 1)),
                    "rich_text_preformatted": _run(border=integer(0, 1), language=string()),
                }
            ),
            maximum=1000,
        ),
    },
    {"block_id": IDENTIFIER},
)

_CELL = typed(
    {
        "raw_text": record({"type": anything, "text": string()}),
        "raw_number": record({"type": anything, "value": number()}, {"text": string()}),
        "rich_text": RICH_TEXT,
    }
)

TABLE_CHARACTERS = 10_000


def _characters(value: Any) -> int:
    """All that can be read in a cell."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else len(str(value.get("value", "")))
        return own + _characters(value.get("elements", []))
    return sum(map(_characters, value)) if isinstance(value, list) else 0


def _even_rows(value: dict[str, Any], pointer: str) -> Iterator[str]:
    rows = value["rows"]
    if len({len(row) for row in rows}) > 1:
        yield refusal("every row must have the same number of columns", f"{pointer}/rows")
    if sum(_characters(row) for row in rows) > TABLE_CHARACTERS:
        yield refusal(f"must be less than {TABLE_CHARACTERS + 1} characters in all", f"{pointer}/rows")


def _plain_header(value: dict[str, Any], pointer: str) -> Iterator[str]:
    yield from _even_rows(value, pointer)
    if any(cell["type"] == "rich_text" for cell in value["rows"][0]):
        yield refusal("header cells cannot be rich_text", f"{pointer}/rows/0")


_ROW = items(_CELL, maximum=20)
TABLE = both(
    record(
        {"type": anything, "rows": items(_ROW, maximum=100)},
        {"block_id": IDENTIFIER, "column_settings": items(anything, maximum=20)},
    ),
    _even_rows,
)
DATA_TABLE = both(
    record(
        {"type": anything, "caption": string(), "rows": items(_ROW, minimum=2, maximum=101)},
        {"block_id": IDENTIFIER, "page_size": integer(1, 100), "row_header_column_index": integer(0, 19)},
    ),
    _plain_header,
)

_LABEL = string(20)
_POINT = record({"label": _LABEL, "value": number()})
_SERIES = record({"name": _LABEL, "data": items(_POINT, maximum=20)})
_AXES = record({"categories": items(_LABEL, maximum=20)}, {"x_label": string(50), "y_label": string(50)})


def _points_meet_categories(value: dict[str, Any], pointer: str) -> Iterator[str]:
    names = [series["name"] for series in value["series"]]
    if len(set(names)) < len(names):
        yield refusal("series must have unique names", f"{pointer}/series")
    for index, series in enumerate(value["series"]):
        if [point["label"] for point in series["data"]] != value["axis_config"]["categories"]:
            yield refusal("one point is required for every category", f"{pointer}/series/{index}/data")


_AXIS_CHART = both(
    record({"type": anything, "series": items(_SERIES, maximum=6), "axis_config": _AXES}), _points_meet_categories
)
_SEGMENT = record({"label": _LABEL, "value": number(5e-324)})
_PIE = record({"type": anything, "segments": items(_SEGMENT, maximum=12)})
DATA_VISUALIZATION = record(
    {
        "type": anything,
        "title": string(50),
        "chart": typed({"pie": _PIE, "bar": _AXIS_CHART, "line": _AXIS_CHART, "area": _AXIS_CHART}),
    },
    {"block_id": IDENTIFIER},
)

"""Slack's rules for blocks, one by one: a sound message passes, and each broken rule is refused where it is broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.sandbox.slack.blockkit import Surface, problems_in_blocks, problems_in_view
from tests.unit.sandbox.slack.echo import FORM, button, modal, option, plain, section, text_field

Json = dict[str, Any]


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "pick", "options": [option("One")], **more}


def boxes(count: int) -> Json:
    return {"type": "checkboxes", "action_id": "boxes", "options": [option(str(n)) for n in range(count)]}


def table(rows: int = 2, columns: int = 1, **more: Any) -> Json:
    cells = [[{"type": "raw_text", "text": "x"}] * columns for _ in range(rows)]
    return {"type": "data_table", "caption": "Devices", "rows": cells, **more}


def chart(series: int = 1, points: int = 1) -> Json:
    categories = [str(n) for n in range(points)]
    data = [{"label": label, "value": 1} for label in categories]
    return {
        "type": "data_visualization",
        "title": "Calls",
        "chart": {
            "type": "bar",
            "axis_config": {"categories": categories},
            "series": [{"name": f"s{n}", "data": data} for n in range(series)],
        },
    }


SOUND: list[Json] = [
    section("text"),
    {"type": "section", "fields": [plain("a")]},
    {"type": "header", "text": plain("Title")},
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
    actions(button("Go", "go", style="danger"), select()),
    text_field("Why", "why"),
    table(),
    chart(),
    {"type": "markdown", "text": "**bold**"},
    {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]},
    section("beside", accessory={"type": "external_select", "action_id": "x", "min_query_length": 0}),
    actions({"type": "overflow", "action_id": "o", "options": [option("One")]}),
    actions({"type": "datepicker", "action_id": "d", "initial_date": "2026-11-23"}),
]


@pytest.mark.parametrize("block", SOUND, ids=lambda block: str(block["type"]))
def test_a_sound_block_passes(block: Json) -> None:
    assert problems_in_blocks([block], Surface.MESSAGE) == []


BROKEN: list[tuple[str, Json]] = [
    ("unsupported type", {"type": "marquee"}),
    ("at least one of", {"type": "section"}),
    ("less than 3001", section("x" * 3001)),
    ("more than 0", section("")),
    ("unsupported type", {"type": "section", "text": {"type": "html", "text": "x"}}),
    ("no more than 10 items", {"type": "section", "fields": [plain("x")] * 11}),
    ("less than 2001", {"type": "section", "fields": [plain("x" * 2001)]}),
    ("less than 151", {"type": "header", "text": plain("x" * 151)}),
    ("must be one of: plain_text", {"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
    ("no more than 10 items", {"type": "context", "elements": [plain("x")] * 11}),
    ("no more than 25 items", actions(*(button("x", str(n)) for n in range(26)))),
    ("no fewer than 1", actions()),
    ("less than 76", actions(button("x" * 76, "go"))),
    ("less than 2001", actions(button("x", "go", value="x" * 2001))),
    ("less than 256", actions(button("x", "x" * 256))),
    ("must be one of: primary, danger", actions(button("x", "go", style="loud"))),
    ("invalid additional property: colour", actions(button("x", "go", colour="red"))),
    (
        "missing required field: deny",
        actions(
            button(
                "x",
                "go",
                confirm={
                    "title": plain("a"),
                    "text": plain("b"),
                    "confirm": plain("c"),
                },
            )
        ),
    ),
    ("already exists", actions(button("a", "same"), button("b", "same"))),
    ("less than 256", section("x", block_id="x" * 256)),
    ("no more than 100 items", actions(select(options=[option(str(n)) for n in range(101)]))),
    ("exactly one of", actions(select(option_groups=[]))),
    ("initial_option must be one", actions(select(initial_option=option("Other")))),
    ("less than 76", actions(select(options=[option("x" * 76)]))),
    ("no more than 10 items", actions(boxes(11))),
    ("no more than 5 items", actions({"type": "overflow", "options": [option(str(n)) for n in range(6)]})),
    ("unsupported type: plain_text_input", actions({"type": "plain_text_input", "action_id": "x"})),
    ("unsupported type: button", {"type": "input", "label": plain("x"), "element": button("x", "x")}),
    ("missing required field: label", {"type": "input", "element": {"type": "plain_text_input"}}),
    ("missing required field: caption", {"type": "data_table", "rows": table()["rows"]}),
    ("no more than 101 items", table(rows=102)),
    ("no more than 20 items", table(columns=21)),
    ("no fewer than 2 items", table(rows=1)),
    (
        "less than 10001",
        table(rows=2, columns=1)
        | {
            "rows": [
                [{"type": "raw_text", "text": "x"}],
                [{"type": "raw_text", "text": "x" * 10_000}],
            ]
        },
    ),
    ("no more than 6 items", chart(series=7)),
    ("no more than 20 items", chart(points=21)),
    ("missing required field: alt_text", {"type": "image", "image_url": "https://x.example/a.png"}),
]


@pytest.mark.parametrize(("sentence", "block"), BROKEN, ids=[sentence for sentence, _ in BROKEN])
def test_a_broken_rule_is_refused(sentence: str, block: Json) -> None:
    assert any(sentence in problem for problem in problems_in_blocks([block], Surface.MESSAGE))


def test_a_refusal_points_at_what_is_wrong() -> None:
    found = problems_in_blocks([section("fine"), {"type": "header", "text": plain("x" * 151)}], Surface.MESSAGE)

    assert found == ["must be less than 151 characters [json-pointer:/blocks/1/text/text]"]


@pytest.mark.parametrize(("surface", "allowed"), [(Surface.MESSAGE, 50), (Surface.MODAL, 100), (Surface.HOME, 100)])
def test_each_surface_has_its_number_of_blocks(surface: Surface, allowed: int) -> None:
    assert problems_in_blocks([section("x")] * allowed, surface) == []
    assert problems_in_blocks([section("x")] * (allowed + 1), surface) != []


def test_block_ids_are_unique_in_a_message() -> None:
    twice = [section("a", block_id="same"), section("b", block_id="same")]

    assert any("'same' already exists" in problem for problem in problems_in_blocks(twice, Surface.MESSAGE))


def test_tables_and_charts_stand_in_messages_and_homes_only() -> None:
    for block in (table(), chart()):
        assert problems_in_blocks([block], Surface.HOME) == []
        assert problems_in_blocks([block], Surface.MODAL) != []


def test_a_third_chart_is_refused() -> None:
    assert problems_in_blocks([chart(), chart()], Surface.MESSAGE) == []
    assert problems_in_blocks([chart(), chart(), chart()], Surface.MESSAGE) != []


@pytest.mark.parametrize(
    "broken",
    [
        lambda: modal("x" * 25),
        lambda: modal("x", private_metadata="x" * 3001),
        lambda: modal("x", callback_id="x" * 256),
        lambda: {name: value for name, value in FORM.items() if name != "submit"},
        lambda: {name: value for name, value in FORM.items() if name != "title"},
        lambda: modal("x") | {"submit": plain("x" * 25)},
        lambda: modal("x", colour="red"),
        lambda: modal("x", text_field("a", "a", focus_on_load=True), text_field("b", "b", focus_on_load=True)),
    ],
)
def test_a_broken_modal_is_refused(broken: Callable[[], Json]) -> None:
    assert problems_in_view(FORM, Surface.MODAL) == []
    assert problems_in_view(broken(), Surface.MODAL) != []


def test_a_home_has_neither_title_nor_submit() -> None:
    assert problems_in_view({"type": "home", "blocks": [section("x")]}, Surface.HOME) == []
    assert problems_in_view({"type": "home", "blocks": [], "submit": plain("x")}, Surface.HOME) != []

"""What a person reads, out of blocks."""

from __future__ import annotations

import pytest

from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.reading import buttons_of, menus_of, pings_of, plain, text_of
from tests.unit.sandbox.slack.echo import button, option, section, text_field
from tests.unit.sandbox.slack.echo import plain as plain_text


def message(*blocks: dict[str, object], text: str = "") -> Message:
    return Message(channel="C1", ts="1.000001", author="U1", text=text, blocks=list(blocks))


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("*bold* and _slanted_", "bold and slanted"),
        ("`db_abc_def` stays", "db_abc_def stays"),
        ("snake_case_name stays", "snake_case_name stays"),
        ("<https://x.example|the guide>", "the guide"),
        ("<!date^1763900000^{date}|12:00 UTC>", "12:00 UTC"),
        ("<@U1> in <#C1|prod>", "@ada in #prod"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
    ],
)
def test_markup_reads_as_on_screen(source: str, read: str) -> None:
    assert plain(source, {"U1": "@ada"}) == read


def test_blocks_read_from_top_to_bottom_without_their_controls() -> None:
    shown = message(
        {"type": "header", "text": plain_text("Delete Orders")},
        section("*Why*: old", accessory=button("Details", "details")),
        {
            "type": "actions",
            "elements": [
                button("Approve", "a"),
                button("Deny", "d"),
                {
                    "type": "static_select",
                    "placeholder": plain_text("Pick one"),
                    "options": [option("x")],
                },
            ],
        },
        text_field("Reason", "reason"),
        text="never shown",
    )

    assert text_of(shown) == "Delete Orders\nWhy: old\nReason"
    assert buttons_of(shown) == ["Details", "Approve", "Deny"]
    assert menus_of(shown) == ["Pick one", "Reason"]


def test_a_label_that_pings_a_channel_is_noticed() -> None:
    assert pings_of(message(section("Delete <!channel> now"))) == ["channel"]
    assert pings_of(message(section("Delete &lt;!channel&gt; now"), text="<!here|here>")) == ["here"]

"""What becomes of typed text: mentions as people write them turn into ids, and nothing else does."""

from __future__ import annotations

import pytest

from bot.sandbox.slack.composer import compose
from bot.sandbox.slack.seed import believable_workspace


@pytest.mark.parametrize(
    ("typed", "delivered"),
    [
        ("grant @cleo viewer", "grant <@U0CLEO00000|cleo> viewer"),
        ("grant @Cleo viewer", "grant <@U0CLEO00000|cleo> viewer"),
        ("ask @ADA LOVELACE.", "ask <@U0ADA000000|ada>."),
        ("mail ada@ada.example, @ada.example, @adam", "mail ada@ada.example, @ada.example, @adam"),
        ("a < b & c", "a &lt; b &amp; c"),
    ],
)
def test_a_mention_is_a_handle_or_a_name_as_it_stands_on_the_screen(typed: str, delivered: str) -> None:
    assert compose(believable_workspace(is_fixed=True), typed) == delivered


def test_channels_and_ready_made_references_are_kept_apart_from_words() -> None:
    workspace = believable_workspace(is_fixed=True)
    prod = workspace.channel("prod").id
    assert compose(workspace, "bind #Prod viewer") == f"bind <#{prod}|prod> viewer"
    assert compose(workspace, "<@U0CLEO00000|cleo> #prod-eu") == "<@U0CLEO00000|cleo> #prod-eu"

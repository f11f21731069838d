"""Phone punctuation and words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.commands.normalise import comparable, normalise, quoted, split
from bot.domain.errors import InvalidInput

TYPED = st.text(alphabet=st.sampled_from("ab-–—− \"“”'’<>@#|&;ampltquo\u00a0\u200b=\n"), max_size=60) | st.text()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("databases list —share", "databases list --share"),
        ("devices list x –page 2", "devices list x --page 2"),
        ("devices list x ––page 2", "devices list x --page 2"),
        ("devices list x -–page 2", "devices list x --page 2"),
        ("devices list x −page 2", "devices list x --page 2"),
        ("devices list x -page 2", "devices list x --page 2"),
        ("databases show orders–eu", "databases show orders–eu"),
        ("databases delete x —reason “it’s slow”", 'databases delete x --reason "it\'s slow"'),
        ("„Primary DB“", '"Primary DB"'),
        ("«Primary DB»", '"Primary DB"'),
        ("databases\u00a0show\u202fx", "databases show x"),
        ("data\u200bbases show \u200ex", "databases show x"),
        ("a &amp; b", "a & b"),
        ("a &amp;amp; b", "a & b"),
        ("&lt;@U1|ada&gt;", "<@U1|ada>"),
        ("&quot;Primary DB&quot;", '"Primary DB"'),
        ("  databases list  ", "databases list"),
    ],
)
def test_what_phones_and_slack_do_is_undone(typed: str, read: str) -> None:
    assert normalise(typed) == read


def test_a_dash_between_quotes_is_left_alone() -> None:
    assert normalise("x --reason “slow —really, –all of it”") == 'x --reason "slow —really, –all of it"'


@given(TYPED)
@example("&a\u200bmp;")
@example("&amp;amp;lt;")
@example("-\u2013--a")
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("databases  show\tx\n", ["databases", "show", "x"]),
        ('show "Primary DB"', ["show", "Primary DB"]),
        ("show 'Primary DB'", ["show", "Primary DB"]),
        ('--reason="too slow"', ["--reason=too slow"]),
        ("--reason='it's slow' x", ["--reason=it's slow", "x"]),
        ("it's the users' table", ["it's", "the", "users'", "table"]),
        ("rock 'n roll", ["rock", "'n", "roll"]),
        ('""', [""]),
        ("grant <@U1|Ada Lovelace> admin", ["grant", "<@U1|Ada Lovelace>", "admin"]),
        ("<!subteam^S1|@on call>", ["<!subteam^S1|@on call>"]),
        ("<#C1|>", ["<#C1|>"]),
        ("a < b > c", ["a", "<", "b", ">", "c"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split(text) == words


def test_a_quote_that_is_never_closed_is_told_with_what_follows_it() -> None:
    with pytest.raises(InvalidInput, match="never closed") as raised:
        split('show "Primary DB')
    assert '"Primary DB' in raised.value.problem
    assert raised.value.advice


@given(TYPED)
def test_splitting_ends_in_words_or_in_a_told_quote(text: str) -> None:
    try:
        words = split(text)
    except InvalidInput:
        assert '"' in text
    else:
        assert sum(map(len, words)) <= len(text)


@given(st.text(alphabet=st.characters(exclude_characters="'\""), max_size=30))
def test_a_quoted_word_is_read_back_as_one(word: str) -> None:
    assert split(quoted(word)) == [word]


@pytest.mark.parametrize("typed", ["orders–eu", " orders-eu ", "“orders-eu”", "'orders‑eu'", "orders-eu\u200b"])
def test_a_label_typed_to_confirm_is_forgiven_its_punctuation(typed: str) -> None:
    assert comparable(typed) == comparable("orders-eu")


@pytest.mark.parametrize("typed", ["Orders-eu", "orders-us", "orders eu", ""])
def test_a_label_typed_to_confirm_is_not_forgiven_its_letters(typed: str) -> None:
    assert comparable(typed) != comparable("orders-eu")

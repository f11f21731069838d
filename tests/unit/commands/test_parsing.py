"""From typed text to a command and its arguments."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.command import Subject
from bot.commands.parsing import Parsed, parse, retyped
from bot.commands.registry import Registry
from bot.domain.access import Role, SubjectKind
from bot.domain.errors import InvalidInput
from tests.unit.commands import catalog

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
REGISTRY = catalog.registry()
WORDS = st.sampled_from(
    [
        *("databases", "db", "show", "list", "delete", "tables", "enable", "devices", "audit", "roles", "grant"),
        *("help", "--help", "-h", "--page", "--page-size", "--share", "--reason", "--since", "—user", "–page=2"),
        *("<@U1|ada>", "<#C1|prod>", "@ada", "#prod", "operator", "7d", "14:00", "payload", "--", "-", "=", "²"),
        *("--page=0", '"', "'", "“"),
    ]
)


def read(text: str) -> Parsed:
    return parse(text, REGISTRY, now=NOW, timezone="Europe/Berlin")


def tried(text: str) -> Parsed | InvalidInput:
    try:
        return read(text)
    except InvalidInput as error:
        return error


def refusal(text: str) -> InvalidInput:
    outcome = tried(text)
    assert isinstance(outcome, InvalidInput)
    return outcome


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("databases list", "databases list"),
        ("DATABASES List", "databases list"),
        ("db show x", "databases show"),
        ("database show x", "databases show"),
        ("notifications token show x", "notifications token show"),
        ("audit", "audit list"),
        ("audit --since 7d", "audit list"),
        ("audit —all", "audit list"),
        ("audit list", "audit list"),
        ("", "help"),
        ("   ", "help"),
    ],
)
def test_a_command_is_found_by_its_words(text: str, command: str) -> None:
    assert read(text).command.name == command


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("databases", "databases"),
        ("db", "db"),
        ("notifications token", "notifications token"),
        ("databases help", "databases"),
        ("databases --help", "databases"),
        ("databases delete --help", "databases delete"),
        ("databases delete orders-eu -h", "databases delete"),
        ("databases delete help", "databases delete"),
        ("help databases delete", "databases delete"),
        ("audit help", "audit"),
        ("shwo help", "shwo"),
    ],
)
def test_help_is_found_wherever_it_is_asked_for(text: str, topic: str) -> None:
    parsed = read(text)
    assert parsed.command.name == "help"
    assert parsed.arguments.text("topic") == topic


def test_help_as_the_value_of_an_option_is_a_value() -> None:
    parsed = read('databases delete orders-eu --reason "please help"')
    assert parsed.command.name == "databases delete"
    assert parsed.arguments.text("reason") == "please help"


@pytest.mark.parametrize("text", ["db show Primary DB", 'db show "Primary DB"', "db show “Primary DB”"])
def test_a_label_with_a_space_needs_no_quotes_where_it_is_the_only_word(text: str) -> None:
    assert read(text).arguments.text("database") == "Primary DB"


def test_options_stand_anywhere_in_either_form() -> None:
    for text in ("devices list --page 3 x --page-size=20", "devices list x —page=3 –page-size 20 --share"):
        arguments = read(text).arguments
        assert (arguments.text("database"), arguments.get("page", int), arguments.get("page_size", int)) == ("x", 3, 20)


def test_only_share_shows_the_answer_to_the_channel() -> None:
    assert read("databases list —share").share
    assert not read("databases list").share


def test_names_are_parted_by_spaces_or_commas_and_counted_once() -> None:
    arguments = read("tables enable orders-eu users,orders <http://audit.log|audit.log> users").arguments
    assert arguments.names("tables") == ("users", "orders", "audit.log")


def test_names_left_out_are_an_empty_list() -> None:
    assert read("tables enable orders-eu").arguments.names("tables") == ()


def test_words_keep_their_order() -> None:
    assert read("databases list orders eu").arguments.text("text") == "orders eu"


def test_people_groups_and_channels_are_read_as_ids() -> None:
    arguments = read("roles grant <@U012AB|Ada Lovelace> Operator --channel <#C9|prod>").arguments
    assert arguments.get("subject", Subject) == Subject(kind=SubjectKind.USER, id="U012AB")
    assert arguments.get("role", Role) is Role.OPERATOR
    assert arguments.text("channel") == "C9"
    arguments = read("roles grant <!subteam^S77|@on call> viewer").arguments
    assert arguments.get("subject", Subject) == Subject(kind=SubjectKind.GROUP, id="S77")


@pytest.mark.parametrize("text", ["@ada", "ada", "<#C1|prod>", "<!here>"])
def test_a_name_that_slack_did_not_turn_into_a_mention_is_to_be_picked_from_the_list(text: str) -> None:
    error = refusal(f"audit --user {text}")
    assert "not a person" in error.problem
    assert error.advice == "Type @ and pick the name from the list that Slack offers."


@pytest.mark.parametrize("text", [" yesterday 14:00", "=yesterday 14:00", ' "yesterday 14:00"'])
def test_a_day_and_a_clock_time_need_no_quotes(text: str) -> None:
    assert read(f"audit --since{text}").arguments.get("since", datetime) == datetime(2026, 11, 22, 13, tzinfo=UTC)


def test_a_choice_is_read_in_any_case() -> None:
    assert read("audit --outcome DENIED").arguments.text("outcome") == "denied"


def test_a_choice_that_is_none_names_the_nearest() -> None:
    error = refusal("audit --outcome deneid")
    assert error.problem == "--outcome does not take deneid."
    assert error.nearest == ("denied",)


def test_a_role_that_is_none_names_the_nearest() -> None:
    assert refusal("roles grant <@U1> opertor").nearest == ("operator",)


@pytest.mark.parametrize("role", ["none", "NONE"])
def test_nobody_is_given_the_role_none(role: str) -> None:
    assert "does not take" in refusal(f"roles grant <@U1> {role}").problem


@pytest.mark.parametrize("number", ["501", "0", "-1", "ten", "²", "1e2", "9" * 40])
def test_a_number_out_of_bounds_is_told_before_any_call(number: str) -> None:
    error = refusal(f"devices list x --page-size={number}")
    assert error.problem.startswith("--page-size takes a number from 1 to 500, not ")
    assert error.example == "devices list orders-eu --page-size 500"


def test_a_bound_of_zero_lets_zero_pass() -> None:
    assert read("devices list x --cursor 0").arguments.get("cursor", int) == 0


@pytest.mark.parametrize("text", ["", '""', '" "', "--share"])
def test_what_is_missing_is_named_with_the_example(text: str) -> None:
    error = refusal(f"databases show {text}")
    assert error.problem == "“databases show” needs <database>: the database."
    assert error.example == 'databases show "Primary DB"'


def test_an_option_without_its_value_is_named() -> None:
    assert refusal("databases delete x --reason").problem.startswith("--reason needs a value after it")


def test_a_flag_with_a_value_is_told() -> None:
    assert refusal("databases list --share=yes").problem.startswith("--share takes no value")


def test_an_option_nobody_has_names_the_nearest() -> None:
    error = refusal("devices list x --pagesize 20")
    assert error.problem == "“devices list” has no option --pagesize."
    assert error.nearest[0] == "--page-size"


def test_a_reason_is_taken_by_whatever_changes_something_and_by_nothing_else() -> None:
    assert read("tables enable x --reason why").arguments.text("reason") == "why"
    assert "no option" in refusal("databases list --reason why").problem


def test_too_many_words_are_told() -> None:
    assert refusal("roles grant <@U1> operator <#C1>").problem == "That is more words than “roles grant” takes."


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("databases shwo x", "databases show"),
        ("databse delete x", "databases delete"),
        ("db delte x", "databases delete"),
        ("tables enabel x", "tables enable"),
        ("rolse grant", "roles grant"),
        ("grant <@U1> operator", "roles grant"),
        ("notifications tokn show x", "notifications token show"),
    ],
)
def test_a_mistyped_word_gets_did_you_mean(text: str, nearest: str) -> None:
    error = refusal(text)
    assert error.nearest[0] == nearest
    assert error.example == REGISTRY.get(*nearest.split()).example


def test_the_word_payload_is_a_word_like_any_other() -> None:
    assert read("databases show payload-store").arguments.text("database") == "payload-store"
    assert refusal("payload").problem == "There is no command “payload”."


@pytest.mark.parametrize("text", ["x" * 3_000, "x " * 1_500, "databases shwo " + "y" * 2_900, "z" * 40_000])
def test_noise_is_answered_with_a_little_of_itself(text: str) -> None:
    error = refusal(text)
    assert len(error.problem) < 120
    assert error.example


def test_a_malformed_quote_is_told_with_the_nearest_command() -> None:
    error = refusal('databases show "Primary DB')
    assert "never closed" in error.problem
    assert error.nearest == ("databases show",)
    assert error.example == 'databases show "Primary DB"'


@given(st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=80))
def test_whatever_is_typed_ends_in_a_command_or_in_a_sentence(text: str) -> None:
    outcome = tried(text)
    if isinstance(outcome, Parsed):
        assert outcome.command in REGISTRY.commands
        assert read(text) == outcome
    else:
        assert 0 < len(outcome.problem) < 200
        assert outcome.example or outcome.nearest


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("db show Primary DB --share", "Primary DB", "db show db_1 --share"),
        ('tables enable "Primary DB" users', "Primary DB", "tables enable db_1 users"),
        ("db delete orders —reason=“too slow”", "orders", 'db delete db_1 --reason="too slow"'),
        ("db show other", "orders", None),
        ('db show "orders', "orders", None),
    ],
)
def test_a_command_is_typed_anew_with_another_name(text: str, old: str, new: str | None) -> None:
    assert retyped(text, old, "db_1") == new


def test_examples_of_every_command_can_be_typed(registry: Registry) -> None:
    mentions = {"@ada": "<@U1|ada>", "#prod": "<#C1|prod>"}
    for command in registry.commands:
        typed = " ".join(mentions.get(word, word) for word in command.example.split(" "))
        assert read(typed).command is REGISTRY.get(*command.path)

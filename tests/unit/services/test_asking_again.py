"""Asking once more for what a request did not reach."""

from __future__ import annotations

import pytest

from bot.commands.catalogue import all_commands
from bot.commands.parsing import parse
from bot.commands.registry import Registry
from bot.domain.replies import CommandButton
from bot.domain.requests import ItemResult, Operation, OperationKind, RequestState, Result
from bot.services import cards
from bot.services.asking_again import command_again
from tests.clock import START
from tests.factories import make_request
from tests.unit.commands.plain import line_text

REGISTRY = Registry(all_commands())


def again(kind: OperationKind, *items: str, reason: str = "moved", result: Result | None = None) -> str:
    operation = Operation(kind=kind, environment="prod", database_id="db_1", items=items)
    return command_again(make_request(operation=operation, reason=reason, result=result or Result()))


ASKED = [
    (OperationKind.UPDATE_DATABASE, (), "databases update db_1"),
    (OperationKind.DELETE_DATABASE, (), "databases delete db_1"),
    (OperationKind.ENABLE_TABLES, ("users", "two words"), 'tables enable db_1 users "two words"'),
    (OperationKind.DISABLE_TABLES, ("it's",), 'tables disable db_1 "it\'s"'),
    (OperationKind.SET_TOKEN, (), "notifications token set db_1"),
    (OperationKind.DELETE_TOKEN, (), "notifications token delete db_1"),
    (OperationKind.REMOVE_DEVICES, ("site_1", "site_2"), "devices remove db_1 site_1 site_2"),
]


@pytest.mark.parametrize(("kind", "items", "command"), ASKED)
def test_the_command_names_the_same_target_and_reason(
    kind: OperationKind, items: tuple[str, ...], command: str
) -> None:
    typed = again(kind, *items)
    assert typed == f'{command} --reason "moved"'
    arguments = parse(typed, REGISTRY, now=START, timezone="UTC").arguments
    assert arguments.text("reason") == "moved"
    assert items in (arguments.names("tables"), arguments.names("site_ids"), ())


def test_a_registration_is_asked_for_with_an_empty_form() -> None:
    operation = Operation(kind=OperationKind.REGISTER_DATABASE, environment="prod")
    assert command_again(make_request(operation=operation, reason="")) == "databases register"


@pytest.mark.parametrize("reason", ["a & b", "postgres://h/d", "  ", "x" * 1_600])
def test_a_reason_that_cannot_be_typed_is_asked_for_again(reason: str) -> None:
    assert again(OperationKind.DELETE_DATABASE, reason=reason) == "databases delete db_1"


def test_quotes_in_a_reason_stay_inside_it() -> None:
    typed = again(OperationKind.DELETE_DATABASE, reason="the “old”\none")
    assert parse(typed, REGISTRY, now=START, timezone="UTC").arguments.text("reason") == "the 'old' one"


@pytest.mark.parametrize("name", ['a"b', "a,b", "<!channel>", "x" * 1_600])
def test_a_name_that_cannot_be_typed_gets_no_button(name: str) -> None:
    assert again(OperationKind.ENABLE_TABLES, name) == ""


def test_only_what_is_left_to_do_is_asked_for() -> None:
    done = ItemResult(item="site_1", state=RequestState.SUCCEEDED)
    left = ItemResult(item="site_2", state=RequestState.REJECTED)
    typed = again(OperationKind.REMOVE_DEVICES, "site_1", "site_2", reason="", result=Result(items=(done, left)))
    assert typed == "devices remove db_1 site_2"


FAILED = [
    RequestState.REJECTED,
    RequestState.NOT_SENT,
    RequestState.NOT_APPLIED,
    RequestState.EXPIRED,
    RequestState.STALE,
]


@pytest.mark.parametrize("state", FAILED)
def test_a_failure_offers_to_ask_again_on_its_card_and_names_the_place_elsewhere(state: RequestState) -> None:
    request = make_request(state=state)
    labels = [one.label for one in cards.card(request).actions if isinstance(one, CommandButton)]
    assert labels[0] == "Ask again"
    assert line_text(cards.notice(request).next_step).endswith("asked in @C0OPS, where Ask again does it.")


@pytest.mark.parametrize(
    ("retryable", "said"), [(True, "may help"), (False, "will not help"), (None, "whether trying again as it is helps")]
)
def test_whether_another_try_helps_is_said_as_far_as_it_is_known(retryable: bool | None, said: str) -> None:
    rejected = make_request(state=RequestState.REJECTED, result=Result(retryable=retryable))
    assert said in line_text(cards.card(rejected).next_step)

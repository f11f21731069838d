"""What somebody is led to once a request ended well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.access import Gate
from bot.domain.audit import JsonValue
from bot.domain.replies import CommandButton
from bot.domain.requests import ItemResult, Operation, OperationKind, Request, RequestState, Result, Target
from bot.services import cards
from tests.factories import make_device_request, make_request
from tests.unit.commands.plain import line_text, reply_text


def registered(label: str = "billing-eu", created: str | None = "db_new", tables: tuple[str, ...] = ()) -> Request:
    given: dict[str, JsonValue] = {"thenEnable": [*tables]} if tables else {}
    return make_request(
        state=RequestState.SUCCEEDED,
        gate=Gate.NONE,
        operation=Operation(kind=OperationKind.REGISTER_DATABASE, environment="prod", arguments=given),
        target=Target(key="", id="", label=label),
        summary=f"register the database “{label}”",
        result=Result(created_id=created),
    )


def commands(request: Request) -> dict[str, str]:
    return {one.label: one.command for one in cards.card(request).actions if isinstance(one, CommandButton)}


@pytest.mark.parametrize(
    ("request_", "command"),
    [
        (registered(), "tables enable db_new"),
        (registered(created=None), "tables enable billing-eu"),
        (registered("billing eu", None), 'tables enable "billing eu"'),
        (registered(created=None, tables=("users",)), "tables enable billing-eu"),
    ],
)
def test_a_registration_leads_to_the_tables_none_of_which_syncs_yet(request_: Request, command: str) -> None:
    told = f"Next: no table syncs yet; choose which do, with {command}."
    assert line_text(cards.card(request_).next_step) == told
    assert commands(request_)["Enable tables"] == command
    assert line_text(cards.notice(request_).next_step) == f"{told} It was asked in @C0OPS."
    by_hand = replace(request_, state=RequestState.RESOLVED, ended_by="U1", end_reason="It happened.")
    assert commands(by_hand)["Enable tables"] == command


def test_where_the_tables_are_enabled_by_themselves_nothing_leads_there() -> None:
    again = registered(tables=("users",))
    assert line_text(cards.card(again).next_step) == "Next: nothing to do."
    assert "Enable tables" not in commands(again)
    left = Result(created_id="db_new", warnings=("Not enabled again: users. Another request is open.",))
    assert commands(replace(again, result=left))["Enable tables"] == "tables enable db_new"


def test_what_was_left_of_a_success_is_asked_for_again_and_nothing_else() -> None:
    ended = (
        ItemResult(item="site_1", state=RequestState.SUCCEEDED),
        ItemResult(item="site_2", state=RequestState.REJECTED, note="conflict"),
        ItemResult(item="site_3", state=RequestState.NOT_SENT),
    )
    partly = make_device_request(
        "site_1",
        "site_2",
        "site_3",
        state=RequestState.SUCCEEDED,
        result=Result(items=ended, warnings=("Not removed",)),
    )
    assert commands(partly)["Ask again"] == (
        'devices remove db_devices site_2 site_3 --reason "moved to another region"'
    )
    assert line_text(cards.card(partly).next_step) == "Next: ask again for what is left, if it is still needed."
    assert "in @C0OPS, where Ask again does it" in line_text(cards.notice(partly).next_step)
    whole = replace(partly, result=Result(items=(ended[0],)))
    assert "Ask again" not in commands(whole)
    assert "nothing to do" in reply_text(cards.card(whole))

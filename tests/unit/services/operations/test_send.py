"""What is sent, how often, and as what each end of it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.domain.requests import OperationKind as Kind
from bot.domain.requests import RequestState as State
from bot.sandbox.api.faults import FaultKind
from tests.unit.services.operations.asking import Asked, Desk

TOKEN_PATH = "/notifications/expo-access-token"
CLEARED = {"jwksUri": "", "jwtAllowedIssuers": []}
TWO = {"tables": ["invoices", "audit_log"]}
CALLS: list[tuple[Kind, tuple[str, ...], Mapping[str, Any], Mapping[str, str], str, str, Any]] = [
    (Kind.UPDATE_DATABASE, (), {"label": "x"}, {}, "PATCH", "", {"label": "x"}),
    (Kind.UPDATE_DATABASE, (), {"clear_jwt_secret": True}, {}, "PATCH", "", {"jwtSecret": ""}),
    (Kind.UPDATE_DATABASE, (), {"new_jwt_secret": True}, {"jwtSecret": "s"}, "PATCH", "", {"jwtSecret": "s"}),
    (Kind.UPDATE_DATABASE, (), CLEARED, {}, "PATCH", "", CLEARED),
    (Kind.DELETE_DATABASE, (), {}, {}, "DELETE", "", None),
    (Kind.ENABLE_TABLES, ("invoices", "audit_log"), {}, {}, "POST", "/cloudsync/enable", TWO),
    (Kind.DISABLE_TABLES, ("users",), {}, {}, "POST", "/cloudsync/disable", {"tables": ["users"]}),
    (Kind.SET_TOKEN, (), {}, {"expoAccessToken": "t"}, "PUT", TOKEN_PATH, {"expoAccessToken": "t"}),
    (Kind.DELETE_TOKEN, (), {}, {}, "DELETE", TOKEN_PATH, None),
    (Kind.REMOVE_DEVICES, ("site_00001",), {}, {}, "DELETE", "/devices/site_00001", None),
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=[f"{call[0].value}-{number}" for number, call in enumerate(CALLS)])
async def test_each_operation_is_exactly_one_call(desk: Desk, call: Any) -> None:
    kind, items, arguments, secrets, method, path, body = call
    database_id = desk.database().id
    sent = await desk.ask(kind, "orders-eu", *items, arguments=arguments, secrets=secrets).send()
    (seen,) = desk.api.journal.changing
    assert (seen.method, seen.path, seen.body) == (method, f"/v1/databases/{database_id}{path}", body)
    assert sent.state is State.SUCCEEDED
    assert sent.result.http_status == 200


async def test_a_registration_sends_what_was_given_and_no_workspace(desk: Desk) -> None:
    sent = await desk.register().send()
    (seen,) = desk.api.journal.changing
    assert seen.body == {
        "label": "billing-eu",
        "provider": "postgres",
        "flavor": "vanilla",
        "databaseName": "billing",
        "connectionString": "postgresql://owner:hunter2@h.example:5432/app",
    }
    assert sent.result.created_id == desk.database("billing-eu").id


ENDS = [
    (FaultKind.UNPROCESSABLE, State.REJECTED, ("validation_failed",), 422),
    (FaultKind.SEVERAL_ERRORS, State.REJECTED, ("first_problem", "second_problem"), 422),
    (FaultKind.UNAUTHORIZED, State.REJECTED, ("unauthorized",), 401),
    (FaultKind.RATE_LIMITED, State.UNKNOWN, ("rate_limited",), 429),
    (FaultKind.SERVER_ERROR_BEFORE_EFFECT, State.UNKNOWN, ("internal_error",), 500),
    (FaultKind.CLOSE_AFTER_EFFECT, State.UNKNOWN, (), None),
    (FaultKind.RESET, State.UNKNOWN, (), None),
]


@pytest.mark.parametrize(("fault", "state", "codes", "status"), ENDS, ids=[row[0].value for row in ENDS])
async def test_every_end_keeps_its_codes_and_status(
    desk: Desk, fault: FaultKind, state: State, codes: tuple[str, ...], status: int | None
) -> None:
    desk.api.faults.arm(fault, method="DELETE")
    sent = await desk.ask(Kind.DELETE_DATABASE).send()
    assert (sent.state, sent.result.codes, sent.result.http_status) == (state, codes, status)
    assert sent.result.messages, "why it failed is kept in words"
    assert len(desk.api.journal.changing) == 1


async def test_a_missing_target_of_a_deletion_was_already_absent(desk: Desk) -> None:
    asked = desk.ask(Kind.DELETE_DATABASE)
    desk.api.estate.databases.clear()
    sent = await asked.send()
    assert (sent.state, sent.result.codes) == (State.ALREADY_ABSENT, ("not_found",))


async def test_an_api_that_is_not_there_got_nothing_and_may_be_tried_again(desk: Desk) -> None:
    asked = desk.ask(Kind.DELETE_DATABASE)
    async with CloudSyncClient("http://127.0.0.1:9", "key") as nowhere:
        sent = await Asked(client=nowhere, operation=asked.operation).send()
    assert sent.state is State.NOT_SENT
    assert sent.result.retryable is True


@pytest.mark.parametrize(
    ("code", "retryable"), [("database_unreachable", True), ("database_paused", True), ("database_auth_failed", False)]
)
async def test_whether_another_try_helps_follows_from_the_code(desk: Desk, code: str, retryable: bool) -> None:
    desk.api.faults.arm(FaultKind.DATABASE_ERROR, method="POST", code=code)
    sent = await desk.register().send()
    assert (sent.state, sent.result.codes, sent.result.retryable) == (State.REJECTED, (code,), retryable)


@pytest.mark.parametrize(("kind", "retryable"), [(FaultKind.CONFLICT, None), (FaultKind.UNPROCESSABLE, False)])
async def test_of_a_conflict_nobody_knows_whether_another_try_helps(
    desk: Desk, kind: FaultKind, retryable: bool | None
) -> None:
    desk.api.faults.arm(kind, method="POST")
    sent = await desk.register().send()
    assert (sent.state, sent.result.retryable) == (State.REJECTED, retryable)


async def test_the_warnings_of_a_deletion_are_kept(desk: Desk) -> None:
    sent = await desk.ask(Kind.DELETE_DATABASE, "orders-archive").send()
    assert sent.state is State.SUCCEEDED
    assert sent.result.warnings == ("could not disable table invoices: tenant database is unreachable",)


async def test_tables_of_one_call_share_its_end(desk: Desk) -> None:
    desk.api.faults.arm(FaultKind.CONFLICT, method="POST")
    sent = await desk.ask(Kind.ENABLE_TABLES, "orders-eu", "invoices", "audit_log").send()
    assert [(item.item, item.state) for item in sent.result.items] == [
        ("invoices", State.REJECTED),
        ("audit_log", State.REJECTED),
    ]


def removal(desk: Desk, *site_ids: str) -> Asked:
    return desk.ask(Kind.REMOVE_DEVICES, "orders-eu", *site_ids)


async def test_devices_are_removed_one_after_the_other_each_once(desk: Desk) -> None:
    sent = await removal(desk, "site_00001", "site_00002", "site_00003").send()
    assert sent.state is State.SUCCEEDED
    assert [call.path.rpartition("/")[2] for call in desk.api.journal.changing] == [
        "site_00001",
        "site_00002",
        "site_00003",
    ]
    assert {item.state for item in sent.result.items} == {State.SUCCEEDED}


async def test_devices_that_were_all_gone_end_as_already_absent(desk: Desk) -> None:
    sent = await removal(desk, "site_a", "site_b").send()
    assert sent.state is State.ALREADY_ABSENT
    sent = await removal(desk, "site_a", "site_00001").send()
    assert sent.state is State.SUCCEEDED


async def test_a_refused_device_among_others_is_a_success_that_warns(desk: Desk) -> None:
    desk.api.faults.arm(FaultKind.CONFLICT, method="DELETE", path=".*site_00001")
    sent = await removal(desk, "site_00001", "site_00002").send()
    assert sent.state is State.SUCCEEDED
    assert sent.result.warnings == ("Not removed: site_00001.",)
    assert sent.result.codes == ("conflict",), "the code of a refusal is kept, whichever call it was"
    assert [(item.state, item.note) for item in sent.result.items] == [
        (State.REJECTED, "conflict"),
        (State.SUCCEEDED, ""),
    ]


async def test_only_refused_devices_are_a_refusal_with_every_code(desk: Desk) -> None:
    desk.api.faults.arm(FaultKind.CONFLICT, method="DELETE", path=".*site_00001")
    desk.api.faults.arm(FaultKind.UNPROCESSABLE, method="DELETE", path=".*site_00002")
    sent = await removal(desk, "site_00001", "site_00002").send()
    assert (sent.state, sent.result.codes) == (State.REJECTED, ("conflict", "validation_failed"))
    assert sent.result.warnings == ()


async def test_after_an_unknown_end_no_further_device_is_sent(desk: Desk) -> None:
    desk.api.faults.arm(FaultKind.CLOSE_AFTER_EFFECT, method="DELETE", path=".*site_00002")
    sent = await removal(desk, "site_00001", "site_00002", "site_00003").send()
    assert sent.state is State.UNKNOWN
    assert len(desk.api.journal.changing) == 2
    assert [item.state for item in sent.result.items] == [State.SUCCEEDED, State.UNKNOWN, State.NOT_SENT]
    assert sent.result.warnings == ("Not removed: site_00003.",)

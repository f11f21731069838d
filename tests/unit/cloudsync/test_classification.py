"""How a call that changes something ended: each row of the table."""

from __future__ import annotations

import json

import pytest

from bot.cloudsync import protocol
from bot.cloudsync.classification import classify
from bot.cloudsync.models import DatabaseChanges, Registration, SendClass
from bot.cloudsync.responses import ApiResponse

DELETE = protocol.delete_database("db_1")
ENABLE = protocol.enable_tables("db_1", ["users"])
REGISTER = protocol.register_database(
    Registration(
        label="x", provider="postgres", flavor="vanilla", database_name="x", connection_string="postgres://h/x"
    )
)
RENAME = protocol.update_database("db_1", DatabaseChanges(label="y"))
RECONNECT = protocol.update_database("db_1", DatabaseChanges(connection_string="postgres://h/y"))


def enveloped(status: int, code: str = "some_code") -> ApiResponse:
    body = {"errors": [{"status": str(status), "code": code, "title": "t", "detail": "d"}]}
    return ApiResponse(status=status, content_type="application/json", body=json.dumps(body).encode())


ROWS = [
    (DELETE, ApiResponse(status=200, body=b'{"data": {}}'), SendClass.SUCCEEDED),
    (DELETE, ApiResponse(status=204), SendClass.SUCCEEDED),
    (DELETE, ApiResponse(status=200, body=b"\xff garbage"), SendClass.SUCCEEDED),
    (DELETE, ApiResponse(status=200, content_type="text/html", body=b"<html>"), SendClass.UNKNOWN),
    (DELETE, ApiResponse(status=200, body=b"  <!DOCTYPE html>"), SendClass.UNKNOWN),
    (DELETE, enveloped(404, "not_found"), SendClass.ALREADY_ABSENT),
    (ENABLE, enveloped(404, "not_found"), SendClass.REJECTED),
    (DELETE, ApiResponse(status=404, body=b"not found"), SendClass.UNKNOWN),
    (protocol.delete_expo_token("db_1"), enveloped(404, "not_found"), SendClass.ALREADY_ABSENT),
    (protocol.remove_device("db_1", "s"), enveloped(404, "not_found"), SendClass.ALREADY_ABSENT),
    (RENAME, enveloped(404, "not_found"), SendClass.REJECTED),
    (DELETE, enveloped(400), SendClass.REJECTED),
    (DELETE, enveloped(401), SendClass.REJECTED),
    (DELETE, enveloped(403), SendClass.REJECTED),
    (DELETE, enveloped(409), SendClass.REJECTED),
    (DELETE, ApiResponse(status=201, body=b"{}"), SendClass.SUCCEEDED),
    (DELETE, ApiResponse(status=202, body=b""), SendClass.SUCCEEDED),
    (ENABLE, enveloped(422), SendClass.REJECTED),
    (ENABLE, ApiResponse(status=422, body=b"no envelope"), SendClass.UNKNOWN),
    (ENABLE, enveloped(408), SendClass.UNKNOWN),
    (ENABLE, enveloped(425), SendClass.UNKNOWN),
    (ENABLE, enveloped(429), SendClass.UNKNOWN),
    (ENABLE, enveloped(500), SendClass.UNKNOWN),
    *((DELETE, ApiResponse(status=status), SendClass.REJECTED) for status in (301, 302, 303, 304, 307, 308)),
    (DELETE, ApiResponse(status=302, content_type="text/html", body=b"<html>"), SendClass.REJECTED),
    (REGISTER, enveloped(500, "database_unreachable"), SendClass.REJECTED),
    (REGISTER, enveloped(503, "database_paused"), SendClass.REJECTED),
    (RECONNECT, enveloped(502, "database_error"), SendClass.REJECTED),
    (RENAME, enveloped(502, "database_error"), SendClass.UNKNOWN),
    (DELETE, enveloped(502, "database_error"), SendClass.UNKNOWN),
]


@pytest.mark.parametrize(("request_", "response", "expected"), ROWS)
def test_each_answer_has_its_class(request_: protocol.ApiRequest, response: ApiResponse, expected: SendClass) -> None:
    assert classify(request_, response, 1).send_class is expected


def test_an_outcome_tells_what_the_api_said() -> None:
    outcome = classify(ENABLE, enveloped(422, "unknown_table"), 17)
    assert (outcome.status, outcome.codes, outcome.duration_ms) == (422, ("unknown_table",), 17)
    assert outcome.faults[0].detail == "d"


def test_only_a_success_has_warnings_and_only_a_success_of_a_registration_an_id() -> None:
    body = b'{"data": {"id": "db_1", "warnings": ["left over"]}, "errors": [{"code": "odd"}]}'
    done, refused = ApiResponse(status=201, body=body), ApiResponse(status=422, body=body)
    assert classify(DELETE, done, 1).warnings == ("left over",)
    assert classify(DELETE, refused, 1).warnings == ()
    assert classify(REGISTER, done, 1).created_id == "db_1"
    assert classify(REGISTER, refused, 1).created_id is None
    assert classify(DELETE, done, 1).created_id is None


def test_a_registration_whose_answer_cannot_be_read_succeeded_without_an_id() -> None:
    outcome = classify(REGISTER, ApiResponse(status=201, body=b"\xff garbage"), 1)
    assert (outcome.send_class, outcome.created_id) == (SendClass.SUCCEEDED, None)


@pytest.mark.parametrize("status", range(400, 600))
def test_without_the_envelope_no_refusal_is_believed(status: int) -> None:
    for body in (b"", b"<html>", b"{}", b'{"errors": []}', b'{"errors": {}}', b'{"error": "no"}'):
        assert classify(DELETE, ApiResponse(status=status, body=body), 1).send_class is SendClass.UNKNOWN


@pytest.mark.parametrize("status", range(400, 600))
def test_a_code_of_the_tenant_database_refuses_a_registration_at_any_status(status: int) -> None:
    assert classify(REGISTER, enveloped(status, "database_paused"), 1).send_class is SendClass.REJECTED


@pytest.mark.parametrize("status", range(500, 600))
def test_a_server_error_never_says_whether_it_happened(status: int) -> None:
    for request_ in (DELETE, ENABLE, REGISTER, RENAME, RECONNECT):
        assert classify(request_, enveloped(status), 1).send_class is SendClass.UNKNOWN

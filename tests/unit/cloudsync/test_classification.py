"""How a call that changes something ended: each row of the table."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cloudsync import protocol, responses
from bot.cloudsync.classification import classify
from bot.cloudsync.errors import CloudSyncError
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
    (ENABLE, enveloped(422), SendClass.REJECTED),
    (ENABLE, ApiResponse(status=422, body=b"no envelope"), SendClass.UNKNOWN),
    (ENABLE, enveloped(408), SendClass.UNKNOWN),
    (ENABLE, enveloped(425), SendClass.UNKNOWN),
    (ENABLE, enveloped(429), SendClass.UNKNOWN),
    (ENABLE, enveloped(500), SendClass.UNKNOWN),
    (ENABLE, ApiResponse(status=307), SendClass.REJECTED),
    (REGISTER, enveloped(500, "database_unreachable"), SendClass.REJECTED),
    (REGISTER, enveloped(503, "database_paused"), SendClass.REJECTED),
    (RECONNECT, enveloped(502, "database_error"), SendClass.REJECTED),
    (RENAME, enveloped(502, "database_error"), SendClass.UNKNOWN),
    (DELETE, enveloped(502, "database_error"), SendClass.UNKNOWN),
]


@pytest.mark.parametrize(("request_", "response", "expected"), ROWS)
def test_each_answer_has_its_class(request_: protocol.ApiRequest, response: ApiResponse, expected: SendClass) -> None:
    assert classify(request_, response, 1).send_class is expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
DECODERS = (
    responses.organisation,
    responses.database,
    responses.connection_check,
    responses.tables,
    responses.expo_token,
    responses.notification_status,
)


@given(status=st.integers(100, 599), data=JSON, meta=JSON, as_errors=st.booleans())
def test_no_answer_whatsoever_raises_anything_but_our_own(
    status: int, data: object, meta: object, as_errors: bool
) -> None:
    body = {"errors": data} if as_errors else {"data": data, "meta": meta}
    response = ApiResponse(status=status, content_type="application/json", body=json.dumps(body).encode())
    for request_ in (DELETE, REGISTER, ENABLE):
        classify(request_, response, 1)
    try:
        found = responses.data_of(response)
    except CloudSyncError:
        return
    for decode in DECODERS:
        decode(found)
    responses.devices(response, found, page=1, page_size=50)


@given(st.binary(max_size=200))
def test_no_bytes_whatsoever_raise_anything_but_our_own(body: bytes) -> None:
    response = ApiResponse(status=200, body=body)
    classify(REGISTER, response, 1)
    try:
        responses.data_of(response)
    except CloudSyncError:
        return


def test_a_connection_string_that_should_not_be_there_leaves_only_its_host() -> None:
    found = responses.database({"id": "db_1", "connectionString": "postgres://owner:hunter2@host.example:5432/app"})
    assert (found.host, found.port) == ("host.example", 5432)
    assert "hunter2" not in repr(found)

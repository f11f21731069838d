"""Reading answers: odd spellings are taken, what cannot be read is an error of ours, and no secret comes through."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cloudsync import protocol, responses
from bot.cloudsync.classification import classify
from bot.cloudsync.errors import ApiBroken, ApiFault, ApiRefused, CloudSyncError, NotFound, RateLimited, Unauthorized
from bot.cloudsync.fields import moment, seconds_to_wait
from bot.cloudsync.models import Table
from bot.cloudsync.responses import ApiResponse

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
"""Random letters and digits: as an id it is none the less an id."""
STRINGS = "postgres://owner:hunter2@host.example:5432/app"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = (
    "id managedDatabaseId database label host port connectionString jwtAllowedIssuers createdAt ok failure retryable "
    "name enabled siteId lastSyncAt status reason configured updatedAt code title detail message warnings errors "
    "data meta page pagination total hasMore"
)
KNOWN_NAMES = st.sampled_from(NAMES.split())
LIKELY = st.recursive(
    JSON | st.sampled_from(["²", "9" * 5000, "\ud800", -1, 1e308, STRINGS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KNOWN_NAMES, inner, max_size=6),
    max_leaves=20,
)
DECODERS = (
    responses.organisation,
    responses.database,
    responses.databases,
    responses.connection_check,
    responses.tables,
    responses.expo_token,
    responses.notification_status,
)


def answer(body: object, status: int = 200) -> ApiResponse:
    return ApiResponse(status=status, content_type="application/json", body=json.dumps(body).encode())


def envelope(status: int, *faults: object) -> ApiResponse:
    return answer({"errors": list(faults)}, status)


def read_in_every_way(response: ApiResponse, page: int = 1) -> None:
    classify(protocol.delete_database("db_1"), response, 1)
    classify(protocol.enable_tables("db_1", ["users"]), response, 1)

    def devices(data: object) -> object:
        return responses.devices(response, data, page=page, page_size=50)

    readers: list[Callable[[object], object]] = [*DECODERS, devices]
    for read in readers:
        try:
            read(responses.data_of(response))
        except CloudSyncError:
            continue


@given(status=st.integers(100, 599), body=LIKELY)
def test_no_json_whatsoever_raises_anything_but_our_own(status: int, body: object) -> None:
    read_in_every_way(answer(body, status))


@given(data=LIKELY, meta=LIKELY, page=st.integers(1, 3))
def test_no_envelope_whatsoever_raises_anything_but_our_own(data: object, meta: object, page: int) -> None:
    read_in_every_way(answer({"data": data, "meta": meta}), page)


@given(status=st.integers(400, 599), faults=LIKELY)
def test_no_list_of_errors_whatsoever_raises_anything_but_our_own(status: int, faults: object) -> None:
    read_in_every_way(answer({"errors": faults}, status))


@given(st.binary(max_size=200))
def test_no_bytes_whatsoever_raise_anything_but_our_own(body: bytes) -> None:
    read_in_every_way(ApiResponse(status=200, body=body))


@pytest.mark.parametrize("depth", [500, 5000])
def test_deep_nesting_raises_nothing_but_our_own(depth: int) -> None:
    for opened, closed in ((b"[", b"]"), (b'{"data":', b"}")):
        nested = opened * depth + b"1" + closed * depth
        read_in_every_way(ApiResponse(status=200, body=b'{"data":' + nested + b"}"))
        read_in_every_way(ApiResponse(status=422, body=b'{"errors":[{"detail":' + nested + b"}]}"))


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (envelope(401, {"code": "unauthorized"}), Unauthorized),
        (envelope(403, {"code": "forbidden"}), Unauthorized),
        (ApiResponse(status=401, body=b"no envelope"), Unauthorized),
        (envelope(404, {"code": "not_found"}), NotFound),
        (ApiResponse(status=404, body=b"404 page not found"), ApiBroken),
        (answer({"errors": []}, 404), ApiBroken),
        (envelope(409, {"code": "conflict"}), ApiRefused),
        (envelope(422, {"code": "database_paused"}), ApiRefused),
        (envelope(429, {"code": "rate_limited"}), RateLimited),
        (ApiResponse(status=429), RateLimited),
        (envelope(500, {"code": "internal_error"}), ApiBroken),
        (ApiResponse(status=502, content_type="text/html", body=b"<html>"), ApiBroken),
        (ApiResponse(status=302), ApiBroken),
        (ApiResponse(status=200), ApiBroken),
        (ApiResponse(status=204), ApiBroken),
        (ApiResponse(status=200, body=b"\xff{"), ApiBroken),
        (ApiResponse(status=200, content_type="text/html", body=b'{"data": {}}'), ApiBroken),
        (answer([]), ApiBroken),
        (answer({}), ApiBroken),
        (answer({"errors": [{"code": "odd"}]}), ApiBroken),
    ],
)
def test_a_read_that_gets_no_data_ends_in_the_error_that_fits(
    response: ApiResponse, kind: type[CloudSyncError]
) -> None:
    with pytest.raises(CloudSyncError) as raised:
        responses.data_of(response)
    assert type(raised.value) is kind
    assert raised.value.status == response.status


def test_every_fault_of_an_answer_is_kept_with_its_words() -> None:
    error = responses.error_of(envelope(422, {"code": "a", "detail": "one"}, {"code": "b", "message": "two"}, "three"))
    assert error.codes == ("a", "b")
    assert [fault.detail for fault in error.faults] == ["one", "two", "three"]


def test_the_documented_error_is_read_whole() -> None:
    documented = {"status": "404", "code": "not_found", "title": "Not Found", "detail": "managed database not found"}
    error = responses.error_of(envelope(404, documented))
    assert error.faults == (
        ApiFault(status="404", code="not_found", title="Not Found", detail="managed database not found"),
    )


def test_the_words_of_a_fault_are_cut_and_without_credentials() -> None:
    (fault,) = responses.error_of(
        envelope(422, {"code": "x" * 999, "detail": f"no way to {STRINGS} " + "y" * 999})
    ).faults
    assert (len(fault.code), len(fault.detail)) == (100, 500)
    assert "hunter2" not in fault.detail


@pytest.mark.parametrize("name", ["managedDatabaseId", "id", "databaseId", "managed_database_id", "database_id"])
def test_an_id_is_taken_to_the_letter_under_any_of_its_names(name: str) -> None:
    assert responses.database({name: ULID}).id == ULID
    assert responses.created_id(answer({"data": {name: ULID}}, 201)) == ULID


def test_whatever_is_sent_back_to_name_a_thing_is_kept_to_the_letter() -> None:
    page = responses.devices(answer({}), [{"siteId": ULID}, {"site_id": 7}], page=1, page_size=50)
    assert [device.site_id for device in page.items] == [ULID, "7"]
    assert responses.tables([{"name": ULID, "enabled": True}]) == (Table(name=ULID, enabled=True),)


def test_what_has_no_id_is_no_device_and_no_table() -> None:
    assert responses.devices(answer({}), [{"siteId": ""}, {}, {"id": True}], page=1, page_size=50).items == ()
    assert responses.tables([{"enabled": True}, "users", None]) == ()


def test_a_table_whose_state_is_not_told_is_neither_on_nor_off() -> None:
    assert responses.tables([{"name": "users"}, {"name": "orders", "enabled": "yes"}]) == (
        Table(name="users", enabled=None),
        Table(name="orders", enabled=None),
    )


@pytest.mark.parametrize("data", [None, [], {"databases": []}, {"warnings": [], "databases": []}])
def test_an_empty_list_is_one_however_it_is_told(data: object) -> None:
    assert responses.databases(data) == ()


@pytest.mark.parametrize("data", ["none", 0, False, {}, {"message": "try later"}])
def test_what_is_no_list_never_reads_as_if_nothing_were_there(data: object) -> None:
    for decode in (responses.databases, responses.tables):
        with pytest.raises(ApiBroken):
            decode(data)


def test_a_list_wrapped_once_more_is_found_beside_other_lists() -> None:
    assert [one.id for one in responses.databases({"warnings": [], "databases": [{"id": "db_1"}]})] == ["db_1"]


@pytest.mark.parametrize(
    "value",
    [
        "2025-01-01T00:00:00Z",
        "2025-01-01T00:00:00.000000+00:00",
        "2025-01-01T01:00:00+01:00",
        1735689600,
        1735689600000,
    ],
)
def test_a_time_is_read_in_any_form(value: object) -> None:
    assert moment(value) == NEW_YEAR


@pytest.mark.parametrize("value", [None, "", "yesterday", True, [], 1e300, float("nan"), -(10**30)])
def test_what_is_no_time_is_none(value: object) -> None:
    assert moment(value) is None


@pytest.mark.parametrize(
    ("port", "read"), [(5432, 5432), ("5432", 5432), ("²", None), ("9" * 5000, None), (True, None), (None, None)]
)
def test_a_port_is_a_number_or_nothing(port: object, read: int | None) -> None:
    assert responses.database({"host": "h", "port": port}).port == read


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("Wed, 01 Jan 2025 00:00:30 GMT", 30.0),
        ("Tue, 31 Dec 2024 00:00:00 GMT", 0.0),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("²", None),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_time_to_wait_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, NEW_YEAR) == seconds


@given(st.text())
def test_no_time_to_wait_whatsoever_raises(header: str) -> None:
    assert (seconds_to_wait(header, NEW_YEAR) or 0.0) >= 0


@pytest.mark.parametrize(
    ("data", "present"),
    [
        (None, False),
        ({}, False),
        ({"configured": False}, False),
        ({"present": False, "updatedAt": None}, False),
        ({"configured": True}, True),
        ({"createdAt": "2025-01-01T00:00:00Z"}, True),
    ],
)
def test_whether_a_token_is_set_is_read_from_any_shape(data: object, present: bool) -> None:
    assert responses.expo_token(data).present is present


def test_a_check_that_does_not_say_ok_has_failed() -> None:
    for data in (None, {}, {"ok": "true"}, {"ok": False, "failure": {"code": "database_paused"}}):
        assert not responses.connection_check(data).ok


@pytest.mark.parametrize(
    ("meta", "page", "count", "facts"),
    [
        ({"total": 120}, 1, 50, (120, True)),
        ({"total": 120}, 3, 20, (120, False)),
        ({"total": 120}, 9, 0, (120, False)),
        ({"pagination": {"total": 120}}, 2, 50, (120, True)),
        ({"page": {"totalCount": 120}}, 2, 50, (120, True)),
        ({"hasMore": True}, 1, 20, (None, True)),
        ({"pagination": {"has_next": False}}, 1, 50, (None, False)),
        ({"total": 50, "hasMore": True}, 1, 50, (50, True)),
        ({"count": 50}, 1, 50, (None, True)),
        ({"total": 50}, 2, 50, (None, True)),
        ({"total": True}, 1, 20, (None, False)),
        ({}, 1, 50, (None, True)),
        (None, 1, 49, (None, False)),
    ],
)
def test_whether_more_follow_is_told_or_worked_out(
    meta: object, page: int, count: int, facts: tuple[int | None, bool]
) -> None:
    response = answer({"data": [], "meta": meta})
    assert responses.page_facts(response, page=page, page_size=50, count=count) == facts


@pytest.mark.parametrize(
    ("body", "warnings"),
    [
        ({"data": {"warnings": ["one", "two", "one"]}}, ("one", "two")),
        ({"data": {}, "meta": {"warnings": ["one"]}}, ("one",)),
        ({"data": None, "warnings": "one"}, ("one",)),
        ({"data": {"cleanupWarnings": [{"code": "a", "message": "one"}, {}]}}, ("a: one", "a warning without words")),
        ({"data": {"warnings": []}}, ()),
        (None, ()),
    ],
)
def test_warnings_are_found_wherever_they_stand(body: object, warnings: tuple[str, ...]) -> None:
    assert responses.warnings_of(answer(body)) == warnings


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (STRINGS, ("host.example", 5432)),
        ("sqlitecloud://host.example:8860?apikey=a@b", ("host.example", 8860)),
        ("postgres://owner:12/34@host.example/app", (None, None)),
        ("postgres://owner:12#34@host.example/app", (None, None)),
        ("postgres://owner:hunter2@host.example:port/app", (None, None)),
        ("postgres://[", (None, None)),
        ("host=host.example password=hunter2", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_connection_string_tells_where_it_points_and_never_its_credentials(
    text: str, where: tuple[str | None, int | None]
) -> None:
    assert responses.host_of(text) == where


def test_no_secret_of_an_answer_stands_in_a_repr() -> None:
    secrets = {
        "connectionString": STRINGS,
        "jwtSecret": "hunter2",
        "expoAccessToken": "hunter2",
        "auth": {"jwtSecret": "hunter2"},
        "dsn": STRINGS,
        "label": STRINGS,
        "jwtAllowedIssuers": [STRINGS],
        "status": STRINGS,
        "reason": STRINGS,
        "failure": {"code": STRINGS, "message": STRINGS},
        "id": "db_1",
    }
    response = answer({"data": secrets, "errors": [{"code": STRINGS, "detail": STRINGS, "title": STRINGS}]}, 422)
    shown = [repr(decode(secrets)) for decode in DECODERS if decode not in (responses.databases, responses.tables)]
    shown += [repr(responses.devices(response, [secrets], page=1, page_size=50)), repr(response)]
    error = responses.error_of(response)
    shown += [repr(error), str(error), repr(error.faults), repr(classify(protocol.delete_database("x"), response, 1))]
    assert len(shown) == 11
    assert [one for one in shown if "hunter2" in one] == []

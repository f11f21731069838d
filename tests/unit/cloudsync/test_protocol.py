"""What exactly is sent: bodies with what was given and nothing else, and paths that name nothing but their target."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cloudsync import protocol
from bot.cloudsync.errors import Unsendable
from bot.cloudsync.models import DatabaseChanges, Registration
from bot.cloudsync.protocol import ApiRequest

REQUIRED = {
    "label": "x",
    "connectionString": "postgres://h/x",
    "provider": "postgres",
    "flavor": "vanilla",
    "databaseName": "app",
}
ADDRESSED: list[Callable[[str], ApiRequest]] = [
    protocol.get_database,
    lambda name: protocol.update_database(name, DatabaseChanges(label="y")),
    protocol.delete_database,
    protocol.check_connection,
    protocol.list_tables,
    lambda name: protocol.enable_tables(name, ["users"]),
    lambda name: protocol.disable_tables(name, ["users"]),
    lambda name: protocol.set_expo_token(name, "token"),
    protocol.get_expo_token,
    protocol.delete_expo_token,
    protocol.notification_status,
    lambda name: protocol.list_devices(name, page=1, page_size=50),
    lambda name: protocol.remove_device(name, "site_1"),
    lambda name: protocol.remove_device("db_1", name),
]
"""Every call that has an id in its path, by that id."""


def registration(**more: object) -> Registration:
    values: dict[str, object] = {
        "label": "x",
        "provider": "postgres",
        "flavor": "vanilla",
        "database_name": "app",
        "connection_string": "postgres://h/x",
        **more,
    }
    return Registration(**values)  # type: ignore[arg-type]


def test_a_registration_leaves_out_what_was_not_given_and_never_names_a_workspace() -> None:
    assert protocol.register_database(registration()).body == REQUIRED


def test_a_registration_carries_every_option_that_was_given() -> None:
    given_options = registration(
        schema_name="public",
        jwt_allowed_issuers=("https://a", "https://b"),
        jwt_expected_audiences=("authenticated",),
        jwks_uri="https://a/jwks",
        jwt_secret="hunter2",
        project_id="project",
    )
    assert protocol.register_database(given_options).body == {
        **REQUIRED,
        "schemaName": "public",
        "jwtAllowedIssuers": ["https://a", "https://b"],
        "jwtExpectedAudiences": ["authenticated"],
        "jwksUri": "https://a/jwks",
        "jwtSecret": "hunter2",
        "projectId": "project",
    }


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        (DatabaseChanges(), {}),
        (DatabaseChanges(label="y"), {"label": "y"}),
        (DatabaseChanges(jwt_secret=""), {"jwtSecret": ""}),
        (DatabaseChanges(jwt_allowed_issuers=()), {"jwtAllowedIssuers": []}),
        (DatabaseChanges(jwt_expected_audiences=("a", "b")), {"jwtExpectedAudiences": ["a", "b"]}),
        (DatabaseChanges(jwks_uri=""), {"jwksUri": ""}),
        (DatabaseChanges(connection_string="postgres://h/y"), {"connectionString": "postgres://h/y"}),
    ],
)
def test_an_update_sends_only_what_is_set_and_an_empty_value_is_set(
    changes: DatabaseChanges, body: dict[str, object]
) -> None:
    assert protocol.update_database("db_1", changes).body == body


def test_only_a_registration_and_a_new_connection_are_verified() -> None:
    assert protocol.register_database(registration()).verifies
    assert protocol.update_database("db_1", DatabaseChanges(connection_string="postgres://h/y")).verifies
    assert not any(build("db_1").verifies for build in ADDRESSED)


def test_a_list_is_filtered_by_project_only_where_one_is_given() -> None:
    assert protocol.list_databases().query == {}
    assert protocol.list_databases("a project").query == {"projectId": "a project"}


def test_ids_are_encoded_in_paths() -> None:
    assert protocol.remove_device("db/1", "a b?#").path == "/v1/databases/db%2F1/devices/a%20b%3F%23"
    assert protocol.get_database("%2e%2e").path == "/v1/databases/%252e%252e"


@pytest.mark.parametrize("build", ADDRESSED)
@pytest.mark.parametrize("name", ["", ".", "..", "../..", "x/..", "..\\x", "\ud800"])
def test_an_id_that_would_name_something_else_is_never_sent(build: Callable[[str], ApiRequest], name: str) -> None:
    with pytest.raises(Unsendable, match="nothing was sent"):
        build(name)


@given(st.text(), st.integers(0, len(ADDRESSED) - 1))
def test_any_id_is_one_segment_or_not_sent(name: str, index: int) -> None:
    depth = ADDRESSED[index]("db_1").path.count("/")
    try:
        path = ADDRESSED[index](name).path
    except Unsendable:
        return
    assert path.count("/") == depth
    assert path.isascii()
    assert not {"", ".", ".."} & set(path.split("/")[1:])


def test_no_secret_stands_in_a_repr() -> None:
    secret = registration(connection_string="postgres://u:hunter2@h/x", jwt_secret="hunter3")
    changes = DatabaseChanges(connection_string="postgres://u:hunter2@h/x", jwt_secret="hunter3")
    requests = [
        protocol.register_database(secret),
        protocol.update_database("db_1", changes),
        protocol.set_expo_token("db_1", "hunter4"),
    ]
    for one in (secret, changes, *requests):
        assert "hunter" not in repr(one)

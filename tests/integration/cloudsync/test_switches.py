"""Where the specification is silent: whatever the API chooses, the client understands the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import NotFound
from bot.cloudsync.models import DatabaseChanges, Registration, SendClass
from bot.sandbox.api.estate import Database
from bot.sandbox.api.server import StandInApi
from bot.sandbox.api.switches import Confirmation, Fields, Switches, Times
from tests.integration.cloudsync.conftest import KEY

EACH = list(Switches.each())


@pytest.fixture(params=[switches for _, switches in EACH], ids=[name for name, _ in EACH])
def switches(request: pytest.FixtureRequest, api: StandInApi) -> Switches:
    """Each way of answering in turn, set on the stand-in."""
    api.switches = request.param
    return api.switches


@pytest.fixture
async def client(api: StandInApi) -> AsyncIterator[CloudSyncClient]:
    """A patient one: nothing here is about time."""
    async with CloudSyncClient(api.url, KEY, call_deadline_seconds=20, pool_slots=6) as client:
        yield client


@pytest.fixture
def orders(api: StandInApi) -> Database:
    """Healthy, with tables, devices, a token and all that concerns sign-in."""
    return api.estate.labelled("orders-eu")


async def test_the_organisation_is_understood(switches: Switches, api: StandInApi, client: CloudSyncClient) -> None:
    found, truth = await client.get_organisation(), api.estate.organisation
    assert (found.id, found.slug, found.name, found.status) == (truth.id, truth.slug, truth.name, truth.status)


async def test_databases_are_understood(
    switches: Switches, api: StandInApi, client: CloudSyncClient, orders: Database
) -> None:
    listed = {one.id: one.label for one in await client.list_databases()}
    assert listed == {one.id: one.label for one in api.estate.databases.values()}
    found = await client.get_database(orders.id)
    assert (found.id, found.label) == (orders.id, orders.label)
    if switches.fields is Fields.FEW:
        assert (found.provider, found.database_name, found.host, found.created_at) == (None, None, None, None)
        return
    assert (found.provider, found.flavor) == (orders.provider, orders.flavor)
    assert (found.database_name, found.schema_name) == (orders.database_name, orders.schema_name)
    assert (found.host, found.port) == ("orders-eu.db.example", 5432)
    assert found.jwt_allowed_issuers == tuple(orders.jwt_allowed_issuers)
    assert found.jwt_expected_audiences == tuple(orders.jwt_expected_audiences)
    assert found.jwks_uri == orders.jwks_uri
    if switches.times is Times.MISSING:
        assert found.created_at is None
    else:
        assert found.created_at is not None
        assert abs(found.created_at - orders.created_at) < timedelta(seconds=1)


async def test_an_unknown_database_is_not_found(switches: Switches, client: CloudSyncClient) -> None:
    for read in (client.get_database, client.get_expo_token, client.list_tables, client.list_devices):
        with pytest.raises(NotFound):
            await read("db_gone")


async def test_checks_and_tables_are_understood(
    switches: Switches, api: StandInApi, client: CloudSyncClient, orders: Database
) -> None:
    checked = await client.check_connection(orders.id)
    assert (checked.ok, checked.failure) == (True, None)
    failed = await client.check_connection(api.estate.labelled("warehouse").id)
    assert failed.failure is not None
    assert (failed.ok, failed.failure.code, failed.failure.retryable) == (False, "database_auth_failed", False)
    assert {one.name: one.enabled for one in await client.list_tables(orders.id)} == orders.tables
    assert await client.list_tables(api.estate.labelled("kiosk").id) == ()


async def test_tokens_and_push_are_understood(
    switches: Switches, api: StandInApi, client: CloudSyncClient, orders: Database
) -> None:
    token = await client.get_expo_token(orders.id)
    assert token.present
    assert (token.updated_at is None) is (switches.times is Times.MISSING)
    kiosk, field_app = api.estate.labelled("kiosk"), api.estate.labelled("field-app")
    assert not (await client.get_expo_token(kiosk.id)).present
    assert (await client.notification_status(kiosk.id)).status == "disabled"
    assert (await client.notification_status(orders.id)).status == "enabled"
    paused = await client.notification_status(field_app.id)
    assert (paused.status, paused.reason) == ("paused", "expo_unauthorized")


async def test_when_a_device_was_heard_of_is_understood(
    switches: Switches, client: CloudSyncClient, orders: Database
) -> None:
    for read, truth in zip(
        (await client.list_devices(orders.id, page=1, page_size=5)).items, orders.devices, strict=False
    ):
        assert (read.last_sync_at is None) is (switches.times is Times.MISSING or truth.last_sync_at is None)


async def test_every_device_is_seen_once(switches: Switches, api: StandInApi, client: CloudSyncClient) -> None:
    customers = api.estate.labelled("customers")
    found, more = await client.iterate_devices(customers.id, limit=1200)
    assert [one.site_id for one in found] == [one.site_id for one in customers.devices]
    assert not more
    some, more = await client.iterate_devices(customers.id, limit=700)
    assert (len(some), more) == (700, True)


async def test_pages_of_devices_tell_whether_more_follow(
    switches: Switches, client: CloudSyncClient, orders: Database
) -> None:
    first = await client.list_devices(orders.id, page=1, page_size=5)
    last = await client.list_devices(orders.id, page=3, page_size=5)
    beyond = await client.list_devices(orders.id, page=9, page_size=5)
    assert [(len(page.items), page.more) for page in (first, last, beyond)] == [(5, True), (2, False), (0, False)]
    assert first.total == (12 if switches.meta.tells_total else None)


async def test_a_registration_and_its_refusal_are_understood(
    switches: Switches, api: StandInApi, client: CloudSyncClient
) -> None:
    def asked(host: str) -> Registration:
        return Registration(
            label="new",
            provider="postgres",
            flavor="vanilla",
            database_name="new",
            connection_string=f"postgres://o:hunter2@{host}/new",
        )

    before = set(api.estate.databases)
    async with client.write_slot() as slot:
        refused = await slot.register_database(asked("paused.example"))
        assert (refused.send_class, refused.codes) == (SendClass.REJECTED, ("database_paused",))
        assert set(api.estate.databases) == before
        made = await slot.register_database(asked("new.example"))
    assert made.send_class is SendClass.SUCCEEDED
    is_named = switches.registered.tells_id
    (new,) = set(api.estate.databases) - before
    assert made.created_id == (new if is_named else None)


async def test_changes_are_understood(switches: Switches, client: CloudSyncClient, orders: Database) -> None:
    async with client.write_slot() as slot:
        ended = [
            await slot.update_database(orders.id, DatabaseChanges(label="renamed", jwt_secret="")),
            await slot.enable_tables(orders.id, ["invoices"]),
            await slot.disable_tables(orders.id, ["users"]),
            await slot.set_expo_token(orders.id, "new-token"),
            await slot.remove_device(orders.id, "site_00001"),
        ]
        refused = await slot.update_database(orders.id, DatabaseChanges(connection_string="postgres://badauth/x"))
        unknown = await slot.enable_tables(orders.id, ["no_such_table"])
    assert {one.send_class for one in ended} == {SendClass.SUCCEEDED}
    assert (orders.label, orders.jwt_secret, orders.expo_token) == ("renamed", "", "new-token")
    assert (orders.tables["invoices"], orders.tables["users"]) == (True, False)
    assert "site_00001" not in {device.site_id for device in orders.devices}
    assert (refused.send_class, refused.codes) == (SendClass.REJECTED, ("database_auth_failed",))
    assert (unknown.send_class, unknown.codes) == (SendClass.REJECTED, ("unknown_table",))


async def test_deletions_and_their_warnings_are_understood(
    switches: Switches, api: StandInApi, client: CloudSyncClient
) -> None:
    archive = api.estate.labelled("orders-archive")
    async with client.write_slot() as slot:
        token = await slot.delete_expo_token(archive.id)
        device = await slot.remove_device(archive.id, "site_gone")
        deleted = await slot.delete_database(archive.id)
        again = await slot.delete_database(archive.id)
    absent = {SendClass.ALREADY_ABSENT, SendClass.SUCCEEDED}
    assert {token.send_class, device.send_class} <= absent
    assert deleted.send_class is SendClass.SUCCEEDED
    assert len(deleted.warnings) == 1
    assert "could not disable table invoices" in deleted.warnings[0]
    assert again.send_class is SendClass.ALREADY_ABSENT


@pytest.mark.parametrize("confirmation", Confirmation)
async def test_a_deletion_without_warnings_has_none(
    confirmation: Confirmation, api: StandInApi, client: CloudSyncClient
) -> None:
    api.switches = Switches(confirmation=confirmation)
    async with client.write_slot() as slot:
        outcome = await slot.delete_database(api.estate.labelled("kiosk").id)
    assert (outcome.send_class, outcome.warnings) == (SendClass.SUCCEEDED, ())

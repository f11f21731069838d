"""What is read of a target: its identity, which is compared, and the facts, which are only shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.cloudsync.errors import NotFound
from bot.domain.audit import JsonValue
from bot.domain.requests import OperationKind as Kind
from bot.sandbox.api.switches import Meta, Switches
from bot.services.operations.catalogue import handlers
from bot.services.operations.operation import differences
from tests.unit.services.operations.asking import Desk

ON_A_DATABASE = [
    Kind.UPDATE_DATABASE,
    Kind.DELETE_DATABASE,
    Kind.ENABLE_TABLES,
    Kind.DISABLE_TABLES,
    Kind.SET_TOKEN,
    Kind.DELETE_TOKEN,
    Kind.REMOVE_DEVICES,
]


def test_every_operation_of_the_api_has_a_handler_of_its_own_kind() -> None:
    local = {Kind.BIND_CHANNEL, Kind.GRANT_ROLE, Kind.REHEARSAL}
    assert set(handlers()) == set(Kind) - local
    assert all(handler.kind is kind for kind, handler in handlers().items())


@pytest.mark.parametrize("kind", ON_A_DATABASE)
async def test_a_database_is_known_by_id_label_provider_flavor_and_name(desk: Desk, kind: Kind) -> None:
    database = desk.database()
    seen = (await desk.ask(kind).observe()).identity
    assert seen["id"] == database.id
    assert (seen["label"], seen["provider"], seen["flavor"]) == ("orders-eu", "postgres", "supabase")
    assert seen["database_name"] == database.database_name


@pytest.mark.parametrize("kind", ON_A_DATABASE)
@pytest.mark.parametrize("name", ["label", "provider", "flavor", "database_name"])
async def test_another_identity_is_a_difference_that_names_both(desk: Desk, kind: Kind, name: str) -> None:
    asked = desk.ask(kind, "orders-eu", "users")
    before = await asked.observe()
    setattr(desk.database(), name, "another")
    (said,) = differences(before.identity, (await asked.observe()).identity)
    assert said == f"{name.replace('_', ' ')}: approved {before.identity[name]}, now another"


@pytest.mark.parametrize("kind", ON_A_DATABASE)
async def test_a_target_that_is_gone_raises(desk: Desk, kind: Kind) -> None:
    asked = desk.ask(kind)
    desk.api.estate.databases.clear()
    with pytest.raises(NotFound):
        await asked.observe()


async def test_a_deletion_shows_what_it_will_affect(desk: Desk) -> None:
    facts = dict((await desk.ask(Kind.DELETE_DATABASE).observe()).facts)
    assert facts == {
        "Provider": "postgres / supabase",
        "Host": "orders-eu.db.example:5432",
        "Enabled tables": "order_lines, orders, users",
        "Devices": "12",
        "Push": "enabled",
    }


async def test_a_provider_whose_flavor_has_the_same_name_is_said_once(desk: Desk) -> None:
    assert dict((await desk.ask(Kind.DELETE_DATABASE, "kiosk").observe()).facts)["Provider"] == "sqlitecloud"


async def test_a_deletion_compares_the_enabled_tables(desk: Desk) -> None:
    asked = desk.ask(Kind.DELETE_DATABASE)
    before = await asked.observe()
    desk.database().tables["invoices"] = True
    assert differences(before.identity, (await asked.observe()).identity) == (
        "enabled tables: approved order_lines, orders, users, now invoices, order_lines, orders, users",
    )


async def test_what_cannot_be_read_is_said_and_not_compared_either_way(desk: Desk) -> None:
    asked = desk.ask(Kind.DELETE_DATABASE, "billing")
    dead = await asked.observe()
    assert dead.unread == ("enabled tables (database_unreachable)",)
    desk.database("billing").failure = None
    alive = await asked.observe()
    assert alive.unread == ()
    assert differences(dead.identity, alive.identity) == ()
    assert differences(alive.identity, dead.identity) == ()


async def test_a_device_that_comes_or_goes_is_no_difference(desk: Desk) -> None:
    for asked in (desk.ask(Kind.DELETE_DATABASE), desk.ask(Kind.REMOVE_DEVICES, "orders-eu", "site_00001")):
        before = await asked.observe()
        desk.database().devices.pop()
        assert differences(before.identity, (await asked.observe()).identity) == ()


@pytest.mark.parametrize(
    ("meta", "told"), [(Meta.FULL, "1000"), (Meta.MISSING, "at least 500"), (Meta.MORE, "at least 500")]
)
async def test_a_thousand_devices_are_counted_in_one_bounded_look(desk: Desk, meta: Meta, told: str) -> None:
    desk.api.switches = replace(Switches(), meta=meta)
    facts = dict((await desk.ask(Kind.DELETE_DATABASE, "customers").observe()).facts)
    assert facts["Devices"] == told
    assert len(desk.api.journal.sent("GET", "/devices")) == 1


async def test_tables_are_compared_by_the_state_of_those_concerned(desk: Desk) -> None:
    asked = desk.ask(Kind.ENABLE_TABLES, "orders-eu", "invoices", "users")
    before = await asked.observe()
    assert before.identity["tables"] == ["invoices: disabled", "users: enabled"]
    assert dict(before.facts)["Already so"] == "users"
    desk.database().tables["orders"] = False
    assert differences(before.identity, (await asked.observe()).identity) == ()
    desk.database().tables["invoices"] = True
    assert len(differences(before.identity, (await asked.observe()).identity)) == 1


async def test_a_token_replaced_within_the_same_minute_is_a_difference(desk: Desk) -> None:
    asked = desk.ask(Kind.DELETE_TOKEN)
    before = await asked.observe()
    updated = desk.database().expo_token_updated_at
    assert updated is not None
    desk.database().expo_token_updated_at = updated.replace(second=(updated.second + 1) % 60)
    (said,) = differences(before.identity, (await asked.observe()).identity)
    assert said.startswith("token updated: approved ")


async def test_a_token_that_went_is_a_difference(desk: Desk) -> None:
    asked = desk.ask(Kind.SET_TOKEN)
    before = await asked.observe()
    desk.database().expo_token = None
    said = differences(before.identity, (await asked.observe()).identity)
    assert said[0] == "token: approved set, now none"


async def test_an_update_shows_whoever_approves_the_values_before_and_after(desk: Desk) -> None:
    asked = desk.ask(
        Kind.UPDATE_DATABASE,
        arguments={
            "label": "orders-europe",
            "jwksUri": "",
            "jwtAllowedIssuers": ["https://a.example", "https://b.example"],
            "clear_jwt_secret": True,
        },
    )
    facts = dict((await asked.observe()).facts)
    assert facts["Label"] == "orders-eu → orders-europe"
    assert facts["JWKS URI"].endswith("jwks.json → none")
    assert facts["JWT allowed issuers"].endswith("→ https://a.example, https://b.example")
    assert facts["JWT secret"] == "cleared"


async def test_of_a_new_connection_only_host_and_fingerprint_are_shown(desk: Desk) -> None:
    arguments: dict[str, JsonValue] = {"new_host": "new.example", "fingerprint": "ab12cd34", "new_jwt_secret": True}
    facts = dict((await desk.ask(Kind.UPDATE_DATABASE, arguments=arguments).observe()).facts)
    assert facts["New connection"] == "new.example, fingerprint ab12cd34"
    assert facts["JWT secret"] == "a new one"


async def test_a_registration_remembers_what_looks_like_it_already(desk: Desk) -> None:
    twin = desk.database()
    seen = await desk.register("orders-eu", twin.database_name).observe()
    assert seen.keep["before"] == [twin.id]
    assert seen.facts == (("Same label and database name already", twin.id),)
    assert (await desk.register().observe()).facts == ()


async def test_an_operation_never_repeats_its_secrets(desk: Desk) -> None:
    asked = desk.register()
    assert "hunter2" in str(asked.secrets)
    assert "hunter2" not in repr((await asked.observe(), asked.operation))


@pytest.mark.parametrize("kind", [Kind.REMOVE_DEVICES, Kind.ENABLE_TABLES])
async def test_whoever_decides_reads_the_name_of_every_target(desk: Desk, kind: Kind) -> None:
    names = tuple(f"site_{number:05}_of_somebody_in_the_field" for number in range(25))
    facts = dict((await desk.ask(kind, "orders-eu", *names).observe()).facts)
    assert facts["Devices" if kind is Kind.REMOVE_DEVICES else "Tables"] == ", ".join(names)

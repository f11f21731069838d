"""Which database is meant by what somebody typed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.models import Database
from bot.domain.errors import UnknownTarget
from bot.sandbox.api.seed import large_estate
from bot.sandbox.api.server import StandInApi
from bot.services.catalog import matching, nearest, resolve_database
from tests.unit.conftest import KEY


def named(*labels: str) -> list[Database]:
    return [Database(id=f"db_{number}", label=label) for number, label in enumerate(labels)]


def labels(found: tuple[Database, ...]) -> list[str | None]:
    return [database.label for database in found]


def test_an_exact_id_wins_over_a_label_of_the_same_name() -> None:
    databases = [Database(id="db_1", label="a"), Database(id="db_2", label="db_1")]
    assert labels(matching(databases, "db_1")) == ["a"]


def test_an_exact_label_wins_over_longer_ones() -> None:
    assert labels(matching(named("orders", "orders-eu"), "orders")) == ["orders"]
    assert labels(matching(named("Orders", "orders"), "orders")) == ["orders"]


def test_case_and_outer_spaces_are_forgiven() -> None:
    assert labels(matching(named("Primary DB"), " primary db ")) == ["Primary DB"]


def test_a_beginning_is_enough_where_only_one_has_it() -> None:
    assert labels(matching(named("orders-eu", "customers"), "ORD")) == ["orders-eu"]
    assert labels(matching([Database(id="db_abc"), Database(id="db_xyz")], "db_a")) == [None]


def test_equal_labels_and_shared_beginnings_are_several() -> None:
    assert len(matching(named("orders", "orders"), "orders")) == 2
    assert len(matching(named("orders-eu", "orders-us"), "orders")) == 2


def test_nothing_typed_matches_nothing() -> None:
    assert matching(named("orders"), " ") == ()
    assert nearest(named("orders"), "") == ()


def test_the_nearest_are_those_that_contain_it_or_look_alike() -> None:
    assert labels(nearest(named("orders-eu", "customers"), "order-eu")) == ["orders-eu"]
    assert labels(nearest(named("eu-orders", "customers"), "orders")) == ["eu-orders"]


async def test_an_ambiguous_beginning_offers_each_by_id_and_label(api: StandInApi, client: CloudSyncClient) -> None:
    with pytest.raises(UnknownTarget) as raised:
        await resolve_database(client, "orders")
    error = raised.value
    wanted = [api.estate.labelled(label) for label in ("orders-eu", "orders-us", "orders-archive")]
    assert error.ambiguous
    assert set(error.candidates) == {(one.id, f"{one.label} ({one.id})") for one in wanted}


async def test_an_unknown_name_offers_the_nearest(client: CloudSyncClient) -> None:
    with pytest.raises(UnknownTarget) as raised:
        await resolve_database(client, "costumers")
    assert not raised.value.ambiguous
    assert [label.split()[0] for _, label in raised.value.candidates] == ["customers"]


async def test_a_whole_id_is_one_small_reading_and_no_list(api: StandInApi, client: CloudSyncClient) -> None:
    wanted = api.estate.labelled("orders-eu")
    assert (await resolve_database(client, wanted.id)).label == "orders-eu"
    assert [call.path for call in api.journal] == [f"/v1/databases/{wanted.id}"]


async def test_an_id_that_nobody_has_is_unknown(client: CloudSyncClient) -> None:
    with pytest.raises(UnknownTarget, match="There is no database"):
        await resolve_database(client, "db_" + "0" * 24)


async def test_five_thousand_databases_are_looked_through_in_one_call(api: StandInApi, client: CloudSyncClient) -> None:
    api.estates[KEY] = large_estate(datetime.now(UTC), device_count=0)
    assert (await resolve_database(client, "tenant-04999")).label == "tenant-04999"
    with pytest.raises(UnknownTarget) as raised:
        await resolve_database(client, "tenant-049")
    assert len(raised.value.candidates) == 10
    assert len(api.journal) == 2

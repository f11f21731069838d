"""The estates that tests and the sandbox begin with."""

from __future__ import annotations

import re

import pytest

from bot.sandbox.api.estate import Estate
from bot.sandbox.api.seed import believable_estate, devices, large_estate
from tests.unit.sandbox.api.conftest import NOW


@pytest.fixture
def estate() -> Estate:
    return believable_estate(NOW)


def test_a_believable_estate_has_every_kind_of_trouble(estate: Estate) -> None:
    failures = {one.label: one.failure.code for one in estate.databases.values() if one.failure}
    assert failures == {
        "billing": "database_unreachable",
        "analytics": "database_paused",
        "warehouse": "database_auth_failed",
    }
    assert estate.labelled("field-app").pause_reason == "expo_unauthorized"
    assert estate.labelled("kiosk").expo_token is None
    assert estate.labelled("orders-archive").deletion_warnings
    assert len(estate.labelled("customers").devices) == 1000
    assert {one.provider for one in estate.databases.values()} == {"postgres", "sqlitecloud"}


def test_labels_can_be_mistaken_for_each_other_and_do_harm(estate: Estate) -> None:
    labels = [one.label for one in estate.databases.values()]
    assert sum(label.startswith("orders-") for label in labels) == 3
    assert any("<!channel>" in label for label in labels)


def test_ids_look_like_the_documented_ones_and_stay_the_same(estate: Estate) -> None:
    assert all(re.fullmatch(r"db_[a-z0-9]{24}", one) for one in estate.databases)
    assert believable_estate(NOW).databases.keys() == estate.databases.keys()
    assert not believable_estate(NOW, slug="other").databases.keys() & estate.databases.keys()


def test_no_secret_is_in_the_text_of_an_estate(estate: Estate) -> None:
    assert "hunter2" not in repr(estate)
    assert "expo-acme-token" not in repr(estate)


def test_a_large_estate_is_as_large_as_asked() -> None:
    estate = large_estate(NOW, databases=300, device_count=700)
    assert [len(one.devices) for one in estate.databases.values()] == [700, *[0] * 299]


def test_devices_have_ids_of_their_own() -> None:
    assert len({device.site_id for device in devices(20_000, NOW)}) == 20_000


def test_a_label_that_is_not_there_is_an_error(estate: Estate) -> None:
    with pytest.raises(KeyError):
        estate.labelled("nothing")

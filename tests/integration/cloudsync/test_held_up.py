"""What was read grows old: a call that rests on it does not leave, to the last moment at which that can be kept."""

from __future__ import annotations

import asyncio

import pytest

from bot.cloudsync import writing
from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.models import SendClass
from bot.cloudsync.writing import HeldUp, SendWatch
from bot.sandbox.api.server import StandInApi


async def test_a_send_that_was_held_up_after_the_reading_does_not_leave(
    api: StandInApi, client: CloudSyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "FRESH_SECONDS", 0.02)
    kiosk = api.estate.labelled("kiosk")
    async with client.write_slot() as slot:
        slot.read_from_now()
        await asyncio.sleep(0.05)
        outcome = await slot.delete_database(kiosk.id)
        assert (outcome.send_class, len(api.journal)) == (SendClass.NOT_SENT, 0)
        assert "held up" in outcome.reason
        slot.read_from_now()
        monkeypatch.setattr(writing, "FRESH_SECONDS", 5.0)
        assert (await slot.delete_database(kiosk.id)).send_class is SendClass.SUCCEEDED


async def test_the_last_look_is_taken_when_the_connection_stands_and_nothing_is_written(
    api: StandInApi, client: CloudSyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[SendWatch] = []

    def too_late_at_the_second_look(watch: SendWatch) -> None:
        looks.append(watch)
        if len(looks) > 1:
            raise HeldUp

    monkeypatch.setattr(SendWatch, "check", too_late_at_the_second_look)
    async with client.write_slot() as slot:
        outcome = await slot.delete_database(api.estate.labelled("kiosk").id)
    assert (outcome.send_class, len(looks), len(api.journal)) == (SendClass.NOT_SENT, 2, 0)
    assert (await client.get_organisation()).name == "Acme Corp", "the connection's place is given back"


async def test_a_call_is_no_reading_that_the_next_one_could_rest_on(
    api: StandInApi, client: CloudSyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "FRESH_SECONDS", 2)
    orders = api.estate.labelled("orders-eu")
    first, second, third = (device.site_id for device in orders.devices[:3])
    async with client.write_slot() as slot:
        slot.read_from_now()
        assert (await slot.remove_device(orders.id, first)).send_class is SendClass.SUCCEEDED
        await asyncio.sleep(2.1)
        assert (await slot.remove_device(orders.id, second)).send_class is SendClass.NOT_SENT
        slot.read_from_now()
        assert (await slot.remove_device(orders.id, third)).send_class is SendClass.SUCCEEDED

"""A request on its way out, against the stand-in API: what its sends rest on, and what is not sent any more."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import ApiTimeout
from bot.cloudsync.writing import WriteSlot
from bot.domain.access import Role
from bot.domain.requests import Request, RequestState
from bot.services.operations.devices import RemoveDevices
from tests.integration.services.sending import ADA, Office

S = RequestState


def before_the_second(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """Let something happen once the first device was removed."""
    remove = WriteSlot.remove_device

    async def removed(self: WriteSlot, database_id: str, site_id: str) -> Any:
        outcome = await remove(self, database_id, site_id)
        happened = happens()
        if inspect.isawaitable(happened):
            await happened
        return outcome

    monkeypatch.setattr(WriteSlot, "remove_device", removed)


def items(request: Request) -> list[tuple[S, str]]:
    return [(item.state, item.note) for item in request.result.items]


async def test_rights_that_are_lost_after_the_first_device_keep_the_rest_from_being_sent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await office.approved_removal("site_00001", "site_00002", "site_00003")
    before_the_second(monkeypatch, lambda: office.give(ADA, Role.VIEWER))
    ended = await office.run(request)
    assert len(office.api.journal.changing) == 1
    gone = "Whoever asked no longer has the right to."
    assert items(ended) == [(S.SUCCEEDED, ""), (S.NOT_SENT, gone), (S.NOT_SENT, gone)]
    assert ended.state is S.SUCCEEDED
    assert ended.result.warnings == ("Not removed: site_00002, site_00003.",)


async def test_a_target_that_changes_after_the_first_device_keeps_the_rest_from_being_sent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await office.approved_removal("site_00001", "site_00002")
    before_the_second(monkeypatch, lambda: setattr(office.api.estate.labelled("orders-eu"), "database_name", "other"))
    ended = await office.run(request)
    assert items(ended)[1] == (S.NOT_SENT, "The target is not what was approved.")
    assert len(office.api.journal.changing) == 1


async def test_what_cannot_be_read_again_after_the_first_device_keeps_the_rest_from_being_sent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await office.approved_removal("site_00001", "site_00002")

    async def unreadable(*given: Any) -> Any:
        raise ApiTimeout("too slow")

    before_the_second(monkeypatch, lambda: monkeypatch.setattr(CloudSyncClient, "get_database", unreadable))
    ended = await office.run(request)
    assert items(ended)[1] == (S.NOT_SENT, "Rights and target could not be read again.")


async def test_a_sender_that_lost_its_claim_after_the_first_device_sends_no_further_one(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was stopped for longer than its claim holds: the end is being found out already."""
    request = await office.approved_removal("site_00001", "site_00002")
    before_the_second(monkeypatch, lambda: office.clock.advance(3600))
    await office.run(request)
    assert len(office.api.journal.changing) == 1


async def test_several_devices_are_each_sent_on_a_reading_of_their_own(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await office.approved_removal("site_00001", "site_00002", "site_00003")
    identify, read = RemoveDevices.identify, []

    async def identified(*given: Any) -> Any:
        read.append(len(office.api.journal.changing))
        return await identify(*given)

    monkeypatch.setattr(RemoveDevices, "identify", identified)
    ended = await office.run(request)
    assert ended.state is S.SUCCEEDED
    assert read == [0, 1, 2]

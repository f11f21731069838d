"""A request on its way out, against the stand-in API: what its sends rest on, and what is not sent any more."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import ApiTimeout
from bot.cloudsync.models import SendClass, SendOutcome
from bot.cloudsync.writing import WriteSlot
from bot.domain.access import Role
from bot.domain.requests import Request, RequestState
from bot.services import cards
from bot.services.clocks import Timekeeper
from bot.services.operations.devices import RemoveDevices
from tests.integration.services.sending import ADA, Office
from tests.unit.commands.plain import reply_text

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


async def test_a_sender_that_died_is_said_to_have_died_and_no_earlier_attempt_speaks_for_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await office.approved_removal("site_00001")

    async def unreached(*given: Any) -> Any:
        return SendOutcome(send_class=SendClass.NOT_SENT, reason="No connection to the API came about.", duration_ms=1)

    async def dies(*given: Any) -> Any:
        raise RuntimeError("killed")

    monkeypatch.setattr(WriteSlot, "remove_device", unreached)
    tried = await office.run(request)
    assert (tried.state, tried.result.messages) == (S.APPROVED, ("No connection to the API came about.",))
    monkeypatch.setattr(office.executor, "_send", dies)
    with pytest.raises(RuntimeError):
        await office.run(request)
    await Timekeeper(office.database, 60).give_up_all_claims()
    told = reply_text(cards.card(await office.request(request.id)))
    assert "The bot stopped while sending; whether it was sent is unknown, it was not sent more than once." in told
    assert "No connection" not in told
    (found,) = await found_out(office)
    assert "site_00001" in office.api.estate.labelled("orders-eu").devices[0].site_id, "nothing was sent"
    assert found.state is S.NEEDS_HUMAN, "a device may have synced again"
    assert "The bot stopped while sending" in reply_text(cards.card(found))


async def found_out(office: Office) -> list[Request]:
    office.clock.advance(61)
    return [await office.reconciler.resolve(due) for due in await office.reconciler.claim_due(9)]


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

"""An end that reading cannot tell goes to the channel, whatever the gate was, and once to whoever asked."""

from __future__ import annotations

import pytest

from bot.domain.access import Gate
from bot.domain.requests import OperationKind, RequestState
from bot.sandbox.api.faults import FaultKind
from bot.services.lifecycle import OutboxKind
from tests.integration.services.sending import ADA, HERE, Office


async def handed_over(office: Office, gate: Gate) -> str:
    request = await office.approved(OperationKind.ENABLE_TABLES, "invoices", gate=gate)
    office.api.faults.arm(FaultKind.CLOSE_BEFORE_EFFECT, method="POST")
    assert (await office.run(request)).state is RequestState.UNKNOWN
    while (await office.request(request.id)).state is RequestState.UNKNOWN:
        office.clock.advance(60)
        for due in await office.reconciler.claim_due(9):
            await office.reconciler.give_up_look(due)
    assert (await office.request(request.id)).state is RequestState.NEEDS_HUMAN
    return request.id


@pytest.mark.parametrize("gate", [Gate.NONE, Gate.APPROVE])
async def test_the_channel_gets_a_card_and_whoever_asked_one_message(office: Office, gate: Gate) -> None:
    """Slack was away meanwhile: all that is owed is still waiting, and would be drawn as things stand now."""
    await handed_over(office, gate)
    owed = await office.database.note(lambda unit: unit.outbox.claim_due("test", unit.now, 30, 50))
    later = office.clock.advance(60)
    owed = (*owed, *await office.database.note(lambda unit: unit.outbox.claim_due("test", later, 30, 50)))
    assert HERE in {item.channel_id for item in owed if item.kind == OutboxKind.CARD}
    assert len({item.id for item in owed if item.kind == OutboxKind.NOTICE and item.person_id == ADA}) == 1

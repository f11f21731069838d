"""A denial ends a request until it is claimed, also after its approval."""

from __future__ import annotations

import pytest

from bot.domain.access import Role
from bot.domain.errors import TooLate
from bot.domain.requests import OperationKind, RequestState, Vote
from bot.services.lifecycle import Act
from tests.integration.services.sending import HERE, Office

CLEO = "U0CLEO"


async def test_what_is_approved_and_not_claimed_yet_is_ended_by_one_denial(office: Office) -> None:
    await office.give(CLEO, Role.ADMIN)
    request = await office.approved(OperationKind.DELETE_DATABASE)
    by = await office.access.standing(CLEO, HERE, fresh=True)
    denied = await office.approvals.decide(request, Vote.DENY, by, Act(person_id=CLEO), "still in use")
    assert (denied.state, denied.ended_by, denied.end_reason) == (RequestState.DENIED, CLEO, "still in use")
    assert (await office.run(request)).state is RequestState.DENIED
    assert office.api.journal.changing == []


async def test_what_was_sent_is_no_longer_denied(office: Office) -> None:
    await office.give(CLEO, Role.ADMIN)
    request = await office.approved(OperationKind.DELETE_DATABASE)
    await office.run(request)
    by = await office.access.standing(CLEO, HERE, fresh=True)
    with pytest.raises(TooLate):
        await office.approvals.decide(request, Vote.DENY, by, Act(person_id=CLEO))
    assert (await office.request(request.id)).votes == request.votes

"""A request for several devices or tables ends per item: in its state, its warnings, its cards and the trail."""

from __future__ import annotations

import pytest

from bot.domain.audit import AuditFilter, AuditKind, AuditRecord
from bot.domain.requests import OperationKind, Request, RequestState, Step
from bot.sandbox.api.faults import FaultKind
from bot.services import cards
from tests.integration.services.sending import Office
from tests.unit.commands.plain import reply_text

S = RequestState
FOUR = ("site_00001", "site_00002", "site_00003", "site_00004")


async def in_doubt(office: Office, fault: FaultKind) -> Request:
    """The first of four devices ends unknown, so the others are not sent."""
    office.api.faults.arm(fault, method="DELETE")
    request = await office.run(await office.approved_removal(*FOUR))
    assert request.state is S.UNKNOWN
    return request


async def look(office: Office) -> None:
    office.clock.advance(60)
    for request in await office.reconciler.claim_due(9):
        await office.reconciler.resolve(request)


async def newest(office: Office, kind: AuditKind) -> AuditRecord:
    page = await office.database.read(lambda unit: unit.audit.page(AuditFilter(quiet=True, limit=100)))
    return next(record for record in page.records if record.kind is kind)


def states(request: Request) -> list[S]:
    return [item.state for item in request.result.items]


async def test_a_device_found_to_be_gone_is_a_success_that_says_which_others_were_left(office: Office) -> None:
    request = await in_doubt(office, FaultKind.CLOSE_AFTER_EFFECT)
    await look(office)
    found = await office.request(request.id)
    assert (found.state, found.result.inferred) == (S.SUCCEEDED, True)
    assert states(found) == [S.SUCCEEDED, S.NOT_SENT, S.NOT_SENT, S.NOT_SENT]
    assert found.result.warnings == ("Not removed: site_00002, site_00003, site_00004.",)
    row = await newest(office, AuditKind.RECONCILE)
    assert row.payload["items"] == [[site, state.value, ""] for site, state in zip(FOUR, states(found), strict=True)]
    assert row.payload["warnings"] == [*found.result.warnings]


@pytest.mark.parametrize(("step", "state"), [(Step.HAPPENED, S.SUCCEEDED), (Step.DID_NOT, S.NOT_APPLIED)])
async def test_a_persons_word_settles_the_items_that_were_in_doubt(office: Office, step: Step, state: S) -> None:
    request = await in_doubt(office, FaultKind.CLOSE_BEFORE_EFFECT)
    await look(office)
    waiting = await office.request(request.id)
    assert (waiting.state, states(waiting)[0]) == (S.NEEDS_HUMAN, S.UNKNOWN)
    assert "site_00001: unknown" in reply_text(cards.card(waiting))
    settled = await office.says(waiting, step)
    assert states(settled) == [state, S.NOT_SENT, S.NOT_SENT, S.NOT_SENT]
    row = await newest(office, AuditKind.DECISION)
    expected = [state, S.NOT_SENT, S.NOT_SENT, S.NOT_SENT]
    assert row.payload["items"] == [[site, one.value, ""] for site, one in zip(FOUR, expected, strict=True)]


async def test_what_a_person_says_happened_warns_of_what_was_left(office: Office) -> None:
    await in_doubt(office, FaultKind.CLOSE_BEFORE_EFFECT)
    await look(office)
    (request,) = await office.approvals.open_in("C0PROD")
    settled = await office.says(request, Step.HAPPENED)
    assert "Warning: Not removed: site_00002, site_00003, site_00004." in reply_text(cards.card(settled))


async def test_tables_that_a_lost_call_left_alone_did_not_happen_each(office: Office) -> None:
    office.api.faults.arm(FaultKind.CLOSE_BEFORE_EFFECT, method="POST")
    request = await office.run(await office.approved(OperationKind.ENABLE_TABLES, "invoices", "audit_log"))
    assert states(request) == [S.UNKNOWN, S.UNKNOWN]
    for _ in range(8):
        await look(office)
    ended = await office.request(request.id)
    assert (ended.state, states(ended)) == (S.NOT_APPLIED, [S.NOT_APPLIED, S.NOT_APPLIED])
    assert "audit_log: did not happen" in reply_text(cards.card(ended))

"""An approved request that is not sent for want of a trail: said once, to whoever asked and whoever approved."""

from __future__ import annotations

from dataclasses import replace

import structlog

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.errors import TrailUnavailable, Unavailable
from bot.domain.requests import RequestState
from bot.services.lifecycle import OutboxKind, owe, owe_card

log = structlog.get_logger(__name__)


async def tell_held_up(database: Database, request_id: str, error: TrailUnavailable) -> None:
    """Owe the words. Where not even those can be written, only the log and `/readyz` tell."""

    def work(unit: Unit) -> None:
        request = unit.requests.lock(request_id)
        if request is None or request.state is not RequestState.APPROVED or request.result.held_up:
            return
        held = replace(request, result=replace(request.result, held_up=error.what))
        unit.requests.set_columns(request_id, result=held.result)
        owe_card(unit, held)
        for person_id in dict.fromkeys((held.requester_id, *(vote.person_id for vote in held.approvals))):
            owe(unit, held, OutboxKind.HELD_UP, person_id=person_id)

    try:
        await database.note(work)
    except Unavailable:
        log.error("held_up_untold", request=request_id)

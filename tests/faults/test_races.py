"""Four who approve and one who denies press at once, each through another replica: one decision holds, all are told."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from bot.domain.requests import OperationKind as Kind
from bot.domain.requests import RequestState
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.views import View
from tests.conftest import Figure
from tests.faults.fleet import Spawner
from tests.faults.settling import settled
from tests.faults.stage import APPROVERS, Stage, managed, staged
from tests.faults.work import ask, card_of, errand, form_of, patiently

REPLICAS = 3
APPROVING = 4
ENDS = (RequestState.SUCCEEDED, RequestState.DENIED, RequestState.EXPIRED)
TRIES = 4
"""A machine under load may outlast people's patience: they come again."""
PATIENT = {"DECISION_SECONDS": "30", "SEND_SECONDS": "30"}
"""All of them decide, and what they decide is sent, however slow the machine."""
HEAD_START_SECONDS = 0.01
AT_ONCE = APPROVERS - APPROVING
"""Each race has a denier of its own: their form for the reason is open beforehand."""


async def race(stage: Stage, number: int, denier: Person) -> str:
    """One request, five who decide at the same moment; what is wrong with how it went."""
    request = None
    for attempt in range(TRIES):
        target = stage.estate.add(managed(number + attempt * 10_000))
        request = request or await ask(stage, stage.operator(number), errand(Kind.DELETE_TOKEN, target))
    if request is None:
        return f"race {number}: no request came of it"
    card = await stage.workspace.wait_for(lambda: card_of(stage, request), 20)
    assert card is not None
    shown, reason = card, await form_for_a_reason(denier, card)
    if reason is None:
        return f"race {number}: no form for the reason opened"

    async def deny() -> bool:
        await asyncio.sleep(stage.chance.uniform(0, HEAD_START_SECONDS))
        return await patiently(lambda: denier.submit(reason))

    async def approve(person: int) -> bool:
        await asyncio.sleep(stage.chance.uniform(0, HEAD_START_SECONDS))
        return await patiently(lambda: stage.approver(person).click(shown, "Approve"))

    pressed = await asyncio.gather(deny(), *(approve(person) for person in range(APPROVING)))
    return "" if any(pressed) else f"race {number}: nobody could press"


async def form_for_a_reason(denier: Person, card: Message) -> View | None:
    """Opened by **Deny**; not at all where Slack's trigger had run out before a machine under load came to it."""
    for _ in range(TRIES):
        await patiently(lambda: denier.click(card, "Deny"))
        with suppress(TimeoutError):
            return await denier.wait_for(lambda: form_of(denier), 8)
    return None


async def races(stage: Stage, number_of_races: int) -> list[str]:
    """So many races, several at a time; what went wrong with them."""
    lanes = [asyncio.Semaphore(1) for _ in range(AT_ONCE)]

    async def in_turn(number: int) -> str:
        lane = number % AT_ONCE
        async with lanes[lane]:
            return await race(stage, number, stage.approver(APPROVING + lane))

    return [found for found in await asyncio.gather(*map(in_turn, range(number_of_races))) if found]


async def test_one_decision_holds_however_many_press_at_once(
    spawner: Spawner, postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    wanted = figure("races")
    async with staged(spawner, postgres_url, tmp_path, databases=0, seed=wanted, **PATIENT) as stage:
        await asyncio.gather(*(stage.fleet.start_ready() for _ in range(REPLICAS)))
        failures = await races(stage, wanted)
        verdict = await settled(stage)
    print(f"{wanted} races: {verdict}")
    assert failures == []
    assert verdict.wrong == ()
    decided = verdict.ends.get(RequestState.SUCCEEDED.value, 0) + verdict.ends.get(RequestState.DENIED.value, 0)
    assert decided == wanted
    assert set(verdict.ends) <= {state.value for state in ENDS}
    assert verdict.ends.get(RequestState.DENIED.value, 0) > 0, "the denier never won: that is no race"

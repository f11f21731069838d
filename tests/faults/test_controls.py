"""Controls: a bot with a fault built in on purpose is caught. A suite that lets one pass proves nothing."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from bot.domain.requests import OperationKind as Kind
from bot.domain.requests import RequestState
from bot.sandbox.api.faults import FaultKind
from tests.databases import PostgresSource, SqliteSource
from tests.faults.fleet import Spawner
from tests.faults.settling import settled
from tests.faults.stage import Stage, managed, staged, until
from tests.faults.test_failpoints import BEYOND_THE_LEASE_SECONDS
from tests.faults.test_races import PATIENT, races
from tests.faults.truth import GUARD_SECONDS, Verdict
from tests.faults.work import carry_through


async def delete_a_token(stage: Stage, number: int = 0) -> None:
    """The errand that everything here is played with."""
    await carry_through(stage, number, Kind.DELETE_TOKEN, stage.estate.add(managed(number)))


async def crash_over_a_call(stage: Stage) -> Verdict:
    """The bot dies when its call has left, and the API does nothing; the next bot finds the claim."""
    stage.api.faults.arm(FaultKind.HANG, method="POST", seconds=1.5)
    hit = await stage.fleet.start_ready(FAILPOINTS="after_headers=crash")
    errand = asyncio.create_task(carry_through(stage, 0, Kind.ENABLE_TABLES, stage.estate.add(managed(0))))
    await hit.gone()
    await stage.fleet.start_ready()
    await errand
    return await settled(stage)


async def pause_between_claim_and_call(stage: Stage) -> Verdict:
    """The bot stops between claim and call, for longer than what it read may carry a send."""
    hit = await stage.fleet.start_ready(FAILPOINTS="after_claim=pause")
    errand = asyncio.create_task(delete_a_token(stage))
    await until(lambda: hit.is_paused)
    await asyncio.sleep(max(BEYOND_THE_LEASE_SECONDS, GUARD_SECONDS + 2 * stage.pulse.worst + 2))
    hit.signal(signal.SIGCONT)
    await errand
    return await settled(stage)


async def race_for_a_decision(stage: Stage) -> Verdict:
    """Approvers and a denier press at once, again and again."""
    await asyncio.gather(*(stage.fleet.start_ready() for _ in range(2)))
    await races(stage, 24)
    return await settled(stage)


async def work_quietly(stage: Stage) -> Verdict:
    """Nothing happens but the work."""
    await stage.fleet.start_ready()
    await delete_a_token(stage)
    return await settled(stage)


async def lose_an_answer(stage: Stage) -> Verdict:
    """The API does what it was asked, and the connection breaks before its answer."""
    stage.api.faults.arm(FaultKind.CLOSE_AFTER_EFFECT, method="DELETE")
    await stage.fleet.start_ready()
    await delete_a_token(stage)
    return await settled(stage)


async def late_effect(stage: Stage) -> Verdict:
    """The API takes effect three seconds after its connection broke."""
    stage.api.faults.arm(FaultKind.LATE_EFFECT, method="DELETE", seconds=3)
    await stage.fleet.start_ready()
    await delete_a_token(stage)
    verdict = await settled(stage)
    await asyncio.sleep(3)
    return verdict if verdict.wrong else await settled(stage)


PLAYS = {
    "resend on recovery": (crash_over_a_call, ("was sent again",)),
    "no send guard": (pause_between_claim_and_call, ("after its claim",)),
    "no compare-and-set": (race_for_a_decision, ("denied) was sent", "denied and sent", "was sent again")),
    "intent after the call": (work_quietly, ("sent before its intent", "on 0 intents")),
    "wrong class": (lose_an_answer, ("is said not to have been sent, and was",)),
}


class Theatre:
    """Puts plays on, each on a database of its own, of the kind that the fault shows on."""

    def __init__(self, spawner: Spawner, sqlite: SqliteSource, postgres: PostgresSource, folder: Path) -> None:
        self._spawner = spawner
        self._sqlite = sqlite
        self._postgres = postgres
        self._folder = folder

    async def all_of_them(self, *, planted: bool) -> dict[str, Verdict]:
        """What was found in each, with its fault built in or without; all at once, since they mostly wait."""
        found = await asyncio.gather(*(self._one(name, planted=planted) for name in PLAYS))
        return dict(zip(PLAYS, found, strict=True))

    async def _one(self, name: str, *, planted: bool) -> Verdict:
        """Decisions race only where several processes write."""
        race = name == "no compare-and-set"
        source, settings = (self._postgres, PATIENT) if race else (self._sqlite, {})
        url, folder = source.clone(), self._folder / name.replace(" ", "-")
        folder.mkdir()
        async with staged(self._spawner, url, folder, databases=0, seed=1, **settings) as stage:
            stage.fleet.planted = name if planted else ""
            verdict = await PLAYS[name][0](stage)
        source.drop(url)
        return verdict


@pytest.fixture
def theatre(spawner: Spawner, sqlite_source: SqliteSource, postgres_source: PostgresSource, tmp_path: Path) -> Theatre:
    return Theatre(spawner, sqlite_source, postgres_source, tmp_path)


async def test_each_planted_fault_is_caught(theatre: Theatre) -> None:
    found = await theatre.all_of_them(planted=True)
    missed = {
        name: verdict
        for name, verdict in found.items()
        if not any(word in wrong for word in PLAYS[name][1] for wrong in verdict.wrong)
    }
    assert missed == {}


async def test_the_same_plays_with_a_sound_bot_find_nothing(theatre: Theatre) -> None:
    found = await theatre.all_of_them(planted=False)
    assert {name: verdict.wrong for name, verdict in found.items() if verdict.wrong} == {}
    assert all(verdict.ends for verdict in found.values())


async def test_a_quiet_period_that_is_too_short_is_caught(spawner: Spawner, sqlite_url: str, tmp_path: Path) -> None:
    async with staged(spawner, sqlite_url, tmp_path, databases=0, RECONCILE_SECONDS="1") as stage:
        verdict = await late_effect(stage)
    assert any("not_applied) took effect" in wrong for wrong in verdict.wrong), verdict


async def test_a_quiet_period_that_is_long_enough_finds_the_late_effect(
    spawner: Spawner, sqlite_url: str, tmp_path: Path
) -> None:
    async with staged(spawner, sqlite_url, tmp_path, databases=0, RECONCILE_SECONDS="4,5") as stage:
        verdict = await late_effect(stage)
    assert verdict.wrong == ()
    assert verdict.ends == {RequestState.SUCCEEDED.value: 1}

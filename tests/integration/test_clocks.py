"""A replica whose clock is off would take living claims for dead: it does not start, and serving it holds changes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.errors import ConfigurationError
from bot.domain.ports import SystemClock
from bot.domain.requests import Request, RequestState
from tests.bots import World, running_bot
from tests.factories import make_request


class ShiftedClock(SystemClock):
    """This machine's clock, so many seconds off."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.seconds)


@pytest.mark.parametrize("seconds", [25.0, -25.0, 0.0])
async def test_the_database_tells_how_far_the_clock_is_off(
    postgres_url: str, audit_keys: AuditKeys, seconds: float
) -> None:
    database = Database.open(postgres_url, clock=ShiftedClock(seconds), audit_keys=audit_keys)
    try:
        assert await database.seconds_ahead() == pytest.approx(seconds, abs=2)
    finally:
        await database.close()


@pytest.mark.parametrize(("seconds", "said"), [(25.0, "25 s ahead of the database"), (-25.0, "25 s behind")])
async def test_a_replica_whose_clock_is_off_does_not_start(postgres_url: str, seconds: float, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        async with running_bot(postgres_url, clock=ShiftedClock(seconds)):
            pass
    assert said in refused.value.problems[0]


async def test_one_machine_alone_has_nothing_to_compare_its_clock_with(sqlite_url: str) -> None:
    async with running_bot(sqlite_url, clock=ShiftedClock(25)) as world:
        assert await world.program.readiness() == []


async def test_while_the_clock_is_off_changes_are_off_and_nobody_is_taken_for_dead(postgres_url: str) -> None:
    clock = ShiftedClock(0)
    async with running_bot(postgres_url, clock=clock) as world:
        claimed = await claimed_by_another(world)
        await world.program.background.stop(5)  # a tick that has just compared the clocks may go on by the wrong one
        clock.seconds = 25
        (problem,) = await world.program.readiness()
        assert "s ahead of the database's, so changes are off until it is set right" in problem
        await world.program.timekeeper.tick()
        assert (await state_of(world, claimed)) is RequestState.EXECUTING
        assert "clock of the bot" in await world.says("alan", "#prod", "tables enable orders-eu invoices")
        assert "12 databases" in await world.says("cleo", "#prod", "databases list")
        clock.seconds = 0
        assert await world.program.readiness() == []
        assert "Please confirm" in await world.says("alan", "#prod", "tables enable orders-eu invoices")
    assert world.api.journal.changing == []


async def claimed_by_another(world: World) -> Request:
    """A send under way in another replica, whose claim holds twenty seconds more."""
    request = make_request(state=RequestState.EXECUTING, claim_owner="run-another")

    def work(unit: Unit) -> None:
        unit.requests.insert(request)
        unit.requests.set_columns(request.id, claimed_at=unit.now, claim_expires=unit.now + timedelta(seconds=20))

    await world.program.database.note(work)
    return request


async def state_of(world: World, request: Request) -> RequestState:
    found = await world.program.database.read(lambda unit: unit.requests.get(request.id))
    assert found is not None
    return found.state

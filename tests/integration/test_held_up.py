"""Approved, and the trail does not take the intent: nothing is sent, people are told once, and nothing spins."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from bot.db.connections import database_url as address_of
from bot.db.unit import Unit
from bot.domain.audit import AuditAction
from bot.domain.requests import Operation, OperationKind, Request, RequestState, Target
from bot.services.operations.catalogue import handlers
from tests.bots import World, running_bot
from tests.factories import make_request, make_vote

PROBLEM = "The audit trail's last row is not the one its head names."

REFUSES = {
    "sqlite": ("""CREATE TRIGGER full BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END""",),
    "postgresql": (
        """CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$""",
        """CREATE TRIGGER is_full BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION is_full()""",
    ),
}
TAKES = {"sqlite": "DROP TRIGGER full", "postgresql": "DROP TRIGGER is_full ON audit_events"}


def run(url: str, *statements: str) -> None:
    engine = create_engine(address_of(url))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@contextmanager
def unwritable(url: str) -> Iterator[None]:
    """The trail takes no row; all else can be written."""
    engine = "sqlite" if url.startswith("sqlite") else "postgresql"
    run(url, *REFUSES[engine])
    yield
    run(url, TAKES[engine])


async def approved(world: World) -> str:
    """A request of Alan's that Grace has just approved; the sender finds it by itself."""
    workspace = world.workspace
    database = next(one for one in world.api.estate.databases.values() if one.label == "orders-eu")
    operation = Operation(kind=OperationKind.DELETE_DATABASE, environment="default", database_id=database.id)
    now = datetime.now(UTC)
    request: Request = make_request(
        operation=operation,
        digest=operation.digest(),
        observation=await handlers()[operation.kind].observe(world.program.environments.client("default"), operation),
        target=Target(key=f"default:{database.id}", id=database.id, label="orders-eu"),
        requester_id=workspace.member("alan").id,
        requester_name="Alan",
        channel_id=workspace.channel("prod").id,
        team_id=workspace.team.id,
        decide_by=now + timedelta(seconds=900),
        created_at=now,
    )

    def work(unit: Unit) -> None:
        unit.requests.insert(request)
        unit.requests.add_vote(request.id, make_vote(workspace.member("grace").id))
        until = unit.now + timedelta(seconds=120)
        unit.requests.move(request.id, before=RequestState.PENDING, after=RequestState.APPROVED, send_by=until)

    await world.program.database.note(work)
    return request.id


async def tries_within(seconds: float, request_id: str) -> int:
    """How often it was taken up and put off again."""
    with capture_logs() as logs:
        await asyncio.sleep(seconds)
    return sum(one["event"] == "send_postponed" and one["request"] == request_id for one in logs)


def told(world: World, name: str) -> list[str]:
    person = world.person(name)
    return [read for one in person.see("dm") if "Not sent yet" in (read := person.read(one))]


async def ready(world: World) -> str:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{world.bot_url}/readyz")).text


async def test_a_request_that_a_distrusted_trail_holds_up_is_taken_up_a_few_times_only(database_url: str) -> None:
    async with running_bot(database_url) as world:
        world.program.trail.distrust(PROBLEM)
        request_id = await approved(world)
        assert 1 <= await tries_within(3, request_id) <= 3
        assert world.api.journal.changing == []
        assert len(told(world, "alan")) == len(told(world, "grace")) == 1
        assert PROBLEM in told(world, "alan")[0]
        assert "Not sent yet" in world.card()


async def test_an_intent_that_cannot_be_written_is_said_everywhere_once_and_sent_when_it_can(database_url: str) -> None:
    async with running_bot(database_url) as world:
        with unwritable(database_url):
            request_id = await approved(world)
            assert 1 <= await tries_within(3, request_id) <= 3
            assert world.api.journal.changing == []
            assert "cannot be written" in await ready(world)
            for name in ("alan", "grace"):
                (words,) = told(world, name)
                assert "cannot be written" in words
                assert "tried until" in words
            assert "Not sent yet" in world.card()

        async def ended() -> RequestState:
            found = await world.program.database.read(lambda unit: unit.requests.get(request_id))
            assert found is not None
            return found.state

        for _ in range(100):
            if await ended() is not RequestState.APPROVED and world.program.trail.unwritten == "":
                break
            await asyncio.sleep(0.1)
        await world.settle()
        assert await ended() is RequestState.SUCCEEDED
        assert "cannot be written" not in await ready(world)
        assert len(told(world, "alan")) == 1


async def test_a_row_tells_of_the_time_in_which_none_could_be_written(database_url: str) -> None:
    async with running_bot(database_url) as world:
        with unwritable(database_url):
            await world.says("cleo", "#prod", "org")
            assert "cannot be written" in await ready(world)
        for _ in range(100):
            if not world.program.trail.unwritten:
                break
            await asyncio.sleep(0.1)
        row = (await world.trail())[-1]
        assert row.action is AuditAction.SYSTEM_TRAIL
        assert "cannot be written" in str(row.payload["problem"])


@pytest.mark.parametrize("database_source", ["sqlite"], indirect=True)
async def test_with_a_distrusted_trail_nothing_is_approved_and_all_can_be_taken_back(database_url: str) -> None:
    async with running_bot(database_url) as world:
        await world.says("alan", "#prod", "databases delete orders-eu")
        await world.fills("alan", {"Type the label to confirm": "orders-eu", "Reason": "moved"})
        world.program.trail.distrust(PROBLEM)
        answer = await world.presses("grace", "#prod", "Approve")
        assert "Changes are off" in answer
        assert PROBLEM in answer
        assert "asks to" in world.card()
        await world.presses("alan", "#prod", "Cancel")
        assert "Cancelled" in world.card()


@pytest.mark.parametrize("database_source", ["sqlite"], indirect=True)
async def test_with_a_distrusted_trail_nothing_is_confirmed(database_url: str) -> None:
    async with running_bot(database_url) as world:
        await world.says("alan", "#prod", "tables enable orders-eu invoices")
        world.program.trail.distrust(PROBLEM)
        assert "Changes are off" in await world.presses("alan", "#prod", "Confirm")
        assert world.api.journal.changing == []

"""What a crash leaves is found at the next start: deliveries, claims, and a trail that no longer holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError
from structlog.testing import capture_logs

from bot.db.connections import database_url as address_of
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditFilter, AuditKind, AuditOutcome
from bot.domain.errors import Unavailable
from bot.domain.invocation import Invocation, Surface
from bot.domain.requests import RequestState
from bot.services import deliveries
from bot.services.deliveries import Deliveries
from tests.bots import running_bot
from tests.clock import ManualClock
from tests.factories import make_delivery, make_item


async def test_a_delivery_that_was_never_answered_is_audited_and_the_person_told(database_url: str) -> None:
    async with running_bot(database_url) as world:
        ada = world.person("ada")
        left = Invocation(
            delivery="command:left",
            story="st-left",
            surface=Surface.COMMAND,
            team_id="T",
            channel_id="C1",
            person_id=ada.id,
        )
        assert await world.program.deliveries.take(left) is None
        assert await world.program.deliveries.take(left) == ""
        assert await world.program.deliveries.recover(older_than_seconds=300) == 0, "it may be under way elsewhere"
        assert await world.program.deliveries.recover() == 1
        assert await world.program.deliveries.recover() == 0
        await world.settle()
        assert "restarted before it could answer you" in world.told("ada")
        row = (await world.trail())[-1]
        assert (row.kind, row.outcome, row.delivery) == (AuditKind.ABANDONED, AuditOutcome.ABANDONED, "command:left")
        assert row.payload["person"] == world.workspace.member("ada").name


async def fails(*_: object) -> None:
    raise Unavailable("The database does not answer as it should right now.")


async def test_an_answer_whose_place_cannot_be_written_down_is_shown_all_the_same(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_bot(database_url) as world:
        monkeypatch.setattr(world.program.dispatcher._parts.forms, "keep", fails)
        assert "this needs a channel with the role" in await world.says("grace", "#support", "databases register")
        assert await world.program.deliveries.recover() == 0, "it was answered"


async def test_an_answer_that_cannot_be_noted_as_read_is_an_answer_all_the_same(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_bot(database_url) as world:
        monkeypatch.setattr(world.program.dispatcher._parts.gatekeeper, "told", fails)
        await world.says("alan", "#prod", "tables enable orders-eu invoices")
        await world.presses("alan", "#prod", "Cancel")
        assert await world.program.deliveries.recover() == 0, "it was answered"


class FailsAtFirst:
    """A database that does not take the next so many notes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.failing = 0

    async def note(self, work: Callable[[Unit], Any]) -> Any:
        if self.failing:
            self.failing -= 1
            await fails()
        return await self._database.note(work)

    async def write(self, work: Callable[[Unit], Any]) -> Any:
        return await self._database.write(work)


@pytest.mark.parametrize("failures", [1, deliveries.NOTING_ATTEMPTS])
async def test_nobody_is_told_of_a_restart_for_an_answer_that_could_not_be_noted_at_once(
    database: Database, clock: ManualClock, failures: int
) -> None:
    at_hand = FailsAtFirst(database)
    taking = Deliveries(cast(Database, at_hand), clock, nameless)
    given = Invocation(
        delivery="command:noted", story="st-1", surface=Surface.COMMAND, team_id="T", channel_id="C1", person_id="U1"
    )
    assert await taking.take(given) is None
    at_hand.failing = failures
    with suppress(Unavailable):
        await taking.finish(given, "12 databases")
    clock.advance(600)
    assert await taking.recover() == 0
    assert await taking.take(given) == "12 databases"


async def nameless(person_id: str) -> str:
    return ""


async def test_names_are_asked_for_together_and_not_waited_for_long(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "NAMES_SECONDS", 0.2)
    people = [f"U{number}" for number in range(20)]

    async def slow(person_id: str) -> str:
        await asyncio.sleep(60 if person_id == "U7" else 0.05)
        return f"name of {person_id}"

    def work(unit: Unit) -> None:
        for person in people:
            unit.inbox.record(make_delivery(person, person_id=person))

    await database.note(work)
    clock.advance(1)
    async with asyncio.timeout(60):
        assert await Deliveries(database, clock, slow).recover() == len(people)
    page = await database.read(lambda unit: unit.audit.page(AuditFilter(quiet=True, limit=50)))
    named = {row.actor: row.payload["person"] for row in page.records}
    assert named == {person: "" if person == "U7" else f"name of {person}" for person in people}


async def test_messages_that_went_out_are_forgotten_after_a_week_and_owed_ones_are_kept(
    database: Database, clock: ManualClock
) -> None:
    sent, owed = make_item("sent", "a"), make_item("owed", "b")

    def work(unit: Unit) -> None:
        unit.outbox.put(sent)
        unit.outbox.put(owed)
        unit.outbox.done(sent.id)

    await database.note(work)
    clock.advance(8 * 24 * 3600)
    await Deliveries(database, clock, nameless).purge()
    assert await database.read(lambda unit: unit.outbox.pending()) == 1
    assert await database.note(lambda unit: unit.outbox.purge(clock.now())) == 0, "it was purged already"


async def test_a_claim_that_ran_out_leads_to_reading_and_never_to_a_second_send(database_url: str) -> None:
    async with running_bot(database_url) as world:
        await world.says("alan", "#prod", "tables enable orders-eu invoices")
        request_id = next(row.request_id for row in await world.trail() if row.request_id)
        assert request_id is not None
        past = datetime.now(UTC) - timedelta(seconds=1)

        def crash(unit: Unit) -> None:
            move = unit.requests.move
            future = datetime.now(UTC) + timedelta(seconds=60)
            move(request_id, before=RequestState.PENDING, after=RequestState.APPROVED, send_by=future)
            move(
                request_id,
                before=RequestState.APPROVED,
                after=RequestState.EXECUTING,
                claim_owner="somebody-dead",
                claimed_at=past,
                claim_expires=past,
            )

        await world.program.database.write(crash)
        await world.person("alan").wait_for(
            lambda: "Unknown whether it happened" in world.told("alan") or None, timeout=40
        )
        assert world.api.journal.changing == []


async def test_a_trail_that_was_tampered_with_turns_changes_off_and_says_so(postgres_url: str) -> None:
    async with running_bot(postgres_url) as world:
        await world.says("cleo", "#prod", "org")
    engine = create_engine(address_of(postgres_url))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_events DISABLE TRIGGER audit_events_no_update"))
        connection.execute(text("UPDATE audit_events SET actor = 'U0NOBODY' WHERE seq = 2"))
    engine.dispose()
    async with running_bot(postgres_url) as world:
        await world.settle()
        assert "Changes are off" in world.told("ada")
        assert "Acme Corp is active" in await world.says("cleo", "#prod", "org")
        await world.says("alan", "#prod", "tables enable orders-eu invoices")
        assert "audit trail cannot be relied upon" in world.reads("alan", "#prod")
        assert world.api.journal.changing == []


async def test_a_last_row_that_was_altered_behind_its_triggers_turns_changes_off(postgres_url: str) -> None:
    async with running_bot(postgres_url) as world:
        await world.says("cleo", "#prod", "org")
    engine = create_engine(address_of(postgres_url))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_events DISABLE TRIGGER audit_events_no_update"))
        last = "(SELECT max(seq) FROM audit_events)"
        connection.execute(text(f"UPDATE audit_events SET actor = 'U0NOBODY' WHERE seq = {last}"))  # noqa: S608
        connection.execute(text("ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_no_update"))
    engine.dispose()
    async with running_bot(postgres_url) as world:
        await world.settle()
        assert "Changes are off" in world.told("ada")
        assert "altered: the columns do not fit the hash" in world.told("ada")


WITHOUT_A_TRIGGER = {
    "sqlite": "DROP TRIGGER audit_events_no_delete",
    "postgresql": "DROP TRIGGER audit_events_no_delete ON audit_events",
}


async def test_a_trigger_that_is_gone_at_start_is_said_in_slack_readyz_and_the_log(database_url: str) -> None:
    async with running_bot(database_url):
        pass
    engine = create_engine(address_of(database_url))
    with engine.begin() as connection:
        connection.execute(text(WITHOUT_A_TRIGGER[engine.dialect.name]))
    engine.dispose()
    with capture_logs() as logs:
        async with running_bot(database_url) as world, httpx.AsyncClient() as client:
            await world.settle()
            for words in (
                world.told("ada"),
                (await client.get(f"{world.bot_url}/readyz")).text,
                str([one for one in logs if one["event"] == "trail_unsound" and one["log_level"] == "error"]),
            ):
                assert "audit_events_no_delete" in words
            refused = await world.says("alan", "#prod", "tables enable orders-eu invoices")
            assert "Changes are off" in refused
            assert world.api.journal.changing == []


@pytest.mark.parametrize("statement", ["UPDATE audit_events SET actor = 'x'", "DELETE FROM audit_events"])
async def test_the_trail_cannot_be_altered_through_the_database(database_url: str, statement: str) -> None:
    async with running_bot(database_url) as world:
        await world.says("cleo", "#prod", "org")
        rows = len(await world.trail())
    engine = create_engine(address_of(database_url))
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert rows > 1


async def test_a_key_of_another_organisation_turns_changes_off(database_url: str) -> None:
    async with running_bot(database_url) as world:
        await world.says("alan", "#prod", "org")
        world.api.estate.organisation = replace(world.api.estate.organisation, id="org_other")
        await world.says("alan", "#prod", "tables enable orders-eu invoices")
        await world.presses("alan", "#prod", "Confirm")
        assert world.api.journal.changing == []
        refused = await world.says("alan", "#prod", "tables enable orders-us invoices")
        assert "another organisation" in refused

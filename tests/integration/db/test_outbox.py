"""Messages that are owed: in order for each key, by one worker at a time, until they are out."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.records import OutboxItem
from tests.clock import START
from tests.factories import make_item

LEASE = 30


async def owed(database: Database, *items: OutboxItem) -> None:
    def work(unit: Unit) -> None:
        for item in items:
            unit.outbox.put(item)

    await database.write(work)


async def claim(database: Database, now: datetime = START, owner: str = "one", limit: int = 10) -> list[str]:
    claimed = await database.note(lambda unit: unit.outbox.claim_due(owner, now, LEASE, limit))
    return [item.id for item in claimed]


async def test_an_item_comes_back_as_it_was_put(database: Database) -> None:
    item = make_item("a", body={"text": "done", "buttons": ["undo"]}, person_id="U0ADA", version=3)
    await owed(database, item)
    assert await database.note(lambda unit: unit.outbox.claim_due("one", START, LEASE, 10)) == (item,)


async def test_messages_of_one_key_go_out_in_order(database: Database) -> None:
    await owed(database, make_item("a1", "a"), make_item("a2", "a"), make_item("b1", "b"))
    assert await claim(database) == ["a1", "b1"]
    await database.note(lambda unit: unit.outbox.done("a1"))
    assert await claim(database) == ["a2"]


async def test_a_later_message_waits_even_while_an_earlier_one_is_put_off(database: Database) -> None:
    await owed(database, make_item("a1", "a"), make_item("a2", "a"))
    await claim(database)
    await database.note(lambda unit: unit.outbox.retry("a1", START + timedelta(minutes=1), "ratelimited"))
    assert await claim(database) == []
    assert await claim(database, START + timedelta(minutes=1)) == ["a1"]


async def test_a_message_that_is_given_up_lets_the_next_one_go(database: Database) -> None:
    await owed(database, make_item("a1", "a"), make_item("a2", "a"))
    await database.note(lambda unit: unit.outbox.dead("a1", "channel_not_found"))
    assert await claim(database) == ["a2"]


async def test_what_one_worker_holds_no_other_takes_until_the_lease_ends(database: Database) -> None:
    await owed(database, make_item("a1"))
    assert await claim(database, owner="one") == ["a1"]
    assert await claim(database, owner="two") == []
    assert await claim(database, START + timedelta(seconds=LEASE - 1), owner="two") == []
    assert await claim(database, START + timedelta(seconds=LEASE), owner="two") == ["a1"]


async def test_nothing_goes_out_before_it_is_due(database: Database) -> None:
    await owed(database, make_item("a1", due_at=START + timedelta(seconds=5)))
    assert await claim(database) == []
    assert await claim(database, START + timedelta(seconds=5)) == ["a1"]


async def test_each_attempt_is_counted(database: Database) -> None:
    await owed(database, make_item("a1"))
    for _ in range(2):
        await claim(database)
        await database.note(lambda unit: unit.outbox.retry("a1", START, "timeout"))
    (item,) = await database.note(lambda unit: unit.outbox.claim_due("one", START, LEASE, 10))
    assert item.attempts == 2


async def test_a_worker_that_died_over_a_message_counts_as_an_attempt(database: Database) -> None:
    await owed(database, make_item("a1"))
    await claim(database)
    later = START + timedelta(seconds=LEASE)
    (item,) = await database.note(lambda unit: unit.outbox.claim_due("two", later, LEASE, 10))
    assert item.attempts == 1, "it may have been sent: whoever takes it now must look first"


async def test_leases_of_the_dead_are_let_go_at_start(database: Database) -> None:
    await owed(database, make_item("a1"))
    await claim(database, owner="dead")
    await database.note(lambda unit: unit.outbox.let_go_of_all())
    assert await claim(database, owner="new") == ["a1"]


async def test_what_was_said_on_the_screen_is_not_sent_again(database: Database) -> None:
    await owed(database, make_item("a1", "a"), make_item("a2", "a"), make_item("b1", "b"))
    await database.note(lambda unit: unit.outbox.settle("a"))
    assert await claim(database) == ["b1"]


async def test_a_batch_is_no_larger_than_asked_for(database: Database) -> None:
    await owed(database, *(make_item(f"i{number}", f"k{number}") for number in range(5)))
    assert await claim(database, limit=2) == ["i0", "i1"]


async def test_what_is_pending_is_counted(database: Database) -> None:
    await owed(database, make_item("a"), make_item("b"), make_item("c"))
    await database.note(lambda unit: unit.outbox.done("a"))
    await database.note(lambda unit: unit.outbox.dead("b", "gone"))
    assert await database.read(lambda unit: unit.outbox.pending()) == 1


async def test_only_what_is_over_is_forgotten(database: Database) -> None:
    await owed(database, make_item("a"), make_item("b"), make_item("c", created_at=START + timedelta(days=1)))
    await database.note(lambda unit: unit.outbox.done("a"))
    await database.note(lambda unit: unit.outbox.done("c"))
    assert await database.note(lambda unit: unit.outbox.purge(START + timedelta(hours=1))) == 1
    assert await claim(database) == ["b"]


async def test_a_lease_is_renewed_by_whoever_has_it_and_by_nobody_else(database: Database) -> None:
    await owed(database, make_item("a1"))
    await claim(database, owner="one")
    late = START + timedelta(seconds=LEASE)
    assert not await database.note(lambda unit: unit.outbox.renew("a1", "two", START, LEASE))
    assert await database.note(lambda unit: unit.outbox.renew("a1", "one", late, LEASE))
    assert await claim(database, late, owner="two") == []
    await claim(database, late + timedelta(seconds=LEASE), owner="two")
    assert not await database.note(lambda unit: unit.outbox.renew("a1", "one", late, LEASE))
    await database.note(lambda unit: unit.outbox.done("a1"))
    assert not await database.note(lambda unit: unit.outbox.renew("a1", "two", late, LEASE))


async def test_whether_one_of_a_key_waits_is_told_by_the_newest(database: Database) -> None:
    async def waits() -> bool:
        return await database.read(lambda unit: unit.outbox.is_waiting("a"))

    assert not await waits()
    await owed(database, make_item("a1", "a"), make_item("b1", "b"))
    assert await waits()
    await database.note(lambda unit: unit.outbox.done("a1"))
    assert not await waits()


async def test_what_an_attempt_remembers_is_there_for_the_next(database: Database) -> None:
    await owed(database, make_item("a1"))
    await database.note(lambda unit: unit.outbox.set_body("a1", {"seq": 7}))
    (item,) = await database.note(lambda unit: unit.outbox.claim_due("one", START, LEASE, 10))
    assert item.body == {"seq": 7}

"""Random tampering by somebody who owns the database but not the keys: found, at the right row, by its name."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import Connection, Engine, func, select, text

from bot.db.audit_verify import against_posted, verify_rows
from bot.db.audit_walk import NEIGHBOURS, Fault, Finding
from bot.db.chain import GENESIS, AuditKeys
from bot.db.connections import database_url as rewritten
from bot.db.connections import writing_engine
from bot.db.tables import audit_events
from tests.conftest import AUDIT_KEYS, Figure
from tests.integration.db.attacks import (
    ANCHORED,
    ATTACKS,
    ERASED,
    LET_GO,
    RING,
    ROTATED,
    ROWS,
    TOMBSTONE,
    TRIGGERS,
    Attack,
    Expected,
    Owner,
    append_a_row,
    cut_the_tail,
    cut_without_the_head,
    delete_a_row,
    delete_and_renumber,
    edit_a_column,
    edit_a_payload,
    edit_and_hash_anew,
    erase_without_a_tombstone,
    first_bad,
    insert_a_row,
    move_the_head,
    plant_an_anchor,
    put_a_row_before_the_first,
    put_the_heads_time_forward,
    roll_the_file_back,
    sign_with_another_key,
    stored,
    swap_two_rows,
    take_a_stored_anchor_away,
    take_all_stored_anchors_away,
    take_the_head_away,
    write_trail,
)


@pytest.fixture
async def trail(database_url: str) -> AsyncIterator[Engine]:
    """A sound trail in a database whose triggers its owner has taken away."""
    await write_trail(database_url)
    engine = writing_engine(rewritten(database_url))
    with engine.begin() as connection:
        for name, on in connection.execute(text(TRIGGERS[engine.dialect.name])).all():
            connection.execute(text(f"DROP TRIGGER {name}{on}"))
        Owner(connection).execute("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = ?", (ERASED,))
    yield engine
    engine.dispose()


def verified(connection: Connection, posted: Sequence[tuple[int, str]] = ()) -> Finding:
    """What verification says, with what stands in Slack."""
    finding = verify_rows(connection, RING)
    return finding if finding.seq is not None else against_posted(connection, posted, rows=finding.rows) or finding


def hashes(connection: Connection, *seqs: int) -> list[tuple[int, str]]:
    """Anchors as they stand in Slack."""
    return [(seq, str(stored(Owner(connection), seq)["hash"])) for seq in seqs]


def test_every_tampering_is_found_at_its_row_and_named(trail: Engine, figure: Figure) -> None:
    chance, wrong = random.Random(7), []
    for number in range(figure("tamperings")):
        attack = ATTACKS[number % len(ATTACKS)]
        with trail.connect() as connection, connection.begin() as transaction:
            posted = hashes(connection, *ANCHORED, ROWS)
            owner = Owner(connection)
            expected = first_bad(owner, attack(owner, chance))
            finding = verified(connection, posted)
            transaction.rollback()
        if (finding.seq, finding.fault) != (expected.seq, expected.fault):
            wrong.append((attack.__name__, expected, finding))
    assert wrong == []


def test_what_the_checkpoint_lets_go_of_may_be_deleted(trail: Engine) -> None:
    with trail.connect() as connection, connection.begin() as transaction:
        Owner(connection).execute("DELETE FROM audit_events WHERE seq <= ?", (LET_GO,))
        assert verified(connection) == Finding(rows=ROWS - LET_GO)
        transaction.rollback()


def test_what_was_taken_back_leaves_a_sound_trail(trail: Engine) -> None:
    with trail.connect() as connection:
        assert verified(connection, hashes(connection, *ANCHORED, ROWS)) == Finding(rows=ROWS)


def test_a_file_that_was_rolled_back_looks_whole_by_itself(trail: Engine) -> None:
    with trail.connect() as connection, connection.begin() as transaction:
        roll_the_file_back(Owner(connection), random.Random(1))
        assert verified(connection).seq is None
        transaction.rollback()


def test_a_history_that_was_written_anew_with_the_key_differs_from_its_anchors(trail: Engine) -> None:
    with trail.connect() as connection:
        finding = verified(connection, [(20, GENESIS)])
    assert (finding.seq, finding.fault) == (20, Fault.ALTERED)


def alter(seq: int) -> Attack:
    def work(database: Owner, chance: random.Random) -> Expected:
        del chance
        database.execute("UPDATE audit_events SET actor = 'U0EVE' WHERE seq = ?", (seq,))
        return Expected(seq=seq, fault=Fault.ALTERED)

    return work


def erase(seq: int) -> Attack:
    def work(database: Owner, chance: random.Random) -> Expected:
        del chance
        database.execute("UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = ?", (seq,))
        return Expected(seq=seq, fault=Fault.ERASED)

    return work


IN_PLACE: tuple[Attack, ...] = (
    edit_a_column,
    edit_a_payload,
    edit_and_hash_anew,
    erase_without_a_tombstone,
    take_a_stored_anchor_away,
    take_all_stored_anchors_away,
)
"""They leave every row where it is, so that another attack finds what it looks for."""
THEN: tuple[Attack, ...] = (
    *IN_PLACE,
    delete_a_row,
    delete_and_renumber,
    swap_two_rows,
    insert_a_row,
    append_a_row,
    cut_the_tail,
    cut_without_the_head,
    move_the_head,
    put_the_heads_time_forward,
    take_the_head_away,
    put_a_row_before_the_first,
    sign_with_another_key,
    plant_an_anchor,
)


def is_told_apart(one: Expected, two: Expected, connection: Connection) -> bool:
    """Two attacks on one row or its neighbour are one that has another name; what was cut off is no longer bad."""
    last = connection.execute(select(func.max(audit_events.c.seq))).scalar_one()
    return abs(one.seq - two.seq) > NEIGHBOURS and min(one.seq, two.seq) <= last


def test_of_two_attacks_at_once_the_first_bad_row_is_named(trail: Engine, figure: Figure) -> None:
    chance, wrong, tried = random.Random(11), [], 0
    for number in range(2 * figure("tamperings")):
        attacks = IN_PLACE[number % len(IN_PLACE)], THEN[number % len(THEN)]
        with trail.connect() as connection, connection.begin() as transaction:
            owner = Owner(connection)
            both = [attack(owner, chance) for attack in attacks]
            if is_told_apart(both[0], both[1], connection):
                tried += 1
                expected, finding = first_bad(owner, *both), verified(connection)
                if finding.seq != expected.seq:  # one row may have met with both: what it is called is open
                    wrong.append(([attack.__name__ for attack in attacks], both, expected, finding))
            transaction.rollback()
    assert wrong == []
    assert tried > figure("tamperings")


NAMED: dict[str, tuple[tuple[Attack, ...], Expected]] = {
    "erased, then altered": ((erase(3), alter(8)), Expected(seq=3, fault=Fault.ERASED)),
    "altered, then erased": ((erase(8), alter(3)), Expected(seq=3, fault=Fault.ALTERED)),
    "erased, and the head's time": ((erase(3), put_the_heads_time_forward), Expected(seq=3, fault=Fault.ERASED)),
    "erased, and the head": ((erase(3), move_the_head), Expected(seq=3, fault=Fault.ERASED)),
    "erased, and cut": ((erase(3), cut_the_tail), Expected(seq=3, fault=Fault.ERASED)),
    "erased, and signed anew": ((erase(3), sign_with_another_key), Expected(seq=3, fault=Fault.ERASED)),
    "explained, and altered": ((alter(TOMBSTONE - 2),), Expected(seq=TOMBSTONE - 2, fault=Fault.ALTERED)),
    "its tombstone altered": ((alter(TOMBSTONE),), Expected(seq=ERASED, fault=Fault.ERASED)),
    "anchor gone, then altered": ((take_all_stored_anchors_away, alter(50)), Expected(seq=21, fault=Fault.MISSING)),
}


@pytest.mark.parametrize("what", NAMED)
def test_the_first_of_these_is_named(trail: Engine, what: str) -> None:
    attacks, expected = NAMED[what]
    with trail.connect() as connection, connection.begin() as transaction:
        for attack in attacks:
            attack(Owner(connection), random.Random(1))
        finding = verified(connection)
        transaction.rollback()
    assert (finding.seq, finding.fault) == (expected.seq, expected.fault)


def test_an_erased_row_is_named_with_the_fault_that_hid_it(trail: Engine) -> None:
    with trail.connect() as connection, connection.begin() as transaction:
        for attack in (erase(3), alter(8)):
            attack(Owner(connection), random.Random(1))
        assert verified(connection).problem == (
            "erased without a tombstone: and row 8 is altered: the columns do not fit the hash"
        )
        transaction.rollback()


def test_a_key_that_is_missing_makes_no_erasure_a_fault(trail: Engine) -> None:
    """Its tombstone cannot be judged."""
    with trail.connect() as connection:
        finding = verify_rows(connection, AuditKeys([RING.keys[0]]))
        assert (finding.seq, finding.fault) == (1, Fault.WRONG_KEY)
        finding = verify_rows(connection, AUDIT_KEYS)
        assert (finding.seq, finding.fault) == (ROTATED + 1, Fault.WRONG_KEY)

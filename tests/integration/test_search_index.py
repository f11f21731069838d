"""The search index is not in the chain: `audit verify` compares it with the rows, and `audit reindex` mends it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.db.connections import database_url as rewritten
from bot.db.engine import Database
from bot.domain.audit import AuditFilter
from bot.domain.errors import ConfigurationError
from bot.services.retention import Keeper
from tests.clock import ManualClock
from tests.conftest import OpenDatabase
from tests.integration.db.conftest import Intruder, append, intruder, runtime_url
from tests.integration.test_process import run
from tests.integration.test_truncating import environ, slack

__all__ = ["environ", "intruder", "runtime_url", "slack"]

EMPTIES = {
    "sqlite": "INSERT INTO audit_search(audit_search) VALUES ('delete-all')",
    "postgresql": "DELETE FROM audit_search",
}
PLANTS = {
    "sqlite": "INSERT INTO audit_search(rowid, body) VALUES (99, 'freeze')",
    "postgresql": "INSERT INTO audit_search VALUES (99, to_tsvector('freeze'))",
}
WITHOUT_4 = {
    "sqlite": "INSERT INTO audit_search(audit_search, rowid, body) VALUES ('delete', 4, 'databases list said freeze')",
    "postgresql": "DELETE FROM audit_search WHERE seq = 4",
}


async def problem(database: Database) -> str:
    return await database.read(lambda unit: unit.audit.index_problem())


async def found(database: Database, typed: str) -> list[int]:
    page = await database.read(lambda unit: unit.audit.page(AuditFilter(text=typed, quiet=True, limit=100)))
    return [record.seq for record in page.records]


@pytest.fixture
async def keeper(database: Database) -> Keeper:
    """Of five rows, each of which one word finds."""
    for number in range(5):
        await append(database, payload={"said": f"freeze word{number}"})
    return Keeper(database, "ada")


@pytest.mark.parametrize(
    ("attacks", "told"),
    [
        (EMPTIES, "it has 0 entries for 5 rows. First row that no word finds: 1."),
        (WITHOUT_4, "it has 4 entries for 5 rows. First row that no word finds: 4."),
        (PLANTS, "it has 6 entries for 5 rows."),
    ],
    ids=["emptied", "one is gone", "one too many"],
)
async def test_what_words_no_longer_find_is_told_and_mended(
    database: Database, intruder: Intruder, keeper: Keeper, attacks: dict[str, str], told: str
) -> None:
    assert await problem(database) == ""
    intruder.run(attacks[intruder.dialect])
    assert await problem(database) == f"The search index does not hold: {told}"
    assert await keeper.index_anew() == 5
    assert await problem(database) == ""
    assert await found(database, "freeze") == [5, 4, 3, 2, 1]


async def test_what_was_erased_is_not_found_again(database: Database, keeper: Keeper) -> None:
    await keeper.erase([2], "asked for")
    await keeper.index_anew()
    assert await found(database, "word1") == []
    assert await found(database, "word2") == [3]
    assert await problem(database) == ""
    assert (await database.read(lambda unit: unit.audit.verify())).seq is None


async def test_erasures_and_deletions_leave_the_two_alike(
    database: Database, clock: ManualClock, keeper: Keeper, tmp_path: Path
) -> None:
    clock.advance(days=2)
    await keeper.erase([4], "asked for")
    await keeper.truncate(4, tmp_path / "old.jsonl")
    assert await problem(database) == ""


async def test_the_role_that_serves_may_not(runtime_url: str, open_database: OpenDatabase) -> None:
    with pytest.raises(ConfigurationError, match="may not write the search index of the trail"):
        await Keeper(open_database(runtime_url), "ada").index_anew()


async def test_it_is_told_on_the_command_line_with_the_way_out(environ: dict[str, str], database_url: str) -> None:
    engine = create_engine(rewritten(database_url))
    with engine.begin() as connection:
        connection.execute(text(EMPTIES[engine.dialect.name]))
    engine.dispose()
    code, said = await run("audit", "verify", environ=environ)
    verdict, _, index = said.splitlines()
    assert (code, verdict) == (1, "The trail holds: 10 rows verified.")
    assert index == (
        "The search index does not hold: it has 0 entries for 10 rows. First row that no word finds: 1. "
        "Next: run `python app.py audit reindex`."
    )
    assert await run("audit", "reindex", environ=environ) == (0, "Rows indexed: 10.\n")
    code, said = await run("audit", "verify", environ=environ)
    assert (code, "11 rows verified" in said) == (0, True), said

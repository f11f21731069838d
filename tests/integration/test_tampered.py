"""`audit verify` as an operator runs it on a trail that its owner has tampered with: code 1, and the first bad row."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.config import load_for_keeping
from bot.db.connections import database_url as rewritten
from bot.services.anchors import Anchors
from bot.standalone import messenger_of
from tests.conftest import AUDIT_KEYS
from tests.factories import make_entry
from tests.integration.db.attacks import TRIGGERS
from tests.integration.test_audit_commands import opened
from tests.integration.test_process import run
from tests.integration.test_truncating import environ, slack

__all__ = ["environ", "slack"]

ERASED = "UPDATE audit_events SET payload = NULL, salt = NULL WHERE seq = 3"
ALTERED = "UPDATE audit_events SET actor = 'U0EVE' WHERE seq = 8"
LATER = "UPDATE audit_head SET occurred_at = '2999-01-01T00:00:00.000000Z'"
CUT = "DELETE FROM audit_events WHERE seq > 7"
TAMPERED: dict[str, tuple[tuple[str, ...], str]] = {
    "one row": ((ALTERED,), "First bad row: 8, altered: the columns do not fit the hash."),
    "erased and altered": ((ERASED, ALTERED), "First bad row: 3, erased without a tombstone: and row 8 is altered"),
    "erased and the head's time": ((ERASED, LATER), "First bad row: 3, erased without a tombstone."),
    "erased and cut": ((ERASED, CUT), "First bad row: 3, erased without a tombstone."),
    "cut": ((CUT,), "First bad row: 8, cut: the head names row 10."),
}


def owner_of(url: str, *statements: str) -> None:
    """Somebody with the owner's rights, who takes the triggers away first."""
    engine = create_engine(rewritten(url))
    with engine.begin() as connection:
        for name, on in connection.execute(text(TRIGGERS[engine.dialect.name])).all():
            connection.execute(text(f"DROP TRIGGER {name}{on}"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.mark.parametrize("what", TAMPERED)
async def test_the_first_bad_row_is_named(environ: dict[str, str], database_url: str, what: str) -> None:
    statements, told = TAMPERED[what]
    owner_of(database_url, *statements)
    code, said = await run("audit", "verify", environ=environ)
    assert (code, told in said) == (1, True), said


async def go_on(environ: dict[str, str], *, rows: int) -> None:
    """Some more rows, of which the last one is named in the audit channel."""
    settings = load_for_keeping(environ, needs=("SLACK_BOT_TOKEN", "AUDIT_CHANNEL"))
    async with opened(settings.database_url, AUDIT_KEYS, days_ago=0) as database:
        added = [await database.write(lambda unit: unit.audit.append(make_entry())) for _ in range(rows)]
        anchors = Anchors(database, messenger_of(settings), frozenset(), audit_channel=settings.audit_channel)
        assert await anchors.name(added[-1])


GONE = "First bad row: 12, missing: the anchor that it tells of is no longer stored."
REPLACED = "First bad row: 11, altered: an anchor names another hash for it."


@pytest.mark.parametrize(
    ("attack", "told"), [("DELETE FROM audit_anchors", GONE), ("UPDATE audit_anchors SET hash = 'x'", REPLACED)]
)
async def test_a_stored_anchor_that_is_gone_is_missed(
    environ: dict[str, str], database_url: str, attack: str, told: str
) -> None:
    await go_on(environ, rows=1)
    code, said = await run("audit", "verify", environ=environ)
    assert (code, "against 1 anchor" in said) == (0, True), said
    owner_of(database_url, attack)
    code, said = await run("audit", "verify", environ=environ)
    assert (code, told in said) == (1, True), said


@pytest.mark.parametrize("database_source", ["sqlite"], indirect=True)
async def test_an_older_copy_of_the_file_put_back_is_seen_in_slack(
    environ: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    file, older = Path(database_url.removeprefix("sqlite:///")), tmp_path / "older.db"
    shutil.copy(file, older)
    await go_on(environ, rows=3)
    code, said = await run("audit", "verify", "--slack", environ=environ)
    assert (code, "14 rows verified, against 1 anchor" in said) == (0, True), said
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    shutil.copy(older, file)
    code, said = await run("audit", "verify", "--slack", environ=environ)
    assert (code, "First bad row: 11, rolled back: an anchor names row 13." in said) == (1, True), said
    code, said = await run("audit", "verify", environ=environ)
    assert (code, "a rollback of all of it could not be seen" in said) == (0, True), said

"""Export, erasure and retention as an operator runs them: codes, sentences, a bot that serves beside, and a kill."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.domain.audit import AuditFilter
from bot.sandbox.launch import BotProcess
from bot.services.export_formats import ExportFormat
from bot.services.exports import Exports
from bot.services.retention import Keeper
from tests.clock import ManualClock
from tests.factories import make_entry
from tests.integration.test_process import ROOT, run, settings, stand_ins

DIES_BEFORE = """
from bot.db.audit_retention import Retention
Retention.remove = lambda self, last_seq: os.kill(os.getpid(), signal.SIGKILL)
"""
DIES_AMIDST = """
from bot.db import audit_retention
audit_retention.BATCH, left, remove = 2, [2], audit_retention.Retention.remove
def dying(self, last_seq):
    left[0] -= 1
    return remove(self, last_seq) if left[0] >= 0 else os.kill(os.getpid(), signal.SIGKILL)
audit_retention.Retention.remove = dying
"""
DIES_WITHOUT_CHECKPOINT = """
from bot.db.audit_retention import Retention
Retention.checkpoint = lambda self, prefix, payload: os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def environ(database_url: str, audit_keys: AuditKeys) -> dict[str, str]:
    key = base64.urlsafe_b64encode(audit_keys.keys[0]).decode()
    return {
        "DATABASE_URL": database_url,
        "AUDIT_KEYS": key,
        "SECRET_KEYS": key,
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "s" * 32,
        "CLOUDSYNC_API_KEY": "key",
        "BOT_ADMINS": "U0ADA",
        "ENV_FILE": "",
        "LOG_LEVEL": "ERROR",
    }


def only(environ: dict[str, str], *names: str) -> dict[str, str]:
    return {name: environ[name] for name in ("ENV_FILE", *names)}


@asynccontextmanager
async def opened(url: str, keys: AuditKeys, *, days_ago: int) -> AsyncIterator[Database]:
    clock = ManualClock(datetime.now(UTC) - timedelta(days=days_ago))
    database = Database.open(url, clock=clock, audit_keys=keys)
    yield database
    await database.close()


@pytest.fixture
async def trail(database_url: str, audit_keys: AuditKeys) -> None:
    """Ten rows, three days old."""
    async with opened(database_url, audit_keys, days_ago=3) as database:
        for position in range(10):
            entry = make_entry(payload={"position": position})
            await database.write(lambda unit, entry=entry: unit.audit.append(entry))  # type: ignore[misc]


async def dies(code: str, *arguments: str, environ: dict[str, str]) -> None:
    """The program, killed where the code says."""
    program = f"import os, signal{code}\nfrom bot.cli import main\nmain()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, cwd=ROOT, env={"PATH": os.environ["PATH"], **environ}
    )
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL


def seqs(content: str) -> list[int]:
    *rows, closing = [json.loads(line) for line in content.splitlines()]
    assert closing["extract"]["whole"]
    return [row["seq"] for row in rows]


@pytest.mark.usefixtures("trail")
async def test_an_export_is_a_file_and_a_row(environ: dict[str, str], tmp_path: Path) -> None:
    code, said = await run("audit", "export", "--output", str(tmp_path / "all"), environ=environ)
    assert (code, said.startswith("Rows exported: 10, 1 to 10.")) == (0, True), said
    code, said = await run("audit", "export", "--since", "1d", environ=environ)
    row = json.loads(said.splitlines()[0])
    assert (code, row["kind"], row["action"]) == (0, "export", "audit.export")
    assert json.loads(row["payload"])["rows"] == 10
    assert seqs((tmp_path / "all").read_text()) == list(range(1, 11))
    assert (tmp_path / "all").stat().st_mode & 0o077 == 0
    assert (await run("audit", "verify", environ=environ))[0] == 0


@pytest.mark.usefixtures("trail")
async def test_what_works_on_the_trail_alone_needs_no_setting_of_slack_or_the_api(
    environ: dict[str, str], tmp_path: Path
) -> None:
    given = {**only(environ, "DATABASE_URL", "AUDIT_KEYS"), "SLACK_COMMAND": "no slash", "PORT": "none"}
    path = tmp_path / "all"
    code, said = await run("audit", "export", "--output", str(path), environ=given)
    assert (code, "Rows exported: 10" in said) == (0, True), said
    code, said = await run("audit", "erase", "3", "--reason", "a name", "--yes", environ=given)
    assert code == 0, said
    code, said = await run("audit", "verify", environ=given)
    assert (code, "12 rows verified" in said) == (0, True), said
    code, said = await run("audit", "verify", "--file", str(path), environ=only(environ, "AUDIT_KEYS"))
    assert (code, "10 rows verified" in said) == (0, True), said
    code, said = await run("audit", "verify", "--slack", environ=given)
    assert (code, said.splitlines()[1:]) == (2, ["  - SLACK_BOT_TOKEN is missing."]), said


@pytest.mark.usefixtures("trail")
async def test_a_trail_that_cannot_be_checked_is_no_finding(environ: dict[str, str], tmp_path: Path) -> None:
    code, said = await run("audit", "verify", environ=only(environ, "DATABASE_URL"))
    assert (code, "AUDIT_KEYS is missing" in said, "SECRET_KEYS" in said) == (2, True, False), said
    broken = tmp_path / "broken.db"
    broken.write_text("this is no database, but long enough to be looked at")
    given = {**only(environ, "AUDIT_KEYS"), "DATABASE_URL": f"sqlite:///{broken}"}
    code, said = await run("audit", "verify", environ=given)
    assert (code, "The database in DATABASE_URL cannot be opened" in said) == (2, True), said
    code, said = await run("audit", "verify", environ={**given, "DATABASE_URL": f"sqlite:///{tmp_path / 'none'}"})
    assert (code, "set DATABASE_URL" in said) == (2, True), said


@pytest.mark.usefixtures("trail")
async def test_what_cannot_be_exported_is_told(environ: dict[str, str], tmp_path: Path) -> None:
    code, said = await run("audit", "export", "--output", str(tmp_path / "nowhere" / "all"), environ=environ)
    assert (code, said) == (1, "The file cannot be written (No such file or directory).\n")
    code, said = await run("audit", "export", "--since", "soon", environ=environ)
    assert (code, said) == (1, "This is not a time: soon.\n")
    code, said = await run("audit", "export", "--since", "1d", "--until", "2d", environ=environ)
    assert (code, "turned round" in said) == (1, True)


@pytest.mark.usefixtures("trail")
async def test_an_erasure_asks_first_and_tells_what_cannot_be(environ: dict[str, str]) -> None:
    code, said = await run("audit", "erase", "3", "--reason", "a name", environ=environ)
    assert code == 1, said
    code, said = await run("audit", "erase", "3", "4", "--reason", "a name", "--yes", environ=environ)
    assert (code, said.startswith("Payloads erased: 2.")) == (0, True), said
    code, said = await run("audit", "erase", "11", "--reason", "a name", "--yes", environ=environ)
    assert (code, "is a tombstone, which is never erased" in said) == (1, True)
    code, said = await run("audit", "erase", "99", "--reason", "a name", "--yes", environ=environ)
    assert (code, said) == (1, "The trail has no row 99.\n")
    code, said = await run("audit", "verify", environ=environ)
    assert (code, "12 rows verified" in said) == (0, True)


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize("kill", [DIES_WITHOUT_CHECKPOINT, DIES_BEFORE, DIES_AMIDST], ids=["file", "none", "some"])
async def test_a_killed_truncation_finishes_when_it_is_run_again(
    environ: dict[str, str], tmp_path: Path, kill: str
) -> None:
    asked = ("audit", "truncate", "--before", "8", "--export", str(tmp_path / "old"))
    await dies(kill, *asked, environ=environ)
    kept = (tmp_path / "old").read_text()
    assert seqs(kept) == list(range(1, 8))
    code, said = await run(*asked, environ=environ)
    assert code == 0, said
    assert "up to 7" in said
    assert (tmp_path / "old").read_text() == kept
    code, said = await run("audit", "verify", environ=environ)
    assert (code, "4 rows verified" in said) == (0, True), said
    code, said = await run(*asked, environ=environ)
    assert (code, said) == (0, "There is nothing before that; nothing was deleted.\n")


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize("killed", [False, True], ids=["whole", "killed"])
async def test_what_was_cut_off_with_an_erased_row_verifies_from_its_file_alone(
    environ: dict[str, str], tmp_path: Path, killed: bool
) -> None:
    path = tmp_path / "old"
    code, said = await run("audit", "erase", "3", "--reason", "a name", "--yes", environ=environ)
    assert code == 0, said
    asked = ("audit", "truncate", "--before", "8", "--export", str(path))
    if killed:
        await dies(DIES_AMIDST, *asked, environ=environ)
    code, said = await run(*asked, environ=environ)
    goes_on = f"Note: {path} goes on to row 11, with the tombstones of what is erased in it. Rows 8 to 11 stay in the"
    assert (code, goes_on in said) == (0, True), said
    code, said = await run("audit", "verify", "--file", str(path), environ=only(environ, "AUDIT_KEYS"))
    assert (code, "The trail holds: 11 rows verified" in said) == (0, True), said
    code, said = await run("audit", "verify", environ=environ)
    assert (code, "5 rows verified" in said) == (0, True), said


@pytest.mark.usefixtures("trail")
async def test_an_interrupted_truncation_goes_on_only_with_its_own_file(
    environ: dict[str, str], tmp_path: Path
) -> None:
    await dies(DIES_AMIDST, "audit", "truncate", "--before", "8", "--export", str(tmp_path / "old"), environ=environ)
    code, said = await run("audit", "truncate", "--before", "8", "--export", str(tmp_path / "new"), environ=environ)
    assert (code, "new is not its export" in said) == (1, True), said
    (tmp_path / "old").rename(tmp_path / "new")
    code, said = await run("audit", "truncate", "--before", "8", "--export", str(tmp_path / "new"), environ=environ)
    assert (code, "finished an earlier run" in said) == (0, True), said


@pytest.mark.usefixtures("trail")
async def test_the_last_day_stays(environ: dict[str, str], tmp_path: Path) -> None:
    code, said = await run("audit", "truncate", "--before", "1h", "--export", str(tmp_path / "old"), environ=environ)
    assert (code, said) == (1, "The last 24 hours are never cut off. Give an earlier time.\n")


@pytest.mark.parametrize("name", ["export", "erase", "truncate"])
async def test_a_database_that_is_not_there_is_not_made(environ: dict[str, str], tmp_path: Path, name: str) -> None:
    options = {"export": (), "erase": ("1", "--reason", "x", "--yes"), "truncate": ("--before", "1d", "--export", "x")}
    given = {**environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'bot.db'}", "AUDIT_KEYS": "", "SECRET_KEYS": ""}
    code, said = await run("audit", name, *options[name], environ=given)
    assert (code, "is not there yet" in said) == (2, True), said
    assert not (tmp_path / "bot.db").exists()
    assert not (tmp_path / "bot.db.keys").exists()


async def test_beside_a_bot_on_sqlite_one_may_export_and_not_take_away(tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, tmp_path)
        bot = await BotProcess.start(given, log=tmp_path / "bot.log")
        try:
            await bot.ready()
            exported = await run("audit", "export", "--output", str(tmp_path / "all"), environ=given)
            erased = await run("audit", "erase", "1", "--reason", "x", "--yes", environ=given)
            cut = await run("audit", "truncate", "--before", "1", "--export", str(tmp_path / "x"), environ=given)
        finally:
            await bot.stop()
        code, said = await run("audit", "verify", environ=given)
    assert exported[0] == 0, exported
    for refused in (erased, cut):
        assert (refused[0], "Another process serves this SQLite file" in refused[1]) == (2, True), refused
    assert (code, "3 rows verified" in said) == (0, True), said


@pytest.mark.usefixtures("trail")
async def test_an_exported_file_is_verified_by_itself(environ: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    assert (await run("audit", "export", "--output", str(path), environ=environ))[0] == 0
    code, said = await run("audit", "verify", "--file", str(path), environ=environ)
    assert (code, said) == (0, "The trail holds: 10 rows verified.\n"), said
    await asyncio.to_thread(_cut, path, -2)
    code, said = await run("audit", "verify", "--file", str(path), environ=environ)
    assert (code, said) == (
        1,
        "The trail does not hold. First bad row: 10, cut: the file was closed behind row 10.\n",
    )
    await asyncio.to_thread(_cut, path, -1)
    code, said = await run("audit", "verify", "--file", str(path), environ=environ)
    assert (code, "Note: it has no closing line" in said) == (0, True), said
    await asyncio.to_thread(_spoil, path)
    code, said = await run("audit", "verify", "--file", str(path), environ=environ)
    assert (code, "First bad row: 1, altered" in said) == (1, True), said
    code, said = await run("audit", "verify", "--file", str(path.with_name("nowhere")), environ=environ)
    assert (code, "cannot be read" in said) == (2, True), said


@pytest.mark.usefixtures("trail")
async def test_a_range_is_verified_as_far_as_a_range_can_be(
    environ: dict[str, str], database_url: str, audit_keys: AuditKeys, tmp_path: Path
) -> None:
    path, given = tmp_path / "range", only(environ, "AUDIT_KEYS")
    async with opened(database_url, audit_keys, days_ago=2) as database:
        await Keeper(database, "ada").erase([4], "asked for")
    code, said = await run("audit", "export", "--until", "60h", "--output", str(path), environ=environ)
    assert (code, "Rows exported: 10, 1 to 10." in said) == (0, True), said
    code, said = await run("audit", "verify", "--file", str(path), environ=given)
    verdict, part, erased = said.splitlines()
    assert (code, verdict) == (0, "The file holds: 10 rows verified."), said
    assert part.startswith("Note: it is a part of the trail (until 20")
    assert erased == "Note: erased rows in it whose tombstones are not: 1."


@pytest.mark.usefixtures("trail")
async def test_a_file_with_filters_raises_no_alarm_and_says_what_it_cannot_show(
    environ: dict[str, str], database_url: str, audit_keys: AuditKeys, tmp_path: Path
) -> None:
    path, given = tmp_path / "filtered", only(environ, "AUDIT_KEYS")
    async with opened(database_url, audit_keys, days_ago=2) as database:
        await database.write(lambda unit: unit.audit.append(make_entry(actor="U0EVE")))
        await database.write(lambda unit: unit.audit.append(make_entry()))
        await Exports(database).extract(AuditFilter(quiet=True, actor="U0ADA"), ExportFormat.JSONL, path)
    code, said = await run("audit", "verify", "--file", str(path), environ=given)
    verdict, part, chain = said.splitlines()
    assert (code, verdict) == (0, "The file holds: 11 rows verified."), said
    assert part == "Note: it is a part of the trail (actor U0ADA), and as it was exported."
    assert "each row's hash and signature hold, but rows were left out, so it is no chain (1 gaps)" in chain

    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    code, said = await run("audit", "verify", "--file", str(path), environ=given)
    assert (code, "First bad row: 11, missing" in said, "ends with a line" in said) == (1, True, True), said
    path.write_text("".join(lines[1:]))
    code, said = await run("audit", "verify", "--file", str(path), environ=given)
    assert (code, said) == (
        1,
        "The file does not hold: missing: it was closed with 11 rows, and these 10 are not those.\n",
    )


def _cut(path: Path, line: int) -> None:
    """Without this line."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    del lines[line]
    path.write_text("".join(lines), encoding="utf-8")


def _spoil(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace('"actor":"', '"actor":"U0EVE', 1), encoding="utf-8")


async def test_verifying_a_file_makes_no_keys_to_verify_it_with(tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    path.touch()
    async with stand_ins() as (api, slack):
        code, said = await run("audit", "verify", "--file", str(path), environ=settings(api, slack, tmp_path))
    assert (code, "AUDIT_KEYS is missing" in said) == (2, True), said
    assert await asyncio.to_thread(lambda: [one.name for one in tmp_path.iterdir()]) == ["trail.jsonl"]

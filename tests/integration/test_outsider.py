"""The README's script verifies an exported trail with nothing of this program."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.domain.audit import AuditFilter
from bot.services.export_formats import ExportFormat
from bot.services.exports import Exports
from bot.services.retention import Keeper
from tests.clock import ManualClock
from tests.conftest import AUDIT_KEYS
from tests.integration.db.conftest import append

README = Path(__file__).parents[2] / "README.md"
LONGEST, WIDEST = 30, 120
LABEL = "“ö” 🙂 <!channel>"


def script() -> str:
    """The only Python block of the README that verifies."""
    (found,) = re.findall(r"```python\n(import base64.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def run(folder: Path, exported: Path, ring: AuditKeys = AUDIT_KEYS) -> tuple[int, str]:
    """The script as an outsider runs it: isolated, outside the checkout."""
    program = folder / "verify.py"
    program.write_text(script(), encoding="utf-8")
    keys = [base64.urlsafe_b64encode(key).decode() for key in ring.keys]
    command = [sys.executable, "-I", str(program), str(exported), *keys]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
async def exported(database: Database, tmp_path: Path) -> Path:
    """Some rows, among them one with all that Slack and people may say."""
    for number in range(5):
        await append(
            database, target=f"db_{number}", target_label="“ö” 🙂 <!channel>", payload={"n": number, "é": [None]}
        )
    path = tmp_path / "trail.jsonl"
    await Exports(database).extract(AuditFilter(quiet=True), ExportFormat.JSONL, path)
    return path


async def test_a_sound_trail_holds(exported: Path, tmp_path: Path) -> None:
    assert await asyncio.to_thread(run, tmp_path, exported) == (0, "5 rows hold\n")


async def test_a_prefix_that_was_cut_off_before_its_tombstone_holds(
    exported: Path, database: Database, clock: ManualClock, tmp_path: Path
) -> None:
    del exported
    clock.advance(days=2)
    keeper = Keeper(database, "ada")
    await keeper.erase([2], "asked for")
    await keeper.truncate(4, tmp_path / "old.jsonl")
    assert await asyncio.to_thread(run, tmp_path, tmp_path / "old.jsonl") == (0, "6 rows hold\n")


async def test_a_part_of_the_trail_is_not_taken_for_a_chain(exported: Path, database: Database, tmp_path: Path) -> None:
    await Exports(database).extract(AuditFilter(quiet=True, target="db_3"), ExportFormat.JSONL, exported)
    said = "made with filters or a range: a part of the trail is no chain\n"
    assert await asyncio.to_thread(run, tmp_path, exported) == (1, said)


async def test_a_key_that_was_not_given_is_named(exported: Path, tmp_path: Path) -> None:
    code, told = await asyncio.to_thread(run, tmp_path, exported, AuditKeys([b"another"]))
    assert (code, told) == (1, f"row 1: it is signed with {AUDIT_KEYS.current_id}, which was not given\n")


Rows = list[dict[str, Any]]


def tamper(exported: Path, change: Callable[[Rows], object]) -> None:
    """Change the rows of a file."""
    rows = [json.loads(line) for line in exported.read_text(encoding="utf-8").splitlines()]
    change(rows)
    exported.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


async def test_one_of_an_earlier_version_without_a_closing_line_holds(exported: Path, tmp_path: Path) -> None:
    tamper(exported, lambda rows: rows.pop())
    assert await asyncio.to_thread(run, tmp_path, exported) == (0, "5 rows hold\n")


CUT: dict[str, Callable[[Rows], object]] = {
    "its end": lambda rows: rows.pop(-2),
    "its beginning": lambda rows: rows.pop(0),
    "all of it": lambda rows: rows.__delitem__(slice(0, -1)),
    "its end, and the line says so": lambda rows: rows[-1]["extract"].update(
        rows=4, last_seq=4, hash=rows.pop(-2)["prev_hash"]
    ),
}


@pytest.mark.parametrize("what", CUT)
async def test_one_that_was_cut_does_not(exported: Path, tmp_path: Path, what: str) -> None:
    tamper(exported, CUT[what])
    assert await asyncio.to_thread(run, tmp_path, exported) == (1, "rows were cut\n")


TAMPERED: dict[str, Callable[[Rows], object]] = {
    "row 3: the columns": lambda rows: rows[2].update(actor="U0EVE"),
    "row 2: the payload": lambda rows: rows[1].update(payload="{}"),
    "row 3: the payload": lambda rows: rows[2].update(salt=rows[2]["salt"] + rows[2]["payload"], payload=""),
    "row 4: it does not follow": lambda rows: rows.pop(2),
    "row 5: the signature": lambda rows: rows[4].update(mac="0" * 64),
    "row 1: erased without": lambda rows: rows[0].update(payload=None, salt=None),
    "row 2: erased without": lambda rows: [rows[at].update(payload=None, salt=None) for at in (3, 1)],
    "row 1: it does not follow": lambda rows: rows.insert(1, rows[0]),
    "row 9: the columns": lambda rows: rows[1].update(seq=9),
}


@pytest.mark.parametrize("said", TAMPERED)
async def test_a_trail_that_was_tampered_with_does_not(exported: Path, tmp_path: Path, said: str) -> None:
    tamper(exported, TAMPERED[said])
    code, told = await asyncio.to_thread(run, tmp_path, exported)
    assert code == 1
    assert told.startswith(said)


def test_it_is_short() -> None:
    lines = [line for line in script().splitlines() if line.strip()]
    assert len(lines) <= LONGEST
    assert max(map(len, lines)) <= WIDEST

"""A file of a part of the trail: no alarm where the question left rows out, and every alarm where somebody else did."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.db.audit_file import FileFinding, verify_file
from bot.db.audit_walk import Fault, Finding
from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.domain.audit import AuditFilter
from bot.domain.errors import ConfigurationError
from bot.services.export_formats import ExportFormat
from bot.services.exports import Exports
from bot.services.retention import Keeper
from tests.clock import START, ManualClock
from tests.conftest import AUDIT_KEYS
from tests.integration.db.conftest import append

Lines = list[dict[str, Any]]
ROWS = 12


@pytest.fixture
async def trail(database: Database, clock: ManualClock) -> Database:
    """A row a minute, every third one by somebody else."""
    for number in range(ROWS):
        await append(database, actor="U0EVE" if number % 3 == 2 else "U0ADA", payload={"number": number})
        clock.advance(minutes=1)
    return database


async def exported(database: Database, path: Path, wanted: AuditFilter, **given: Any) -> Path:
    await Exports(database).extract(wanted, ExportFormat.JSONL, path, **given)
    return path


def found_in(path: Path, keys: AuditKeys = AUDIT_KEYS) -> FileFinding:
    return verify_file(path, keys)


def change(path: Path, changes: Callable[[Lines], object]) -> Finding:
    """What is found when somebody has changed the lines."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    changes(lines)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return found_in(path).finding


WHOLE = AuditFilter(quiet=True)
FILTERED = AuditFilter(quiet=True, actor="U0ADA")
RANGE = AuditFilter(quiet=True, since=START + timedelta(minutes=3), until=START + timedelta(minutes=8))


async def test_what_the_filter_left_out_is_no_fault(trail: Database, tmp_path: Path) -> None:
    found = found_in(await exported(trail, tmp_path / "file", FILTERED))
    assert (found.finding, found.gaps, found.first_seq) == (Finding(rows=8), 3, 1)
    assert found.closing is not None
    assert (dict(found.closing.asked), found.closing.is_filtered) == ({"actor": "U0ADA"}, True)


async def test_what_lies_outside_a_range_is_no_fault_and_within_it_is_a_chain(trail: Database, tmp_path: Path) -> None:
    found = found_in(await exported(trail, tmp_path / "file", RANGE))
    assert (found.finding, found.gaps, found.first_seq) == (Finding(rows=5), 0, 4)
    assert found.closing is not None
    assert not found.closing.is_filtered


async def test_a_tombstone_that_lies_outside_is_no_fault(trail: Database, tmp_path: Path) -> None:
    await Keeper(trail, "ada").erase([5], "asked for")
    found = found_in(await exported(trail, tmp_path / "file", RANGE))
    assert (found.finding, found.without_tombstone) == (Finding(rows=5), 1)


async def test_the_oldest_rows_of_more_than_were_wanted_are_a_part_too(trail: Database, tmp_path: Path) -> None:
    await Keeper(trail, "ada").erase([2], "asked for")
    found = found_in(await exported(trail, tmp_path / "file", AuditFilter(quiet=True), most=6))
    assert (found.finding, found.without_tombstone) == (Finding(rows=6), 1)


async def test_an_unbroken_file_says_how_far_it_goes(trail: Database, tmp_path: Path) -> None:
    found = found_in(await exported(trail, tmp_path / "file", WHOLE))
    assert (found.finding, found.is_part) == (Finding(rows=ROWS), False)
    assert found.closing is not None
    assert (found.closing.said["rows"], found.closing.said["last_seq"]) == (ROWS, ROWS)


async def test_one_of_an_earlier_version_has_no_closing_line_and_holds(trail: Database, tmp_path: Path) -> None:
    path = await exported(trail, tmp_path / "file", WHOLE)
    assert change(path, lambda lines: lines.pop()) == Finding(rows=ROWS)
    assert found_in(path).closing is None


CUT: dict[str, tuple[Callable[[Lines], object], int, Fault]] = {
    "its end is cut off": (lambda lines: lines.__delitem__(slice(-4, -1)), 10, Fault.CUT),
    "no row is left": (lambda lines: lines.__delitem__(slice(0, -1)), 1, Fault.CUT),
    "its beginning is cut off": (lambda lines: lines.pop(0), 0, Fault.MISSING),
    "a row is taken out": (lambda lines: lines.pop(3), 4, Fault.MISSING),
    "a row is erased": (lambda lines: lines[3].update(payload=None, salt=None), 4, Fault.ERASED),
    "it calls itself a part": (lambda lines: lines[-1]["extract"].update(whole=False), 0, Fault.ALTERED),
    "it says that it went on": (lambda lines: lines[-1]["extract"].update(last_seq=99), 0, Fault.ALTERED),
}


@pytest.mark.parametrize("how", CUT)
async def test_what_was_taken_from_an_unbroken_file_is_found(trail: Database, tmp_path: Path, how: str) -> None:
    changes, seq, fault = CUT[how]
    finding = change(await exported(trail, tmp_path / "file", WHOLE), changes)
    assert (finding.seq, finding.fault) == (seq, fault)


async def test_in_an_unbroken_file_tombstones_are_looked_for(trail: Database, tmp_path: Path) -> None:
    await Keeper(trail, "ada").erase([5], "asked for")
    path = await exported(trail, tmp_path / "file", WHOLE)
    assert found_in(path).finding == Finding(rows=ROWS + 1)


async def test_a_part_without_a_row_holds(trail: Database, tmp_path: Path) -> None:
    found = found_in(await exported(trail, tmp_path / "file", AuditFilter(quiet=True, actor="U0NOBODY")))
    assert (found.finding, found.first_seq) == (Finding(rows=0), None)


async def test_other_ends_of_lines_are_no_fault(trail: Database, tmp_path: Path) -> None:
    path = await exported(trail, tmp_path / "file", FILTERED)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert found_in(path).finding == Finding(rows=8)


TAMPERED: dict[str, tuple[Callable[[Lines], object], int, Fault]] = {
    "a row is changed": (lambda lines: lines[3].update(actor="U0EVE"), 5, Fault.ALTERED),
    "a row is taken out": (lambda lines: lines.pop(3), 0, Fault.MISSING),
    "the last row is taken out": (lambda lines: lines.pop(-2), 0, Fault.MISSING),
    "a row is erased": (lambda lines: lines[3].update(payload=None, salt=None), 0, Fault.ALTERED),
    "rows change places": (lambda lines: lines.insert(2, lines.pop(3)), 4, Fault.REORDERED),
    "a row stands twice": (lambda lines: lines.insert(2, lines[2]), 4, Fault.REORDERED),
    "the closing line is gone": (lambda lines: lines.pop(), 3, Fault.MISSING),
    "the closing line says another thing": (lambda lines: lines[-1]["extract"].update(rows=7), 3, Fault.MISSING),
    "no row is left": (lambda lines: lines.__delitem__(slice(0, -1)), 0, Fault.MISSING),
}


@pytest.mark.parametrize("how", TAMPERED)
async def test_what_somebody_else_did_to_it_is_found(trail: Database, tmp_path: Path, how: str) -> None:
    changes, seq, fault = TAMPERED[how]
    finding = change(await exported(trail, tmp_path / "file", FILTERED), changes)
    assert (finding.seq, finding.fault) == (seq, fault)


async def test_a_closing_line_excuses_nothing_in_another_file(trail: Database, tmp_path: Path) -> None:
    closing = (await exported(trail, tmp_path / "part", FILTERED)).read_text().splitlines()[-1]

    def swap(lines: Lines) -> None:
        del lines[4]
        lines[-1] = json.loads(closing)

    finding = change(await exported(trail, tmp_path / "file", AuditFilter(quiet=True)), swap)
    assert (finding.seq, finding.fault) == (0, Fault.ALTERED)


async def test_a_closing_line_of_somebody_else_excuses_nothing(trail: Database, tmp_path: Path) -> None:
    path = await exported(trail, tmp_path / "file", RANGE)
    finding = change(path, lambda lines: lines[-1]["extract"].update(filtered=True))
    assert (finding.seq, finding.problem) == (0, "altered: its closing line is not the one that was written")
    for strange in (2**70, float("nan"), "\ud800"):
        finding = change(path, lambda lines, strange=strange: lines[-1]["extract"].update(rows=strange))  # type: ignore[misc]
        assert (finding.seq, finding.fault) == (0, Fault.ALTERED)
    finding = change(path, lambda lines: lines[-1].update(key_id="12345678"))
    assert (finding.seq, finding.fault) == (0, Fault.WRONG_KEY)


async def test_what_can_be_read_and_not_hashed_is_said_too(trail: Database, tmp_path: Path) -> None:
    path = await exported(trail, tmp_path / "file", AuditFilter(quiet=True))
    lines, told = path.read_text().splitlines(), set()
    for depth in range(100, 1_000, 25):
        deep = lines[2].replace('"actor":"U0EVE"', f'"actor":{"[" * depth}{"]" * depth}')
        assert deep != lines[2]
        path.write_text("\n".join([*lines[:2], deep]))
        told.add(told_of(path))
    assert told <= {"row 3", "Line 3 of the file is not a row of an exported trail (JSON Lines).", TOO_DEEP}
    assert "row 3" in told


TOO_DEEP = "A line of the file is nested too deeply for a row of an exported trail."


def told_of(path: Path) -> str:
    try:
        return f"row {found_in(path).finding.seq}"
    except ConfigurationError as error:
        return "".join(error.problems)


DEEP = b"[" * 200_000
DEEPLY_SAID = b'{"extract": {"rows": ' + DEEP + b"]" * 200_000 + b"}}"


@pytest.mark.parametrize("line", [b"{", b"[]", b'{"seq": 1}', b"\xff", DEEP, DEEPLY_SAID], ids=lambda line: line[:12])
def test_what_is_no_such_file_is_said(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(line)
    with pytest.raises(ConfigurationError, match="Line 1 of the file is not a row"):
        found_in(path)

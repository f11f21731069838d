"""The trail as a file: every row once, as it is stored, in constant memory."""

from __future__ import annotations

import csv
import hashlib
import json
import tracemalloc
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.db import audit_export, audit_queries
from bot.db.audit_export import COLUMNS
from bot.db.chain import HASHED, AuditKeys, hash_of, leaf_of
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditFilter, AuditKind
from bot.domain.errors import Unavailable
from bot.services import exports
from bot.services.export_formats import ExportFormat
from bot.services.exports import Exports, Extract
from tests.clock import START, ManualClock
from tests.factories import make_entry
from tests.integration.db.conftest import Intruder, append

EVERYTHING = AuditFilter(quiet=True)


async def fill(database: Database, number: int, **given: Any) -> None:
    def work(unit: Unit) -> None:
        for position in range(number):
            unit.audit.append(make_entry(payload={"position": position, "said": "x" * 200}, **given))

    await database.write(work)


async def extract(database: Database, path: Path, wanted: AuditFilter = EVERYTHING, **given: Any) -> Extract:
    return await Exports(database).extract(wanted, given.pop("form", ExportFormat.JSONL), path, **given)


def lines(path: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in found if "extract" not in line]


async def test_a_line_holds_every_column_as_it_is_stored(
    database: Database, intruder: Intruder, tmp_path: Path
) -> None:
    await append(database, payload={"reason": "Zürich, “moved”", "took": 1.5}, request_id="rq-1", duration_ms=12)
    made = await extract(database, tmp_path / "file")
    (line,) = lines(tmp_path / "file")

    (stored,) = intruder.ask(f"SELECT {', '.join(COLUMNS)} FROM audit_events")  # noqa: S608
    expected = dict(zip(COLUMNS, stored, strict=True)) | {"occurred_at": "2026-11-02T03:00:00.000000Z"}
    assert line == expected
    assert list(line) == list(COLUMNS)
    assert (line["delivery"], line["duration_ms"], line["request_id"]) == (None, 12, "rq-1")
    assert made.sha256 == hashlib.sha256((tmp_path / "file").read_bytes()).hexdigest()


async def test_progress_tells_how_far_of_the_whole_it_came(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_export, "BATCH", 4)
    monkeypatch.setattr(exports, "TOLD_EVERY", 4)
    for number in range(10):
        await append(database, actor="U0GRACE" if number % 2 else "U0ADA")
    heard: list[str] = []
    await extract(database, tmp_path / "file", told=heard.append)
    await extract(database, tmp_path / "file", AuditFilter(quiet=True, actor="U0ADA"), told=heard.append)
    assert heard == [
        "4 rows written, as far as row 4 of 10",
        "8 rows written, as far as row 8 of 10",
        "4 rows written, as far as row 7 of 10",
    ]


async def test_an_outsider_can_verify_the_chain_from_the_file(
    database: Database, audit_keys: AuditKeys, tmp_path: Path
) -> None:
    await fill(database, 1_203)
    await extract(database, tmp_path / "file")
    before = "0" * 64
    for line in lines(tmp_path / "file"):
        assert line["prev_hash"] == before
        assert leaf_of(line["salt"], line["payload"]) == line["leaf"]
        assert hash_of({name: line[name] for name in HASHED}) == line["hash"]
        assert audit_keys.verify(line["key_id"], line["hash"], line["mac"])
        before = line["hash"]
    assert line["seq"] == 1_203


async def test_as_many_rows_as_are_wanted_are_all(database: Database, tmp_path: Path) -> None:
    await fill(database, 3)
    made = await extract(database, tmp_path / "file", most=3)
    assert (made.rows, made.first_seq, made.last_seq, made.complete) == (3, 1, 3, True)


async def test_where_more_fits_than_is_wanted_the_oldest_rows_come_and_it_is_said(
    database: Database, tmp_path: Path
) -> None:
    await fill(database, 1_200)
    made = await extract(database, tmp_path / "file", most=700)
    assert (made.rows, made.first_seq, made.last_seq, made.complete) == (700, 1, 700, False)
    assert [line["seq"] for line in lines(tmp_path / "file")] == list(range(1, 701))


async def test_a_range_of_time_is_kept_to(database: Database, clock: ManualClock, tmp_path: Path) -> None:
    for _ in range(5):
        await append(database)
        clock.advance(minutes=1)
    wanted = AuditFilter(quiet=True, since=START + timedelta(minutes=1), until=START + timedelta(minutes=3))
    made = await extract(database, tmp_path / "file", wanted)
    assert (made.rows, made.first_seq, made.last_seq) == (2, 2, 3)


FILTERS = [
    AuditFilter(),
    AuditFilter(actor="U0GRACE", quiet=True),
    AuditFilter(actor="U0GRACE", outcome=None, area="databases", quiet=True),
    AuditFilter(text="moved", quiet=True),
    AuditFilter(text="moved", action=AuditAction.DATABASES_DELETE, channel="C0OPS"),
    AuditFilter(target="nowhere", quiet=True),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=range(len(FILTERS)))
async def test_a_file_holds_what_the_pages_show(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: AuditFilter
) -> None:
    for position in range(60):
        await append(
            database,
            kind=(AuditKind.READ, AuditKind.OUTCOME)[position % 2],
            action=(AuditAction.DATABASES_DELETE, AuditAction.ORG_SHOW)[position % 7 > 2],
            actor=("U0ADA", "U0GRACE")[position % 3 > 1],
            payload={"reason": "moved" if position % 5 else "cost"},
        )
    pages = await database.read(lambda unit: unit.audit.page(AuditFilter(**{**vars_of(wanted), "limit": 200})))
    monkeypatch.setattr(audit_queries, "LOOK", 4)
    monkeypatch.setattr(audit_export, "BATCH", 3)
    await extract(database, tmp_path / "file", wanted)
    assert [line["seq"] for line in lines(tmp_path / "file")] == [record.seq for record in reversed(pages.records)]


def test_a_batch_is_smaller_than_a_bounded_look() -> None:
    assert audit_export.BATCH < audit_queries.LOOK


def vars_of(wanted: AuditFilter) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in wanted.__dataclass_fields__}


async def test_a_spreadsheet_gets_a_header_and_nothing_to_run(database: Database, tmp_path: Path) -> None:
    await append(database, target_label='=HYPERLINK("https://evil.example")', target="-1", code="@x")
    await extract(database, tmp_path / "file", form=ExportFormat.CSV)
    with (tmp_path / "file").open(newline="") as file:
        header, row = csv.reader(file, strict=True)
    cells = dict(zip(header, row, strict=True))
    assert header == list(COLUMNS)
    assert (cells["target"], cells["code"], cells["request_id"]) == ("'-1", "'@x", "")
    assert cells["target_label"] == '\'=HYPERLINK("https://evil.example")'


async def test_a_file_that_cannot_be_written_is_said(database: Database, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file or directory"):
        await extract(database, tmp_path / "nowhere" / "file")


async def test_memory_does_not_grow_with_the_trail(database: Database, tmp_path: Path) -> None:
    await fill(database, 2_000)
    small = await peak_of(database, tmp_path)
    await fill(database, 18_000)
    large = await peak_of(database, tmp_path)
    assert (tmp_path / "file").stat().st_size > 15_000_000
    assert large < 1.5 * small
    assert large < 8_000_000


async def peak_of(database: Database, folder: Path) -> int:
    peaks: Sequence[int] = ()
    for _ in range(2):  # the first one pays for caches
        tracemalloc.start()
        try:
            await extract(database, folder / "file")
            peaks = [*peaks, tracemalloc.get_traced_memory()[1]]
        finally:
            tracemalloc.stop()
    return peaks[-1]

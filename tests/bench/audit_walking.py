"""Walking the whole trail: verification and export against reading and hashing the same bytes, and export's memory."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from bot.db.chain import AuditKeys
from bot.db.engine import Database
from bot.domain.audit import AuditFilter
from bot.domain.ports import SystemClock
from bot.services.export_formats import ExportFormat
from bot.services.exports import Exports
from tests.bench.timing import Comparison, in_turn
from tests.conftest import AUDIT_KEYS

ROUNDS = 3
STREAM = 1_000
COLUMNS = """seq, occurred_at, kind, story, action, actor, channel, environment, target, target_label, request_id,
delivery, outcome, code, http_status, duration_ms, leaf, prev_hash, key_id, hash, mac, salt, payload"""
ALL = f"SELECT {COLUMNS} FROM audit_events ORDER BY seq"  # noqa: S608


async def compare(database: Database, url: str, folder: Path) -> list[Comparison]:
    """Verification and export."""

    async def read_and_hash() -> None:
        await asyncio.to_thread(_read_and_hash, url)

    async def verify() -> None:
        finding = await database.read(lambda unit: unit.audit.verify())
        assert finding.seq is None, finding

    verified, hashed = await in_turn(verify, read_and_hash, rounds=ROUNDS)
    exported, hashed_again = await in_turn(lambda: export(database, folder), read_and_hash, rounds=ROUNDS)
    remark = "against reading and hashing the same bytes"
    return [
        Comparison(what="verification of all rows", ours=verified, theirs=hashed, goal=2, remark=remark),
        Comparison(what="export of all rows", ours=exported, theirs=hashed_again, goal=2, remark=remark),
    ]


async def export(database: Database, folder: Path) -> None:
    """JSON Lines, everything."""
    path = folder / "export.jsonl"
    await Exports(database).extract(AuditFilter(quiet=True), ExportFormat.JSONL, path)
    path.unlink()


def _read_and_hash(url: str) -> None:
    """Every byte once through SHA-256, and each row's hash through HMAC: what nobody can do without."""
    for row in _rows(url):
        *columns, row_hash, _, salt, payload = row
        hashlib.sha256(f"{salt}{payload}".encode()).hexdigest()
        hashlib.sha256("".join(map(str, columns)).encode()).hexdigest()
        hmac.new(b"k" * 32, row_hash.encode(), hashlib.sha256).hexdigest()


def _rows(url: str) -> Iterator[tuple[Any, ...]]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            yield from database.execute(ALL)
        return
    with psycopg.connect(url) as connection, connection.cursor("all") as cursor:
        cursor.itersize = STREAM
        yield from cursor.execute(ALL)


def peak_of_export(url: str, most: int) -> int:
    """The most memory, in MiB, of a process of its own that exports so many rows."""
    command = (sys.executable, "-m", "tests.bench.audit_walking", url, str(most))
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ})
    return int(done.stdout)


async def _export_some(url: str, most: int) -> None:
    database = Database.open(url, clock=SystemClock(), audit_keys=AuditKeys(AUDIT_KEYS.keys))
    with tempfile.TemporaryDirectory(prefix="cloudsync-bench-") as folder:
        path = Path(folder, "export.jsonl")
        await Exports(database).extract(AuditFilter(quiet=True), ExportFormat.JSONL, path, most=most)
    await database.close()


def _peak() -> int:
    """This process's own: on Linux a child inherits its parent's figure in `getrusage`."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


if __name__ == "__main__":
    asyncio.run(_export_some(sys.argv[1], int(sys.argv[2])))
    sys.stdout.write(f"{_peak()}\n")

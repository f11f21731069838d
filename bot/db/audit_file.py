"""Verification of an exported file by itself: no head and no anchor stands in it, its first row is taken as linked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bot.db.audit_walk import Beginning, Fault, Finding, Walk
from bot.db.chain import GENESIS, AuditKeys
from bot.db.closing import Closing, closing_in, json_in
from bot.db.stored import COLUMNS, StoredRow
from bot.domain.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class FileFinding:
    """What verification found. A fault of the file as a whole is no row's: its seq is 0."""

    finding: Finding
    first_seq: int | None = None
    closing: Closing | None = None
    gaps: int = 0
    without_tombstone: int = 0

    @property
    def is_part(self) -> bool:
        """Whether the file says of itself that rows were left out."""
        return self.closing is not None and not self.closing.is_whole


def verify_file(path: Path, keys: AuditKeys) -> FileFinding:
    """In constant memory. `ConfigurationError` for what is no such file."""
    try:
        return _verify(path, keys)
    except OSError as error:
        raise ConfigurationError([f"The file cannot be read: {type(error).__name__}."]) from None
    except RecursionError:  # read, and yet too deep to be written in the form that is hashed
        raise ConfigurationError(["A line of the file is nested too deeply for a row of an exported trail."]) from None


def _verify(path: Path, keys: AuditKeys) -> FileFinding:
    closing, sha256 = _closing_of(path)
    excused = closing is not None and closing.problem(keys) is None
    rows = _rows_of(path, closed=closing is not None)
    first = next(rows, None)
    seq = _seq(first) if first else None
    beginning = Beginning(seq=seq or 1, previous_hash=GENESIS if seq == 1 else None)
    with_gaps = excused and closing is not None and closing.is_filtered
    unbroken = closing is None or closing.is_whole
    walk = Walk(keys, beginning, with_gaps=with_gaps, with_tombstones=unbroken)
    found = walk.run(chain((first,), rows) if first else ())
    ended = walk.end() if unbroken else Finding(rows=walk.rows)
    if found is None and ended.seq is None and closing is not None:
        found = _as_a_whole(closing, walk, sha256, keys)
    return FileFinding(
        finding=found or ended, first_seq=seq, closing=closing, gaps=walk.gaps, without_tombstone=walk.without_tombstone
    )


def _as_a_whole(closing: Closing, walk: Walk, sha256: str, keys: AuditKeys) -> Finding | None:
    problem, last = closing.problem(keys), walk.expected - 1
    if problem is None and closing.is_cut_behind(last):
        detail = f"the file was closed behind row {closing.said['last_seq']}"
        return Finding(rows=walk.rows, seq=walk.expected, fault=Fault.CUT, detail=detail)
    problem = problem or closing.differs_from(walk.rows, sha256)
    if problem is None:
        return None
    fault, detail = problem
    return Finding(rows=walk.rows, seq=0, fault=fault, detail=detail)


def _closing_of(path: Path) -> tuple[Closing | None, str]:
    """The last line, where it is one, and the hash of those above it, however they end on the way here."""
    digest, last = hashlib.sha256(), b""
    with path.open("rb") as lines:
        for line in lines:
            if last:
                digest.update(last.rstrip(b"\r\n") + b"\n")
            last = line
    return closing_in(last), digest.hexdigest()


def _rows_of(path: Path, *, closed: bool) -> Iterator[StoredRow]:
    """One row a line, but for a line that closes the file."""
    with path.open("rb") as lines:
        held: bytes | None = None
        for number, line in enumerate(lines):
            if held is not None:
                yield _row_of(held, number)
            held = line
        if held is not None and not closed:
            yield _row_of(held, number + 1)


def _row_of(line: bytes, number: int) -> StoredRow:
    row = json_in(line)
    if not isinstance(row, dict) or not set(row) >= set(COLUMNS) or type(row["seq"]) is not int:
        raise ConfigurationError([f"Line {number} of the file is not a row of an exported trail (JSON Lines)."])
    return row


def _seq(row: StoredRow) -> int:
    return int(row["seq"] or 0)

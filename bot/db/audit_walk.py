"""Walking a trail, row by row: whether each is the one that was written there. Pure: a database's rows or a file's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain

from bot.db.chain import GENESIS, SALT_DIGITS, AuditKeys, hash_of, leaf_of
from bot.db.stored import StoredRow

NEIGHBOURS = 2
"""Rows looked at behind a bad one, to tell what was done to it."""
PLACES = 5_000
"""How far away a row's own place is looked for."""


class Fault(StrEnum):
    """What can be wrong with a trail. The values are the words that people read."""

    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    CUT = "cut"
    ROLLED_BACK = "rolled back"
    WRONG_KEY = "wrong key"
    ERASED = "erased without a tombstone"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What verification found: `seq` None means that all is well. `rows` held before it."""

    rows: int
    seq: int | None = None
    fault: Fault | None = None
    detail: str = ""

    @property
    def problem(self) -> str:
        """The fault and its detail, in words; "" where all is well."""
        return f"{self.fault.value}: {self.detail}" if self.fault and self.detail else (self.fault or "")


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """Where a walk starts: the row expected first, and the hash that it must be linked to; None: taken as it is."""

    seq: int = 1
    previous_hash: str | None = GENESIS


class Walk:
    """Takes rows in the order of their seq and stops at the first that is not what was written there.

    `with_gaps`: rows between them were left out, so that only neighbours can be linked. `with_tombstones`: those of all
    erased rows must be among them.
    """

    def __init__(
        self, keys: AuditKeys, beginning: Beginning, *, with_gaps: bool = False, with_tombstones: bool = True
    ) -> None:
        self._keys = keys
        self._with_gaps = with_gaps
        self._with_tombstones = with_tombstones
        self.gaps = 0
        self.expected = beginning.seq
        self.previous_hash = beginning.previous_hash
        self.rows = 0
        self._erased: dict[str, int] = {}

    def run(self, rows: Iterable[StoredRow]) -> Finding | None:
        """The first fault, or None at the end of the rows. Constant memory.

        A fault does not hide an erased row before it: rows behind are then read for its tombstone alone.
        """
        coming = iter(rows)
        window: deque[StoredRow] = deque()
        while True:
            row = window.popleft() if window else next(coming, None)
            if row is None:
                return None
            if not self._holds(row):
                window.appendleft(row)
                _fill(window, coming, NEIGHBOURS + 1)
                found = self._look(window)
                if found is not None:
                    return self._or_erased_before(found, chain(window, coming))
                window.popleft()
            self._step(row)

    def _holds(self, row: StoredRow) -> bool:
        """What mostly is so, looked at without a word about what is not: that is `_look`'s."""
        row_hash = row["hash"]
        return (
            row["seq"] == self.expected
            and (self.previous_hash is None or row["prev_hash"] == self.previous_hash)
            and _fits_leaf(row)
            and hash_of(row) == row_hash
            and self._keys.verify(str(row["key_id"]), str(row_hash), str(row["mac"]))
        )

    def end(self) -> Finding:
        """What only shows at the end: erasures without a tombstone."""
        if self._erased:
            return self._fault(min(self._erased.values()), Fault.ERASED, "")
        return Finding(rows=self.rows)

    def _or_erased_before(self, found: Finding, further: Iterator[StoredRow]) -> Finding:
        """A tombstone that was cut, altered or taken out is none: what it was for is erased, and nothing says why."""
        while self._erased and self._with_tombstones:
            row = next(further, None)
            if row is None:
                return replace(self.end(), detail=f"and row {found.seq} is {found.problem}")
            if row["kind"] == "tombstone" and str(row["target"]) in self._erased and self._is_ours(row, found):
                del self._erased[str(row["target"])]
        return found

    def _is_ours(self, row: StoredRow, found: Finding) -> bool:
        """Whether this program wrote a row, wherever it stands now. Under a key that is missing that is not known."""
        unknown = found.fault is Fault.WRONG_KEY and not self._keys.knows(str(row["key_id"]))
        return _hash(row) == row["hash"] if unknown else self._own_place(row) is not None

    @property
    def without_tombstone(self) -> int:
        """Erased rows whose tombstone has not come."""
        return len(self._erased)

    def _look(self, window: Sequence[StoredRow]) -> Finding | None:
        row, seq = window[0], self._number(window[0])
        if seq > self.expected and self._with_gaps:
            self.gaps, self.expected, self.previous_hash = self.gaps + 1, seq, None
        if seq > self.expected:
            return self._fault(self.expected, Fault.MISSING, f"the next row that is there is {seq}")
        problem = self._problem_of(row)
        if problem is not None:
            fault, detail = self._told_apart(window, *problem)
            return self._fault(min(seq, self.expected), fault, detail)
        if seq < self.expected:
            return self._fault(seq, Fault.REORDERED, "the row stands here twice")
        if self.previous_hash is not None and row["prev_hash"] != self.previous_hash:
            return self._fault(seq, Fault.REORDERED, "it is not linked to the row before it")
        return None

    def _number(self, row: StoredRow) -> int:
        """Where the row stands; what is no number stands where the walk is."""
        seq = row["seq"]
        return seq if isinstance(seq, int) else self.expected

    def _fault(self, seq: int, fault: Fault, detail: str) -> Finding:
        return Finding(rows=self.rows, seq=seq, fault=fault, detail=detail)

    def _problem_of(self, row: StoredRow) -> tuple[Fault, str] | None:
        """What is wrong with a row by itself."""
        if not _fits_leaf(row):
            return Fault.ALTERED, "the payload does not fit its leaf"
        if _hash(row) != row["hash"]:
            return Fault.ALTERED, "the columns do not fit the hash"
        key_id, row_hash = str(row["key_id"]), str(row["hash"])
        if not self._keys.knows(key_id):
            return Fault.WRONG_KEY, f"it is signed with {key_id}, which is not in AUDIT_KEYS"
        if not self._keys.verify(key_id, row_hash, str(row["mac"])):
            return Fault.ALTERED, "the MAC does not fit"
        return None

    def _told_apart(self, window: Sequence[StoredRow], fault: Fault, detail: str) -> tuple[Fault, str]:
        """What was done, as far as the row and those behind it show."""
        if fault is Fault.WRONG_KEY:
            return fault, detail
        row, here = window[0], self._number(window[0])
        own_place = self._own_place(row)
        after = self._own_place(window[1]) if len(window) > 1 else None
        if own_place == here:
            return fault, detail
        if own_place is not None:
            shift = own_place - here
            if shift > 0 and after is not None and after - self._number(window[1]) == shift:
                return Fault.MISSING, f"the row that was written as {own_place} stands here"
            return Fault.REORDERED, f"the row that was written as {own_place} stands here"
        if after == here:
            return Fault.INSERTED, "the row that was written here stands behind it"
        if len(window) == 1 and _hash(row) == row["hash"] and row["prev_hash"] == self.previous_hash:
            return Fault.INSERTED, "it was never signed"
        return fault, detail

    def _own_place(self, row: StoredRow) -> int | None:
        """The seq under which this program wrote a row; None where it never wrote it so."""
        if not self._keys.verify(str(row["key_id"]), str(row["hash"]), str(row["mac"])):
            return None
        here = self._number(row)
        for distance in range(PLACES):
            for seq in {here - distance, here + distance}:
                if seq > 0 and _hash(row, seq) == row["hash"]:
                    return seq
        return None

    def _step(self, row: StoredRow) -> None:
        """The row is good: go on behind it."""
        if row["payload"] is None:
            self._erased[f"seq:{row['seq']}"] = self._number(row)
        if row["kind"] == "tombstone":
            self._erased.pop(str(row["target"]), None)
        self.previous_hash, self.expected, self.rows = str(row["hash"]), self.expected + 1, self.rows + 1


def _fill(window: deque[StoredRow], coming: Iterator[StoredRow], wanted: int) -> None:
    while len(window) < wanted:
        row = next(coming, None)
        if row is None:
            return
        window.append(row)


def _fits_leaf(row: StoredRow) -> bool:
    """The salt's length is looked at too: characters moved between salt and payload leave the leaf as it is."""
    salt = str(row["salt"] or "")
    if row["payload"] is None:
        return not salt
    return len(salt) == SALT_DIGITS and leaf_of(salt, str(row["payload"])) == row["leaf"]


def _hash(row: StoredRow, seq: int | None = None) -> str:
    return hash_of(row if seq is None else {**row, "seq": seq})

"""Retention: payloads erased behind tombstones, and the trail's beginning moved into a file behind a checkpoint.

What keeps `truncate` safe is its order: nothing is cut from a trail that does not hold, nothing is deleted before its
file lies on the disk and the checkpoint row names that file by its hash. Killed anywhere in between, it is run again
with the same file: it goes on where it stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.db.audit_retention import DELETING, ERASING, Prefix, Unfinished
from bot.db.audit_walk import Fault
from bot.db.engine import Database
from bot.domain.audit import AuditFilter, JsonValue
from bot.domain.errors import ConfigurationError, Conflict, InvalidInput, TrailUnavailable
from bot.domain.ids import new_story_id
from bot.domain.secrecy import redact
from bot.services.drafts import draft_beside, publish_once, sha256_of, writing_files
from bot.services.export_formats import ExportFormat
from bot.services.exports import TOLD_EVERY, Exports, Extract, Told

REASON_KEPT = 500

NO_RIGHT = (
    "The database role in DATABASE_URL may not {what} the trail, which is right for the one that serves: "
    "run this as the owner of the tables."
)


@dataclass(frozen=True, kw_only=True)
class Truncated:
    """What was deleted, and the last row of its file.

    `finished_earlier_run`: it is what a run before had left, and nothing else.
    """

    rows: int
    last_seq: int
    file_seq: int
    finished_earlier_run: bool = False


class Keeper:
    """What the command line does to the trail as a whole. On SQLite the caller holds the process lock."""

    def __init__(self, database: Database, operator: str) -> None:
        self._database = database
        self._by: dict[str, JsonValue] = {"surface": "command_line", "operator": operator}

    async def erase(self, seqs: Sequence[int], reason: str) -> tuple[int, ...]:
        """Payload and salt of these rows, all or none; `InvalidInput` names the row that keeps it from happening."""
        said = redact(" ".join(reason.split()))[:REASON_KEPT]
        if not said:
            raise InvalidInput("An erasure needs a reason: add --reason.")
        await self._require(ERASING, "erase from")
        wanted, story = tuple(dict.fromkeys(seqs)), new_story_id()
        payload: dict[str, JsonValue] = {**self._by, "reason": said}
        await self._database.write(lambda unit: unit.retention.erase(wanted, story, payload))
        return wanted

    async def truncate(self, before: datetime | int, export: Path, *, told: Told | None = None) -> Truncated | None:
        """Export, verify, write the checkpoint, delete. None: there is nothing before."""
        await self._require(DELETING, "delete from")
        left = await self._database.read(lambda unit: unit.retention.unfinished())
        if left is not None:
            await asyncio.to_thread(_require_export, export, left)
            rows = await self._remove(left.last_seq, told)
            return Truncated(rows=rows, last_seq=left.last_seq, file_seq=left.file_seq, finished_earlier_run=True)
        await self._require_holding()
        prefix = await self._database.read(lambda unit: unit.retention.prefix(before))
        if prefix is None:
            return None
        made = await self._exported(prefix, export, told)
        payload: dict[str, JsonValue] = {
            **self._by,
            "export_sha256": made.sha256,
            "export_file": export.name,
            "export_last_seq": made.last_seq,
        }
        await self._database.write(lambda unit: unit.retention.checkpoint(prefix, payload))
        rows = await self._remove(prefix.last_seq, told)
        return Truncated(rows=rows, last_seq=prefix.last_seq, file_seq=made.last_seq or prefix.last_seq)

    async def _require(self, rights: Sequence[tuple[str, str]], what: str) -> None:
        if await self._database.read(lambda unit: unit.retention.lacks(rights)):
            raise ConfigurationError([NO_RIGHT.format(what=what)])

    async def _require_holding(self) -> None:
        """The whole trail, and not only what goes: what stays is judged by what the checkpoint says."""
        finding = await self._database.read(lambda unit: unit.audit.verify())
        if finding.fault is Fault.WRONG_KEY:
            raise ConfigurationError([f"Row {finding.seq} of the trail cannot be verified: {finding.problem}."])
        if finding.seq is not None:
            raise TrailUnavailable(
                f"The trail does not hold: row {finding.seq} is {finding.problem}. Nothing was deleted.",
                retryable=False,
            )

    async def _exported(self, prefix: Prefix, export: Path, told: Told | None) -> Extract:
        exports, wanted = Exports(self._database), AuditFilter(quiet=True, before_seq=prefix.last_seq + 1)
        with writing_files(), draft_beside(export) as draft:
            made = await exports.extract(wanted, ExportFormat.JSONL, draft, told=told)
            further = (made.last_seq or 0) - prefix.last_seq
            if (made.first_seq, made.rows - further) != (prefix.first_seq, prefix.rows) or further < 0:
                raise Conflict("The trail changed while it was being exported. Run it again.")
            await asyncio.to_thread(publish_once, draft, export, made.sha256)
        return made

    async def _remove(self, last_seq: int, told: Told | None) -> int:
        """Batch by batch, each a transaction of its own: whoever serves gets their turn."""
        rows = 0
        while removed := await self._database.note(lambda unit: unit.retention.remove(last_seq)):
            if told is not None and (rows + removed) // TOLD_EVERY > rows // TOLD_EVERY:
                told(f"{rows + removed} rows deleted")
            rows += removed
        return rows


def _require_export(export: Path, left: Unfinished) -> None:
    """An earlier run was interrupted after its checkpoint: the file that it made must still be there."""
    with writing_files():
        if export.exists() and sha256_of(export) == left.sha256:
            return
    raise InvalidInput(
        f"An earlier run did not finish deleting the rows up to {left.last_seq}, and {export.name} is not its export. "
        f"Give that file: row {left.checkpoint} names its SHA-256, {left.sha256}."
    )

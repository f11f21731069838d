"""Retention: payloads erased behind tombstones, and the trail's beginning moved into a file behind a checkpoint.

What keeps `truncate` safe is its order: nothing is cut from a trail that does not hold, nothing is deleted before its
file lies on the disk, the checkpoint row names that file by its hash, and that row is anchored in the audit channel, if
there is one. Killed or refused anywhere in between, it is run again with the same file: it goes on where it stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bot.db.audit_retention import DELETING, ERASING, INDEXING, Prefix, Unfinished
from bot.db.audit_walk import Fault
from bot.db.engine import Database
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditEntry, AuditFilter, AuditKind, AuditOutcome, AuditRecord, JsonValue
from bot.domain.errors import ConfigurationError, Conflict, InvalidInput, TrailUnavailable, Unavailable
from bot.domain.ids import new_story_id
from bot.domain.loud_events import SEARCH_INDEX
from bot.domain.ports import MessageDelayed, MessageRefused
from bot.domain.secrecy import redact
from bot.services.anchors import Anchors
from bot.services.drafts import draft_beside, publish_once, sha256_of, writing_files
from bot.services.export_formats import ExportFormat
from bot.services.exports import TOLD_EVERY, Exports, Extract, Told
from bot.services.lifecycle import LAST_DESTRUCTIVE

REASON_KEPT = 500

NO_RIGHT = (
    "The database role in DATABASE_URL may not {what} the trail, which is right for the one that serves: "
    "run this as the owner of the tables."
)
NOT_ANCHORED = (
    "Slack did not take the anchor of the checkpoint, row {seq} ({code}). Nothing was deleted. "
    "Invite the bot to AUDIT_CHANNEL, or unset it to do without, and run this again with the same file."
)


@dataclass(frozen=True, kw_only=True)
class Truncated:
    """What was deleted, and the last row of its file.

    `anchored`: the checkpoint is named outside the database.
    `finished_earlier_run`: it is what a run before had left, and nothing else.
    """

    rows: int
    last_seq: int
    file_seq: int
    anchored: bool = False
    finished_earlier_run: bool = False


class Keeper:
    """What the command line does to the trail as a whole. On SQLite the caller holds the process lock.

    Both are remembered as destructive: the bot anchors them as soon as it runs, wherever that was not done from here.
    """

    def __init__(self, database: Database, operator: str, anchors: Anchors | None = None) -> None:
        self._database = database
        self._anchors = anchors
        self._by: dict[str, JsonValue] = {"surface": "command_line", "operator": operator}

    async def erase(self, seqs: Sequence[int], reason: str) -> tuple[int, ...]:
        """Payload and salt of these rows, all or none; `InvalidInput` names the row that keeps it from happening."""
        said = redact(" ".join(reason.split()))[:REASON_KEPT]
        if not said:
            raise InvalidInput("An erasure needs a reason: add --reason.")
        await self._require(ERASING, "erase from")
        wanted, story = tuple(dict.fromkeys(seqs)), new_story_id()
        payload: dict[str, JsonValue] = {**self._by, "reason": said}

        def work(unit: Unit) -> None:
            unit.settings.set(LAST_DESTRUCTIVE, str(unit.retention.erase(wanted, story, payload)))

        await self._database.write(work)
        return wanted

    async def index_anew(self) -> int:
        """The search index, from the rows; how many. It leaves a row, as all that is changed from here does."""
        await self._require(INDEXING, "write the search index of")
        rows = await self._database.note(lambda unit: unit.retention.index_anew())
        await self._database.append(_indexed({**self._by, "rows_indexed": rows}))
        return rows

    async def truncate(self, before: datetime | int, export: Path, *, told: Told | None = None) -> Truncated | None:
        """Verify, export, write the checkpoint, anchor it, delete. None: there is nothing before."""
        await self._require(DELETING, "delete from")
        left = await self._database.read(lambda unit: unit.retention.unfinished())
        if left is not None:
            await asyncio.to_thread(_require_export, export, left)
            done = await self._let_go(left.checkpoint, left.last_seq, left.file_seq, told)
            return replace(done, finished_earlier_run=True)
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
        checkpoint = await self._database.write(lambda unit: _checkpoint(unit, prefix, payload))
        return await self._let_go(checkpoint, prefix.last_seq, made.last_seq or prefix.last_seq, told)

    async def _let_go(self, checkpoint: AuditRecord, last_seq: int, file_seq: int, told: Told | None) -> Truncated:
        """What is the same on the first run and on one that goes on."""
        anchored = await self._anchored(checkpoint)
        rows = await self._remove(last_seq, told)
        return Truncated(rows=rows, last_seq=last_seq, file_seq=file_seq, anchored=anchored)

    async def _anchored(self, checkpoint: AuditRecord) -> bool:
        """Named outside before anything goes: who owns the database can write no other history up to here unseen."""
        if self._anchors is None:
            return False
        try:
            return await self._anchors.name(checkpoint)
        except (MessageRefused, MessageDelayed) as error:
            raise Unavailable(NOT_ANCHORED.format(seq=checkpoint.seq, code=error.code), retryable=False) from None

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


def _checkpoint(unit: Unit, prefix: Prefix, payload: dict[str, JsonValue]) -> AuditRecord:
    record = unit.retention.checkpoint(prefix, payload)
    unit.settings.set(LAST_DESTRUCTIVE, str(record.seq))
    return record


def _indexed(payload: dict[str, JsonValue]) -> AuditEntry:
    return AuditEntry(
        kind=AuditKind.SYSTEM,
        story=new_story_id(),
        action=AuditAction.SYSTEM_CONFIGURATION,
        outcome=AuditOutcome.SUCCEEDED,
        target=SEARCH_INDEX,
        payload=payload,
    )


def _require_export(export: Path, left: Unfinished) -> None:
    """An earlier run was interrupted after its checkpoint: the file that it made must still be there."""
    with writing_files():
        if export.exists() and sha256_of(export) == left.sha256:
            return
    raise InvalidInput(
        f"An earlier run did not finish deleting the rows up to {left.last_seq}, and {export.name} is not its export. "
        f"Give that file: row {left.checkpoint.seq} names its SHA-256, {left.sha256}."
    )

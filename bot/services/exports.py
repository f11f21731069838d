"""The trail as a file: made a batch at a time in constant memory, and never handed out before its row is written."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from bot.db.audit_export import COLUMNS, Batch
from bot.db.engine import Database
from bot.db.types import as_text
from bot.domain.access import Person
from bot.domain.audit import AuditAction, AuditEntry, AuditFilter, AuditKind, AuditOutcome, JsonValue
from bot.domain.errors import BotError, Unavailable
from bot.domain.invocation import Invocation
from bot.domain.secrecy import redact
from bot.services.drafts import writing_files
from bot.services.export_formats import ExportFormat, header_of, text_of_rows

MOST_IN_CHAT = 100_000
"""Rows of one file in the chat. The command line has no such bound."""
TOLD_EVERY = 100_000
TOLD_EVERY_IN_CHAT = 1_000
"""There it is passed on by the clock, and so is what was heard last."""
EVERYTHING = AuditFilter(quiet=True)
TIMES = {"since", "until"}
"""What leaves rows out at both ends, and none in between."""

Told = Callable[[str], None]
"""Hears how far it came, now and then."""


class Uploading(Protocol):
    """What is needed of `bot.domain.ports.Messenger`."""

    async def upload(self, person_id: str, file: Path, *, name: str, comment: str) -> str:
        """A file into the direct message with this person; its link."""
        ...


@dataclass(frozen=True, kw_only=True)
class Extract:
    """What a file holds. `complete` is False where more rows fit than were wanted at most."""

    form: ExportFormat
    rows: int
    first_seq: int | None
    last_seq: int | None
    last_hash: str
    sha256: str
    complete: bool = True
    link: str = ""

    def facts(self) -> dict[str, JsonValue]:
        """As the trail tells it."""
        return {
            "format": self.form.value,
            "rows": self.rows,
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "sha256": self.sha256,
            "complete": self.complete,
        }


class _Sheet:
    """A file that is being written."""

    def __init__(self, form: ExportFormat, file: IO[bytes]) -> None:
        self._form = form
        self._file = file
        self._digest = hashlib.sha256()
        self.rows = 0
        self.first_seq: int | None = None
        self.last_seq: int | None = None
        self.last_hash = ""
        self.next_after: int | None = None
        self._write(header_of(form, COLUMNS))

    def _write(self, text: str) -> None:
        content = text.encode()
        self._digest.update(content)
        self._file.write(content)

    def add(self, batch: Batch, most: int | None) -> bool:
        """Write the batch down; False where not all of it was wanted."""
        self.next_after = batch.next_after
        rows = batch.rows if most is None else batch.rows[: max(0, most - self.rows)]
        if rows:
            self._write(text_of_rows(self._form, COLUMNS, rows))
            self.rows += len(rows)
            self.first_seq = self.first_seq or int(rows[0]["seq"] or 0)
            self.last_seq, self.last_hash = int(rows[-1]["seq"] or 0), str(rows[-1]["hash"])
        return len(rows) == len(batch.rows)

    @property
    def sha256(self) -> str:
        """Of what was written until now."""
        return self._digest.hexdigest()

    def closed(self, asked: dict[str, JsonValue], *, whole: bool) -> dict[str, JsonValue]:
        """What its closing line says."""
        filtered = bool(asked.keys() - TIMES)
        said: dict[str, JsonValue] = {"asked": asked, "filtered": filtered, "rows": self.rows, "sha256": self.sha256}
        return {**said, "whole": True, "last_seq": self.last_seq, "hash": self.last_hash} if whole else said

    def end_with(self, line: str) -> None:
        """Behind the rows."""
        self._write(line)

    def finish(self, *, complete: bool) -> Extract:
        """Have it on the disk for good."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return Extract(
            form=self._form,
            rows=self.rows,
            first_seq=self.first_seq,
            last_seq=self.last_seq,
            last_hash=self.last_hash,
            sha256=self.sha256,
            complete=complete,
        )


def asked_of(wanted: AuditFilter) -> dict[str, JsonValue]:
    """What was given of the filter, for people who read the file; not where a page would have begun."""
    unasked = {"before_seq", "limit", "quiet"}
    given = {name: value for name, value in vars(wanted).items() if value != getattr(EVERYTHING, name)}
    asked = {name: _said(value) for name, value in given.items() if name not in unasked}
    return asked if wanted.quiet else {**asked, "leaves_out": "reads, mistypes, answers, anchors, forms"}


def _said(value: object) -> JsonValue:
    if isinstance(value, datetime):
        return as_text(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


class Exports:
    """Makes files of the trail, and hands them to people in the chat."""

    def __init__(self, database: Database, messenger: Uploading | None = None) -> None:
        self._database = database
        self._messenger = messenger

    async def extract(
        self, wanted: AuditFilter, form: ExportFormat, path: Path, *, most: int | None = None, told: Told | None = None
    ) -> Extract:
        """Write what the filter lets through, oldest first, up to the row that is the last one now.

        Without a filter the file goes on from there to the tombstones of what is erased in it, and is a chain of its
        own. It ends with a line that says whether it is such a chain or a part of the trail, for whoever verifies it.
        """
        asked = asked_of(wanted)
        head = await self._database.read(lambda unit: unit.audit.head())
        bounded = replace(wanted, before_seq=min(wanted.before_seq or head.seq + 1, head.seq + 1))
        with writing_files(), await asyncio.to_thread(path.open, "wb") as file:
            sheet = _Sheet(form, file)
            complete = await self._fill(sheet, bounded, most, told)
            if complete and not asked:
                complete = await self._go_on(sheet, bounded, most, told)
            if form is ExportFormat.JSONL:
                said = sheet.closed(asked, whole=complete and not asked)
                line = await self._database.read(lambda unit: unit.audit.closing_line(said))
                await asyncio.to_thread(sheet.end_with, line)
            return await asyncio.to_thread(lambda: sheet.finish(complete=complete))

    async def _fill(self, sheet: _Sheet, wanted: AuditFilter, most: int | None, told: Told | None) -> bool:
        after: int | None = wanted.after_seq or 0
        while after is not None:
            before = sheet.rows
            if not await self._add_batch(sheet, wanted, after, most):
                return False
            every = TOLD_EVERY if most is None else TOLD_EVERY_IN_CHAT
            if told is not None and sheet.rows // every > before // every:
                told(_how_far(sheet, wanted))
            after = sheet.next_after
        return True

    async def _add_batch(self, sheet: _Sheet, wanted: AuditFilter, after: int, most: int | None) -> bool:
        """Read and written by one thread: handing the rows to another costs more than writing them."""
        return await self._database.read(lambda unit: sheet.add(unit.audit.batch(wanted, after=after), most))

    async def _go_on(self, sheet: _Sheet, wanted: AuditFilter, most: int | None, told: Told | None) -> bool:
        """Rows may be erased meanwhile: until none is without its tombstone in the file."""
        while sheet.last_seq is not None:
            first, last = sheet.first_seq or 1, sheet.last_seq
            end = await self._database.read(lambda unit: unit.retention.file_end(first, last))  # noqa: B023 - awaited
            if end == last:
                break
            further = replace(wanted, after_seq=last, before_seq=end + 1)
            if not await self._fill(sheet, further, most, told):
                return False
        return True

    async def record(self, entry: AuditEntry) -> None:
        """Write the export's row; without it, no file is handed out."""
        await self._database.append(entry)

    async def deliver(
        self, wanted: AuditFilter, form: ExportFormat, invocation: Invocation, person: Person, *, told: Told
    ) -> Extract:
        """A file into the person's direct message. Nothing is sent where nothing fits."""
        messenger = self._messenger
        if messenger is None:
            raise Unavailable("Files cannot be sent from here.", retryable=False)
        with writing_files(), tempfile.TemporaryDirectory(prefix="export-") as folder:
            path = Path(folder, f"extract.{form.value}")
            made = await self.extract(wanted, form, path, most=MOST_IN_CHAT, told=told)
            if not made.rows:
                return made
            entry = _chat_entry(invocation, person, made)
            await self.record(entry)
            try:
                name = f"audit-{made.first_seq}-{made.last_seq}.{form.value}"
                link = await messenger.upload(person.id, path, name=name, comment=_comment(made))
            except BotError as error:
                await self.record(replace(entry, outcome=AuditOutcome.FAILED, code=str(error)))
                raise
        return replace(made, link=link)


def _how_far(sheet: _Sheet, wanted: AuditFilter) -> str:
    """The last row's number stands for the whole: how many of them fit a filter is not known before."""
    whole = f" of {wanted.before_seq - 1}" if wanted.before_seq else ""
    return f"{sheet.rows} rows written, as far as row {sheet.last_seq}{whole}"


def _comment(made: Extract) -> str:
    part = "" if made.complete else ", the oldest of those that fit"
    return f"The audit trail as you asked: {made.rows} rows, {made.first_seq} to {made.last_seq}{part}."


def _chat_entry(invocation: Invocation, person: Person, made: Extract) -> AuditEntry:
    return AuditEntry(
        kind=AuditKind.EXPORT,
        story=invocation.story,
        action=AuditAction.AUDIT_EXPORT,
        outcome=AuditOutcome.SUCCEEDED,
        actor=person.id,
        channel=invocation.channel_id,
        delivery=invocation.delivery,
        payload={
            **made.facts(),
            "text": redact(invocation.text[:500]),
            "surface": invocation.surface.value,
            "person": person.name,
            "channel": invocation.channel_name,
        },
    )

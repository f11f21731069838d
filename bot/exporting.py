"""`audit export` on the command line: beside a serving bot, into a file or to standard output."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from bot.commands.times import read_time
from bot.config import Settings
from bot.domain.audit import AuditAction, AuditEntry, AuditFilter, AuditKind, AuditOutcome, JsonValue
from bot.domain.errors import InvalidInput
from bot.domain.ids import new_story_id
from bot.domain.ports import Clock, SystemClock
from bot.services.drafts import draft_beside, publish, writing_files
from bot.services.export_formats import ExportFormat
from bot.services.exports import Exports, Extract, Told
from bot.standalone import database_beside

STDOUT = "-"


def export_trail(
    settings: Settings, form: ExportFormat, output: str, *, since: str, until: str, operator: str, told: Told
) -> Extract:
    """The file, its row in the trail, and only then its name: no row, no file."""
    wanted = range_of(since, until, SystemClock())

    async def work() -> Extract:
        async with database_beside(settings) as database:
            exports = Exports(database)
            with writing_files(), draft_beside(_draft_target(output)) as draft:
                made = await exports.extract(wanted, form, draft, told=told)
                await exports.record(_entry(made, wanted, operator))
                if output == STDOUT:
                    await asyncio.to_thread(_pour, draft)
                else:
                    await asyncio.to_thread(publish, draft, Path(output))
            return made

    return asyncio.run(work())


def range_of(since: str, until: str, clock: Clock) -> AuditFilter:
    """Everything between two times as people write them, in UTC."""
    now = clock.now()
    earliest = read_time(since, now=now, timezone="UTC") if since else None
    latest = read_time(until, now=now, timezone="UTC") if until else None
    if earliest is not None and latest is not None and earliest >= latest:
        raise InvalidInput("The range is turned round: --since is not before --until.")
    return AuditFilter(quiet=True, since=earliest, until=latest)


def _draft_target(output: str) -> Path:
    return Path(tempfile.gettempdir(), "audit-export") if output == STDOUT else Path(output)


def _pour(draft: Path) -> None:
    with draft.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _entry(made: Extract, wanted: AuditFilter, operator: str) -> AuditEntry:
    asked: dict[str, JsonValue] = {
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": wanted.until.isoformat() if wanted.until else None,
    }
    return AuditEntry(
        kind=AuditKind.EXPORT,
        story=new_story_id(),
        action=AuditAction.AUDIT_EXPORT,
        outcome=AuditOutcome.SUCCEEDED,
        payload={**made.facts(), **asked, "surface": "command_line", "operator": operator},
    )

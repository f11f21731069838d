"""What the command line does with the database by itself: verify the trail, accept an organisation."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from bot.bootstrap import build
from bot.config import Settings
from bot.db import audit_file
from bot.db.audit_file import FileFinding
from bot.db.audit_walk import Fault, Finding
from bot.db.chain import AuditKeys
from bot.db.closing import Closing
from bot.db.engine import Database
from bot.db.inspection import database_has_rows
from bot.db.unit import Unit
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, AuditOutcome
from bot.domain.errors import ConfigurationError, Unavailable
from bot.domain.ids import new_story_id
from bot.domain.ports import MessageDelayed, MessageRefused
from bot.keys import key_rings, signing_keys
from bot.services.anchors import PostedAnchor, posted, threads_begun
from bot.standalone import database_beside, messenger_of

UNANCHORED = "no anchor was made outside the database, so a rollback of all of it could not be seen."

UNKNOWN_THREAD = (
    "the bot began a thread of anchors in AUDIT_CHANNEL that this database does not know: "
    "it was rolled back to before it, or another database was anchored there."
)
NOTHING_POSTED = "no anchor stands in Slack, so a rollback of all of it could not be seen."
NOT_SEARCHED = "AUDIT_CHANNEL is not set, so threads of anchors that this database does not know were not looked for."
UNSEEN_END = (
    "it has no closing line, as files of earlier versions: what was cut off behind its last row could not be seen."
)
NOT_CLOSED = "an export with filters or a range ends with a line that says so. This file does not."
NO_CHAIN = (
    "each row's hash and signature hold, but rows were left out, so it is no chain ({gaps} gaps): "
    "rows that the trail itself lacked could not be seen. Verify an export without filters for that."
)

_THREAD = re.compile(r"[CGD][A-Z0-9]+ [0-9]{1,20}\.[0-9]{1,20}")


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found, against what, and what could not be seen."""

    finding: Finding
    anchors: int = 0
    notes: tuple[str, ...] = ()
    what: str = "trail"
    index: str = ""
    """What is wrong with the search index, which is not in the chain."""

    @property
    def verdict(self) -> str:
        """In a sentence. What is wrong with a file as a whole is no row's."""
        finding = self.finding
        if finding.seq is None:
            return f"The {self.what} holds: {finding.rows} rows verified{self.beyond}."
        if finding.seq == 0:
            return f"The file does not hold: {finding.problem}."
        return f"The {self.what} does not hold. First bad row: {finding.seq}, {finding.problem}."

    @property
    def beyond(self) -> str:
        """What was compared beside the rows."""
        return f", against {self.anchors} anchor{'s' if self.anchors > 1 else ''}" if self.anchors else ""


def verify_trail(settings: Settings, *, slack: bool = False) -> Verified:
    """Walk the chain and compare it with its anchors; runs beside a serving bot.

    `ConfigurationError` where it cannot be read: that is no finding.
    """

    async def walk() -> Verified:
        async with database_beside(settings) as database:
            found = await database.read(_verified)
            if slack and found.finding.seq is None:
                return replace(await _with_slack(settings, database, found.finding), index=found.index)
            return found

    try:
        return asyncio.run(walk())
    except Unavailable as error:
        raise ConfigurationError([f"The database in DATABASE_URL cannot be read: {error}"]) from None


def _verified(unit: Unit) -> Verified:
    """All on one snapshot."""
    anchors, index = unit.anchors.count(), unit.audit.index_problem()
    notes = () if anchors else (UNANCHORED,)
    return Verified(finding=unit.audit.verify(), anchors=anchors, notes=notes, index=index)


def verify_file(settings: Settings, path: Path) -> Verified:
    """An exported file by itself."""
    # None is made: the rows were signed with what is asked for, which need not be what a database here is signed with.
    keys = settings.audit_keys or signing_keys(settings, database_has_rows=True)
    found = audit_file.verify_file(path, AuditKeys(keys))
    return Verified(finding=found.finding, what="file" if found.is_part else "trail", notes=_notes(found))


def _notes(found: FileFinding) -> tuple[str, ...]:
    """What could be checked of a file, and what could not."""
    if found.finding.seq is not None:
        is_open = found.closing is None and found.finding.fault in (Fault.MISSING, Fault.ERASED)
        return (NOT_CLOSED,) if is_open else ()
    empty = "the file holds no row." if found.first_seq is None else ""
    later = found.first_seq is not None and found.first_seq > 1
    before = f"the file begins with row {found.first_seq}; what came before is not in it." if later else ""
    further = _of_a_part(found, found.closing) if found.closing else (UNSEEN_END,)
    return tuple(filter(None, (empty, before, *further)))


def _of_a_part(found: FileFinding, closing: Closing) -> tuple[str, ...]:
    if closing.is_whole:
        return ()
    asked = ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in closing.asked.items())
    part = f"it is a part of the trail ({asked or 'its first rows'}), and as it was exported."
    left_out = NO_CHAIN.format(gaps=found.gaps) if closing.is_filtered else ""
    number = found.without_tombstone
    return part, left_out, f"erased rows in it whose tombstones are not: {number}." if number else ""


def _plain(value: object) -> str:
    """What somebody typed in Slack, on a terminal."""
    return str(value) if str(value).isprintable() else ascii(value)


async def _with_slack(settings: Settings, database: Database, finding: Finding) -> Verified:
    """The anchors as they stand in Slack now: whatever the database says of them, it may be an old one."""
    known, unknown = await _posted(settings, await database.read(_threads))
    standing = (*known, *unknown)
    named = [(anchor.seq, anchor.hash) for anchor in standing]
    found = await database.read(lambda unit: unit.audit.against_posted(named, rows=finding.rows))
    stored = await database.read(lambda unit: {anchor.ts: anchor.seq for anchor in unit.anchors.all()})
    gone = sorted(seq for ts, seq in stored.items() if ts not in {anchor.ts for anchor in standing})
    notes = [f"the anchor of row {gone[0]} is no longer in Slack ({len(gone)} in all)."] if gone else []
    notes += [UNKNOWN_THREAD] if unknown else []
    notes += [] if standing else [NOTHING_POSTED]
    notes += [] if settings.audit_channel else [NOT_SEARCHED]
    return Verified(finding=found or finding, anchors=len(standing), notes=tuple(notes))


Thread = tuple[str, str]
Standing = tuple[PostedAnchor, ...]


async def _posted(settings: Settings, threads: Sequence[Thread]) -> tuple[Standing, Standing]:
    """What stands in the threads that the database knows, and in those that it does not know or knows no more.

    `ConfigurationError` where Slack gives no answer.
    """
    messenger, channel = messenger_of(settings), settings.audit_channel
    try:
        known = {thread: await posted(messenger, *thread) for thread in threads}
        begun = await threads_begun(messenger, channel, since=_newest(known, channel)) if channel else ()
        unknown = [await posted(messenger, channel, ts) for ts in begun if (channel, ts) not in known]
    except (MessageRefused, MessageDelayed) as error:
        raise ConfigurationError([f"The anchors in Slack cannot be read ({error.code})."]) from None
    return tuple(chain(*known.values())), tuple(chain(*unknown))


def _newest(known: Mapping[Thread, Standing], channel: str) -> str:
    """Threads begun before the newest anchor that stands in a known one tell nothing more, or are of another trail.

    By what Slack says: the database may have been given any anchor.
    """
    standing = [anchor.ts for (where, _), anchors in known.items() for anchor in anchors if where == channel]
    return max(standing, key=float, default="")


def _threads(unit: Unit) -> tuple[Thread, ...]:
    """Those that Slack may know: anybody who writes into the database may have put something else there."""
    threads = dict.fromkeys((anchor.channel_id, anchor.thread_ts) for anchor in unit.anchors.all())
    return tuple(thread for thread in threads if _THREAD.fullmatch(" ".join(map(str, thread))))


async def accept_organisation(settings: Settings, environment: str, *, operator: str) -> str:
    """Pin the organisation that the key belongs to now; audited. Returns its name."""
    rings = key_rings(settings, database_has_rows=database_has_rows(settings.database_url))
    async with build(settings, rings) as program:
        found = await program.environments.client(environment).get_organisation()
        entry = AuditEntry(
            kind=AuditKind.SYSTEM,
            story=new_story_id(),
            action=AuditAction.SYSTEM_ORGANISATION,
            outcome=AuditOutcome.SUCCEEDED,
            environment=environment,
            target=found.id or "",
            target_label=found.name or "",
        )

        def work(unit: Unit) -> None:
            key = f"organisation:{environment}"
            before = unit.settings.get(key)
            unit.settings.set(key, found.id or "")
            by = {"surface": "command_line", "operator": operator}
            unit.audit.append(replace(entry, payload={"pinned": before, "accepted": found.id, **by}))

        await program.database.write(work)
        return found.name or found.slug or found.id or "unnamed"

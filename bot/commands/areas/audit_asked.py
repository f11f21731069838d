"""A question to the trail as typed: asked again for another page, and narrowed to one person, database or day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from bot.commands.normalise import normalise, quoted, requoted, split
from bot.commands.times import zone_of
from bot.domain.audit import AuditRecord
from bot.domain.replies import CommandButton

CURSORS = ("--before-seq", "--after-seq")
"""Options that buttons alone use."""
RANGE = ("--since", "--until", "--day")
ABOUT_DATABASES = frozenset({"databases", "tables", "notifications", "devices"})
"""Areas whose targets are databases."""
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}")
_VERBS = frozenset({"audit", "list", "search", "summary"})


def asked(text: str, *, path: str = "audit list", without: Sequence[str] = ()) -> str:
    """The question without its page and without these options, for this command."""
    kept, words = [], split(normalise(text))
    while words and words[0].casefold() in _VERBS:
        words.pop(0)
    dropped = (*CURSORS, *without)
    while words:
        word = words.pop(0)
        if word in dropped:
            words[:1] = []
        if word.partition("=")[0] in dropped:
            _drop_clock(words)
        elif word != "--share":
            kept.append(word)
    return " ".join((path, *map(requoted, kept)))


def _drop_clock(words: list[str]) -> None:
    """`--since yesterday 14:00` without quotes: the clock time belongs to the day before it."""
    if words and _CLOCK.fullmatch(words[0]):
        words.pop(0)


def range_asked(text: str) -> str:
    """The range alone, as typed, to be put behind another question."""
    words, kept = split(normalise(text)), []
    for place, word in enumerate(words):
        name, sign, _ = word.partition("=")
        if name in RANGE:
            value = () if sign else words[place + 1 : place + 2]
            clock = words[place + 1 + len(value) :][:1]
            kept += [requoted(word), *map(quoted, value), *(one for one in clock if _CLOCK.fullmatch(one))]
    return " ".join(kept)


def narrower(records: Sequence[AuditRecord], question: str, timezone: str | None) -> tuple[CommandButton, ...]:
    """The same question about the first person, database and day among these rows, where it does not name one yet."""
    person = next((record.actor for record in records if record.actor.startswith(("U", "W"))), "")
    target = next((_database(record) for record in records if _database(record)), "")
    buttons = []
    if person and "--user" not in question:
        buttons.append(CommandButton(label="Same person", command=f"{question} --user <@{person}>"))
    if target and "--database" not in question:
        buttons.append(CommandButton(label="Same database", command=f"{question} --database {quoted(target)}"))
    if records and "--day" not in question:
        day = records[0].occurred_at.astimezone(zone_of(timezone)).date()
        command = f"{asked(question, without=RANGE)} --day {day}"
        buttons.append(CommandButton(label="Same day", command=command))
    return tuple(buttons)


def _database(record: AuditRecord) -> str:
    """An id where the row has one: labels may be given to another database later. "" where it is about none."""
    if record.action.partition(".")[0] not in ABOUT_DATABASES:
        return ""
    return record.target if record.target.startswith("db_") else record.target_label or record.target


def day_around(moment: datetime, timezone: str | None) -> tuple[datetime, datetime]:
    """The person's own day around a moment: its beginning and its end."""
    zone = zone_of(timezone)
    day = moment.astimezone(zone).date()
    first, last = (datetime.combine(one, time(), tzinfo=zone) for one in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), last.astimezone(UTC)

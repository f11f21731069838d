"""`--since` and `--until` as people write them, in their own time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.errors import InvalidInput

EXAMPLES = ("7d", "24h", "2026-11-01", "yesterday 14:00", "monday")
UNKNOWN_ZONE_SLACK = timedelta(days=1)
"""How far ahead of UTC a moment may lie while it is not known where the person is."""

_AGO = re.compile(r"(\d{1,5})\s*(m|min|h|d|w)", re.ASCII | re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2}))?", re.ASCII)
_DAY = re.compile(r"(?:last |on )?(\w+?)(?:(?: at)? (\d{1,2}):(\d{2}))?", re.ASCII | re.IGNORECASE)
_READABLE = re.compile(r"[A-Za-z0-9 :,./+-]{3,40}", re.ASCII)
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def zone_of(name: str | None) -> ZoneInfo:
    """The person's zone, or UTC where Slack names none or one that is not known."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def read_time(text: str, *, now: datetime, timezone: str | None, ends: bool = False) -> datetime:
    """The moment that is meant, aware and in UTC. `timezone` None: not known yet, so a day ahead is let pass.

    `ends`: a range goes on until then, which for what is still to come means until now.

    Raises `InvalidInput` for what is no time, or lies in the future.
    """
    text = " ".join(text.split())
    try:
        moment = _moment(text, now.astimezone(zone_of(timezone)))
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise InvalidInput(f"This is not a time: {text[:40]}.", nearest=EXAMPLES)
    if ends:
        return min(moment, now).astimezone(UTC)
    if moment > now + (UNKNOWN_ZONE_SLACK if timezone is None else timedelta()):
        raise InvalidInput(f"This time lies in the future: {text[:40]}.", nearest=EXAMPLES)
    return moment.astimezone(UTC)


def _moment(text: str, here: datetime) -> datetime | None:
    """`here` is now on the person's clock. An impossible date raises `ValueError` rather than being guessed at."""
    ago = _AGO.fullmatch(text)
    if ago:
        return here.astimezone(UTC) - timedelta(**{_UNITS[ago[2].lower()]: int(ago[1])})
    iso = _ISO.fullmatch(text)
    if iso:
        year, month, day, hour, minute = (int(part or 0) for part in iso.groups())
        return datetime(year, month, day, hour, minute, tzinfo=here.tzinfo).astimezone(UTC)
    return _day(text, here) or _in_words(text, here)


def _day(text: str, here: datetime) -> datetime | None:
    """`today`, `yesterday` and the latest of a weekday, at midnight or at the time given."""
    match = _DAY.fullmatch(text)
    days = _days_back(match[1].casefold(), here) if match else None
    if match is None or days is None:
        return None
    at = time(int(match[2] or 0), int(match[3] or 0))
    return datetime.combine(here.date() - timedelta(days=days), at, tzinfo=here.tzinfo).astimezone(UTC)


def _days_back(word: str, here: datetime) -> int | None:
    if word in ("today", "yesterday"):
        return int(word == "yesterday")
    named = [number for number, name in enumerate(_WEEKDAYS) if len(word) >= 3 and name.startswith(word)]
    return (here.weekday() - named[0]) % 7 if named else None


def _in_words(text: str, here: datetime) -> datetime | None:
    """`2 weeks ago`, `1 Nov 2026 9am`: dateparser, imported only when needed because it is slow to load."""
    if not _READABLE.fullmatch(text):
        return None
    import dateparser

    parsed: datetime | None = dateparser.parse(
        text,
        languages=["en"],
        settings={"PREFER_DATES_FROM": "past", "RELATIVE_BASE": here.replace(tzinfo=None)},
    )
    if parsed is None:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=here.tzinfo)).astimezone(UTC)

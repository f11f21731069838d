"""`--since` and `--until` as people write them, in their own time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.errors import InvalidInput

_AGO = re.compile(r"^(\d{1,5})\s*(m|min|h|d|w)$", re.IGNORECASE)
_ISO = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{1,2}):(\d{2}))?$")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
EXAMPLES = ("7d", "24h", "2026-11-01", "yesterday 14:00", "monday")


def zone_of(name: str) -> ZoneInfo:
    """The person's zone, or UTC where Slack names one that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def read_time(text: str, *, now: datetime, timezone: str) -> datetime:
    """The moment that is meant, aware and in UTC. `InvalidInput` for what is none, or lies in the future."""
    zone = zone_of(timezone)
    moment = _ago(text, now) or _iso(text, zone) or _in_words(text, now, timezone)
    if moment is None:
        raise InvalidInput(f"This is not a time: {text[:40]}", nearest=EXAMPLES)
    if moment > now + timedelta(days=1):
        raise InvalidInput(f"This time lies in the future: {text[:40]}", nearest=EXAMPLES)
    return moment


def _ago(text: str, now: datetime) -> datetime | None:
    match = _AGO.match(text.strip())
    return now - timedelta(**{_UNITS[match[2].lower()]: int(match[1])}) if match else None


def _iso(text: str, zone: ZoneInfo) -> datetime | None:
    match = _ISO.match(text.strip())
    if match is None:
        return None
    try:
        year, month, day, hour, minute = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None


def _in_words(text: str, now: datetime, timezone: str) -> datetime | None:
    """`yesterday 14:00`, `last monday`: dateparser, imported only when it is needed because it is slow to load."""
    import dateparser

    parsed: datetime | None = dateparser.parse(
        text[:60],
        languages=["en"],
        settings={
            "TIMEZONE": timezone,
            "TO_TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": True,
            "PREFER_DATES_FROM": "past",
            "RELATIVE_BASE": now.astimezone(zone_of(timezone)).replace(tzinfo=None),
        },
    )
    return parsed.astimezone(UTC) if parsed else None

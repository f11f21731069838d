"""Reading single fields of an answer, tolerant of names, types and absence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.cloudsync.errors import ApiBroken
from bot.domain.secrecy import redact

Json = Mapping[str, object]


def pick(data: Json, *names: str) -> object:
    """The first of these names that is there, in camel or snake case as given."""
    return next((data[name] for name in names if data.get(name) is not None), None)


def text(data: Json, *names: str) -> str | None:
    """Text under one of these names, without what looks secret."""
    value = pick(data, *names)
    return redact(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None


def identifier(data: Json, *names: str) -> str | None:
    """What is sent back to name a thing, to the letter: an id that looks like a key is an id all the same."""
    value = pick(data, *names)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None


def texts(data: Json, *names: str) -> tuple[str, ...] | None:
    """Several texts; one text counts as one."""
    value = pick(data, *names)
    if isinstance(value, str):
        value = [value] if value else []
    return tuple(redact(str(item)) for item in value) if isinstance(value, list) else None


def port(data: Json, *names: str) -> int | None:
    """A TCP port, as a number or as text."""
    value = str(pick(data, *names))
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 5 else None


def seconds_to_wait(header: str | None, now: datetime) -> float | None:
    """`Retry-After` in seconds, given as seconds or as a date (RFC 9110 §10.2.3)."""
    value = (header or "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def moment(value: object) -> datetime | None:
    """A time as ISO text or as seconds or milliseconds since 1970."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value.replace("Z", "+00:00"))
            return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def mapping(data: object) -> Json:
    """The data as an object, or an empty one."""
    return data if isinstance(data, dict) else {}


def rows(data: object) -> list[Json]:
    """The objects of a list; some servers wrap a list once more, next to other things. Null is an empty list.

    Raises ApiBroken where there is no list: what cannot be read must not look as if nothing were there.
    """
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        data = next((value for value in lists if any(isinstance(row, dict) for row in value)), lists[0] if lists else 0)
    if data is not None and not isinstance(data, list):
        raise ApiBroken("The answer holds no list.", status=200)
    return [row for row in data or () if isinstance(row, dict)]

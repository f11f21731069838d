"""Reading single fields of an answer, tolerant of names, types and absence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from bot.domain.secrecy import redact

Json = Mapping[str, object]


def pick(data: Json, *names: str) -> object:
    """The first of these names that is there, in camel or snake case as given."""
    return next((data[name] for name in names if data.get(name) is not None), None)


def text(data: Json, *names: str) -> str | None:
    """Text under one of these names, without what looks secret."""
    value = pick(data, *names)
    return redact(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None


def texts(data: Json, *names: str) -> tuple[str, ...] | None:
    """Several texts; one text counts as one."""
    value = pick(data, *names)
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(str(item) for item in value) if isinstance(value, list) else None


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
    """The data as a list of objects; some servers wrap a list once more."""
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list)), [])
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []

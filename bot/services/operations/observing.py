"""What the operations on a database read alike: its identity, and the facts that a card shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.errors import CloudSyncError
from bot.cloudsync.models import Database, SendClass, SendOutcome
from bot.domain.audit import JsonValue
from bot.domain.ends import LEFT_OVER, REACHED
from bot.domain.requests import ItemResult, OperationKind, RequestState, Result
from bot.services.operations.operation import Sent

T = TypeVar("T")

DEVICES_LOOKED_AT = 500
PATIENCE_SECONDS = 8.0
"""How long a send waits for a reading that it can do without."""
NAMES_SHOWN = 8
ALL_NAMES = 2_500
"""Characters of names that are to be read before something is decided: they fit into one section of a message."""
NOT_REACHED = {
    OperationKind.REMOVE_DEVICES: "Not removed",
    OperationKind.ENABLE_TABLES: "Not enabled",
    OperationKind.DISABLE_TABLES: "Not disabled",
}
"""What a success is warned with for the items that it left."""

TAKEN = "the API answered that it is done"
"""What is known of an item that is not so when read afterwards."""

PASSING = frozenset({"database_unreachable", "database_paused", "database_error"})
"""Codes of what may be over soon."""
LASTING = frozenset({301, 302, 303, 307, 308, 400, 401, 403, 404, 422})
"""Refusals that the same call meets again, until something is mended. Of the others, as a conflict, nobody knows."""

STATE_OF = {
    SendClass.NOT_SENT: RequestState.NOT_SENT,
    SendClass.SUCCEEDED: RequestState.SUCCEEDED,
    SendClass.ALREADY_ABSENT: RequestState.ALREADY_ABSENT,
    SendClass.REJECTED: RequestState.REJECTED,
    SendClass.UNKNOWN: RequestState.UNKNOWN,
}


def identity_of(database: Database) -> dict[str, JsonValue]:
    """What makes it the database that was shown."""
    return {
        "id": database.id,
        "label": database.label,
        "provider": database.provider,
        "flavor": database.flavor,
        "database_name": database.database_name,
    }


def whereabouts(database: Database) -> list[tuple[str, str]]:
    """Provider and host, as far as the API tells."""
    facts = [("Provider", database.kind)] if database.kind else []
    if database.host:
        facts.append(("Host", f"{database.host}:{database.port}" if database.port else database.host))
    return facts


class Reading:
    """Collects facts, and what could not be read, without letting one failure stop the others."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, str]] = []
        self.unread: list[str] = []

    async def add(self, name: str, read: Callable[[], Awaitable[str]]) -> None:
        """One fact; a reading that fails is said, and blocks nothing."""
        try:
            self.facts.append((name, await read()))
        except CloudSyncError as error:
            code = f" ({', '.join(error.codes)})" if error.codes else ""
            self.unread.append(f"{name.lower()}{code}")


async def if_readable(reading: Awaitable[T]) -> T | None:
    """What was read, or None where it cannot be read or not soon enough: it is not compared and blocks nothing."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await reading
    except (CloudSyncError, TimeoutError):
        return None


async def devices_in_words(api: CloudSyncClient, database_id: str) -> str:
    """How many devices, as far as a bounded look tells."""
    first = await api.list_devices(database_id, page=1, page_size=DEVICES_LOOKED_AT)
    if first.total is not None:
        return str(first.total)
    return f"at least {len(first.items)}" if first.more else str(len(first.items))


async def push_in_words(api: CloudSyncClient, database_id: str) -> str:
    """The push status, with the reason for a pause."""
    found = await api.notification_status(database_id)
    return f"{found.status or 'unknown'} ({found.reason})" if found.reason else found.status or "unknown"


def names_in_words(names: list[str]) -> str:
    """A few names, and how many more."""
    if not names:
        return "none"
    rest = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + rest


def all_in_words(names: Sequence[str]) -> str:
    """Every name, since whoever approves must be able to read each; of endless ones, those that a message holds."""
    fitting = [name for index, name in enumerate(names) if len(", ".join(names[: index + 1])) <= ALL_NAMES]
    rest = f" and {len(names) - len(fitting)} more" if len(fitting) < len(names) else ""
    return (", ".join(fitting) + rest).strip() or "none"


def result_of(outcome: SendOutcome, *, items: tuple[ItemResult, ...] = ()) -> Result:
    """The API's answer as a request keeps it."""
    messages = tuple(fault.detail or fault.title for fault in outcome.faults if fault.detail or fault.title)
    succeeded = outcome.send_class in (SendClass.SUCCEEDED, SendClass.ALREADY_ABSENT)
    return Result(
        codes=outcome.codes,
        messages=() if succeeded else messages or (outcome.reason,),
        warnings=outcome.warnings,
        http_status=outcome.status,
        duration_ms=outcome.duration_ms,
        items=items,
        created_id=outcome.created_id,
        retryable=retryable(outcome),
    )


def with_items(result: Result, kind: OperationKind, items: tuple[ItemResult, ...]) -> Result:
    """The result with these items. Where some went through and some did not, it says which, and says it once."""
    words = NOT_REACHED.get(kind, "Not done")
    left = [item.item for item in items if item.state in LEFT_OVER]
    warnings = tuple(warning for warning in result.warnings if not warning.startswith(f"{words}: "))
    if left and len(left) < len(items):
        warnings = (*warnings, f"{words}: {names_in_words(left)}.")
    return replace(result, items=items, warnings=warnings)


def doubted(result: Result, kind: OperationKind, astray: Sequence[str]) -> Result:
    """The result once a reading contradicts it: what is not as wanted is told as a warning, and no longer as done."""
    doubtful = [item.item for item in result.items if item.item in astray and item.state in REACHED]
    if not doubtful:
        return result
    warning = f"{NOT_REACHED.get(kind, 'Not done')} when read afterwards: {names_in_words(doubtful)}."
    items = tuple(
        replace(item, state=RequestState.UNKNOWN, note=TAKEN) if item.item in doubtful else item
        for item in result.items
    )
    return replace(result, items=items, warnings=(*result.warnings, warning))


def retryable(outcome: SendOutcome) -> bool | None:
    """Whether trying again may help, as far as the answer tells."""
    if outcome.send_class is SendClass.NOT_SENT:
        return True
    if outcome.send_class is not SendClass.REJECTED:
        return None
    if any(code.startswith("database_") for code in outcome.codes):
        return any(code in PASSING for code in outcome.codes)
    return False if outcome.status in LASTING else None


def sent(outcome: SendOutcome, *, items: tuple[str, ...] = ()) -> Sent:
    """One call's end as a request's; all items of one call share it."""
    state = STATE_OF[outcome.send_class]
    results = tuple(ItemResult(item=item, state=state) for item in items)
    return Sent(state=state, result=result_of(outcome, items=results))


def text_of(arguments: Mapping[str, JsonValue], name: str) -> str | None:
    """An argument as text."""
    value = arguments.get(name)
    return value if isinstance(value, str) else None


def texts_of(arguments: Mapping[str, JsonValue], name: str) -> tuple[str, ...] | None:
    """An argument as several texts."""
    value = arguments.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list) else None

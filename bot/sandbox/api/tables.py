"""CloudSync for single tables."""

from __future__ import annotations

from bot.sandbox.api.answers import Answer, RefusedError, confirmed, list_meta, listed
from bot.sandbox.api.asked import Asked
from bot.sandbox.api.switches import AsItIs, SomeUnknown


async def list_tables(asked: Asked) -> Answer:
    """GET …/cloudsync/tables."""
    found = asked.reachable_database().tables
    tables = [{"name": name, "enabled": enabled} for name, enabled in found.items()]
    return listed(asked.switches, tables, meta=list_meta(asked.switches, total=len(tables)))


async def enable_tables(asked: Asked) -> Answer:
    """POST …/cloudsync/enable."""
    return _set(asked, enabled=True)


async def disable_tables(asked: Asked) -> Answer:
    """POST …/cloudsync/disable."""
    return _set(asked, enabled=False)


def _set(asked: Asked, *, enabled: bool) -> Answer:
    """All of the tables or, where one is unknown, what the switches say."""
    database, wanted = asked.reachable_database(), asked.fields(required=("tables",))["tables"]
    known = [name for name in wanted if name in database.tables]
    unknown = ", ".join(name for name in wanted if name not in known)
    if unknown and not (known and asked.switches.some_unknown is SomeUnknown.PART_DONE):
        raise RefusedError(asked.switches.unknown_table.value, "unknown_table", f"unknown tables: {unknown}")
    so_already = ", ".join(name for name in known if database.tables[name] is enabled)
    if so_already and asked.switches.as_it_is is AsItIs.CONFLICT:
        raise RefusedError(409, "conflict", f"so already: {so_already}")
    database.tables.update(dict.fromkeys(known, enabled))
    return confirmed(asked.switches, {"tables": [{"name": name, "enabled": enabled} for name in known]})

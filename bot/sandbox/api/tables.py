"""CloudSync for single tables."""

from __future__ import annotations

from bot.sandbox.api.answers import Answer, RefusedError, confirmed, data, list_meta
from bot.sandbox.api.asked import Asked


async def list_tables(asked: Asked) -> Answer:
    """GET …/cloudsync/tables."""
    found = asked.reachable_database().tables
    tables = [{"name": name, "enabled": enabled} for name, enabled in found.items()]
    return data(tables, meta=list_meta(asked.switches, total=len(tables)))


async def enable_tables(asked: Asked) -> Answer:
    """POST …/cloudsync/enable."""
    return _set(asked, enabled=True)


async def disable_tables(asked: Asked) -> Answer:
    """POST …/cloudsync/disable."""
    return _set(asked, enabled=False)


def _set(asked: Asked, *, enabled: bool) -> Answer:
    """All of the tables or, where one is unknown, none."""
    database, wanted = asked.reachable_database(), asked.fields(required=("tables",))["tables"]
    if unknown := [name for name in wanted if name not in database.tables]:
        raise RefusedError(asked.switches.unknown_table.value, "unknown_table", f"unknown tables: {', '.join(unknown)}")
    database.tables.update(dict.fromkeys(wanted, enabled))
    return confirmed(asked.switches, {"tables": [{"name": name, "enabled": enabled} for name in wanted]})

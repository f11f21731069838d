"""Changes to an estate from outside the API: what happens to databases by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.api.estate import Database, Device, Failure, Organisation


def change_organisation(organisation: Organisation, *, status: str | None = None, name: str | None = None) -> None:
    """Let it be suspended, or renamed."""
    organisation.status = status or organisation.status
    organisation.name = name or organisation.name


KEPT: Any = object()
"""Says of a parameter that it was left out, where None has a meaning of its own."""


def change_database(
    database: Database,
    *,
    now: datetime,
    label: str | None = None,
    failure: Mapping[str, Any] | None = KEPT,
    pause_reason: str | None = KEPT,
    expo_token: str | None = KEPT,
    tables: Mapping[str, bool] | None = None,
    deletion_warnings: list[str] | None = None,
) -> None:
    """Change what is given. `failure` None makes it healthy; `tables` are added or set, not taken away."""
    failed: Any = Failure(**failure) if failure not in (None, KEPT) else failure
    if label is not None:
        database.label = label
    if failed is not KEPT:
        database.failure = failed
    if pause_reason is not KEPT:
        database.pause_reason = pause_reason
    if expo_token is not KEPT:
        database.expo_token = expo_token
        database.expo_token_updated_at = now if expo_token else None
    if deletion_warnings is not None:
        database.deletion_warnings = list(deletion_warnings)
    database.tables.update(tables or {})
    database.updated_at = now


def add_devices(database: Database, *, now: datetime, count: int) -> None:
    """Let so many more register, none under an id that is taken."""
    taken = {device.site_id for device in database.devices}
    free = (site_id for number in range(1, len(taken) + count + 1) if (site_id := f"site_{number:05d}") not in taken)
    for minutes, site_id in zip(range(count), free, strict=False):
        database.devices.append(Device(site_id=site_id, last_sync_at=now - timedelta(minutes=minutes)))

"""What the control surface shows: for people and programs that watch, never a secret."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.sandbox.api.estate import Database, Organisation
from bot.sandbox.api.journal import Call
from bot.sandbox.api.stand_in import StandInApi


def state(stand_in: StandInApi) -> dict[str, Any]:
    """Everything that can be bent, as it is."""
    return {
        "organisations": [
            {**organisation(one.organisation), "databases": [database(each) for each in one.databases.values()]}
            for one in stand_in.estates.values()
        ],
        "switches": stand_in.switches.chosen(),
        "faults": faults(stand_in),
        "calls": len(stand_in.journal),
    }


def organisation(one: Organisation) -> dict[str, Any]:
    """An organisation."""
    return asdict(one)


def database(one: Database) -> dict[str, Any]:
    """A database: what it is, and how it is."""
    return {
        "id": one.id,
        "label": one.label,
        "provider": one.provider,
        "tables": one.tables,
        "hasToken": one.expo_token is not None,
        "pauseReason": one.pause_reason,
        "devices": len(one.devices),
        "failure": asdict(one.failure) if one.failure else None,
        "deletionWarnings": one.deletion_warnings,
    }


def faults(stand_in: StandInApi) -> list[dict[str, Any]]:
    """The armed faults, in the order in which they are tried."""
    return [asdict(fault) for fault in stand_in.faults.armed]


def call(one: Call) -> dict[str, Any]:
    """A call without its headers, which hold the key, and without its body, which may hold secrets."""
    return {
        "method": one.method,
        "path": one.path,
        "query": one.query,
        "fields": sorted(one.body) if isinstance(one.body, dict) else [],
        "organisation": one.organisation,
        "status": one.status,
        "tookEffect": one.took_effect,
        "fault": one.fault,
        "fate": one.fate.value,
        "started": one.started.isoformat(),
        "ended": one.ended.isoformat() if one.ended else None,
    }

"""`/control/…`: how other processes see and bend the stand-in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.sandbox.api.answers import Answer, data, errors
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.journal import Call

if TYPE_CHECKING:
    from bot.sandbox.api.server import StandInApi


def control(api: StandInApi, call: Call) -> Answer:
    """GET journal, GET state, POST faults, POST switches, DELETE faults."""
    asked = (call.method, call.path)
    if asked == ("GET", "/control/journal"):
        return data([_shown(one) for one in api.journal])
    if asked == ("GET", "/control/state"):
        return data(_state(api))
    if asked == ("POST", "/control/faults") and isinstance(call.body, dict):
        api.faults.arm(FaultKind(call.body.pop("kind")), **call.body)
        return data(len(api.faults.armed))
    if asked == ("DELETE", "/control/faults"):
        api.faults.clear()
        return data(0)
    if asked == ("POST", "/control/switches") and isinstance(call.body, dict):
        chosen = {name: _choice(api, name, value) for name, value in call.body.items()}
        api.switches = replace(api.switches, **chosen)
        return data(sorted(chosen))
    return errors(404, ("not_found", "no such control"))


def _choice(api: StandInApi, name: str, value: str) -> Any:
    return type(getattr(api.switches, name))[value.upper()]


def _shown(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.__dict__.items() if name != "headers"}


def _state(api: StandInApi) -> dict[str, Any]:
    state = {
        estate.organisation.slug: {
            one.id: {
                "label": one.label,
                "tables": one.tables,
                "token": one.expo_token is not None,
                "devices": len(one.devices),
            }
            for one in estate.databases.values()
        }
        for estate in api.estates.values()
    }
    decoded: dict[str, Any] = json.loads(json.dumps(state))
    return decoded

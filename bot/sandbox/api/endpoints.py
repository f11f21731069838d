"""The sixteen endpoints, found by method and path."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import unquote

from bot.sandbox.api.answers import Answer, RefusedError, errors
from bot.sandbox.api.asked import Asked
from bot.sandbox.api.databases import (
    check_connection,
    delete_database,
    get_database,
    get_organisation,
    list_databases,
    register_database,
    update_database,
)
from bot.sandbox.api.devices import list_devices, remove_device
from bot.sandbox.api.notifications import delete_token, get_token, notification_status, set_token
from bot.sandbox.api.tables import disable_tables, enable_tables, list_tables

Endpoint = Callable[[Asked], Awaitable[Answer]]

ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("GET", "/v1/orgs"): get_organisation,
    ("POST", "/v1/databases"): register_database,
    ("GET", "/v1/databases"): list_databases,
    ("GET", "/v1/databases/:databaseID"): get_database,
    ("PATCH", "/v1/databases/:databaseID"): update_database,
    ("DELETE", "/v1/databases/:databaseID"): delete_database,
    ("GET", "/v1/databases/:databaseID/connection"): check_connection,
    ("GET", "/v1/databases/:databaseID/cloudsync/tables"): list_tables,
    ("POST", "/v1/databases/:databaseID/cloudsync/enable"): enable_tables,
    ("POST", "/v1/databases/:databaseID/cloudsync/disable"): disable_tables,
    ("PUT", "/v1/databases/:databaseID/notifications/expo-access-token"): set_token,
    ("GET", "/v1/databases/:databaseID/notifications/expo-access-token"): get_token,
    ("DELETE", "/v1/databases/:databaseID/notifications/expo-access-token"): delete_token,
    ("GET", "/v1/databases/:databaseID/notifications/status"): notification_status,
    ("GET", "/v1/databases/:databaseID/devices"): list_devices,
    ("DELETE", "/v1/databases/:databaseID/devices/:siteId"): remove_device,
}
"""Written as the specification's summary writes them."""

_PATTERNS = {(method, path): re.compile(re.sub(r":\w+", "([^/]+)", path)) for method, path in ENDPOINTS}


async def respond(asked: Asked) -> Answer:
    """Find the endpoint and let it answer; refusals come in the documented envelope."""
    there = {key[0]: (key, match) for key, pattern in _PATTERNS.items() if (match := pattern.fullmatch(asked.path))}
    if not there:
        return errors(404, ("not_found", "no such endpoint"))
    if asked.method not in there:
        return errors(405, ("method_not_allowed", f"the endpoint takes {', '.join(sorted(there))}"))
    key, match = there[asked.method]
    parts = tuple(unquote(part) for part in match.groups())
    try:
        return await ENDPOINTS[key](replace(asked, parts=parts))
    except RefusedError as refused:
        return refused.answer

"""Push notifications: the Expo access token and the status."""

from __future__ import annotations

from bot.sandbox.api.answers import Answer, RefusedError, confirmed, data
from bot.sandbox.api.asked import Asked
from bot.sandbox.api.representation import named, no_token_json, token_json
from bot.sandbox.api.switches import AbsentDeletion, AbsentToken


async def set_token(asked: Asked) -> Answer:
    """PUT …/expo-access-token: a new token also ends a pause."""
    database, given = asked.database(), asked.fields(required=("expoAccessToken",))
    database.expo_token = given["expoAccessToken"]
    database.expo_token_updated_at = asked.clock()
    database.pause_reason = None
    return confirmed(asked.switches, token_json(asked.switches, database))


async def get_token(asked: Asked) -> Answer:
    """GET …/expo-access-token: metadata only."""
    database = asked.database()
    if database.expo_token is not None:
        return data(token_json(asked.switches, database))
    match asked.switches.absent_token:
        case AbsentToken.NOT_FOUND:
            raise _no_token()
        case AbsentToken.NO_CONTENT:
            return Answer(status=204)
        case AbsentToken.NULL:
            return data(None)
        case AbsentToken.EMPTY:
            return data({})
        case _:
            return data(no_token_json(asked.switches))


async def delete_token(asked: Asked) -> Answer:
    """DELETE …/expo-access-token."""
    database = asked.database()
    if database.expo_token is None and asked.switches.absent_deletion is AbsentDeletion.NOT_FOUND:
        raise _no_token()
    database.expo_token = database.expo_token_updated_at = None
    return confirmed(asked.switches, {})


def _no_token() -> RefusedError:
    return RefusedError(404, "not_found", "expo access token not found")


async def notification_status(asked: Asked) -> Answer:
    """GET …/notifications/status."""
    database = asked.database()
    reason = database.pause_reason if database.expo_token else None
    status = "disabled" if database.expo_token is None else "paused" if reason else "enabled"
    return data(named(asked.switches, {"status": status, "reason": reason or None}))

"""The arguments of a Web API call, whichever way they were encoded."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.sandbox.slack.directory import Json
from bot.sandbox.slack.errors import SlackError


async def read_arguments(request: Request) -> Json:
    """Query, form or JSON body, as Slack takes them. Source: https://docs.slack.dev/apis/web-api."""
    given: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").split(";")[0]
    body = await request.body()
    if kind == "application/json" and body:
        given |= _decoded_object(body)
    elif body:
        given |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    return given


def _decoded_object(body: bytes) -> Json:
    try:
        decoded = json.loads(body)
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(decoded, dict):
        raise SlackError("json_not_object")
    return decoded


class Arguments:
    """Typed access to what was given. Absent and empty are alike, as with Slack."""

    def __init__(self, given: Json) -> None:
        self.given = given

    def text(self, name: str, default: str = "") -> str:
        """A string; numbers and booleans as they were written."""
        value = self.given.get(name)
        return default if value is None else str(value)

    def required(self, name: str, otherwise: str = "invalid_arguments") -> str:
        """A string that must be there, else the error named."""
        value = self.text(name)
        if not value:
            messages = [f"[ERROR] missing required field: {name}"]
            raise SlackError(otherwise, response_metadata={"messages": messages})
        return value

    def structure(self, name: str, otherwise: str) -> Any:
        """An object or list, given as such or as JSON text; None where absent."""
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(otherwise) from None

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean in any of its spellings."""
        value = self.given.get(name)
        return default if value is None else str(value).lower() in {"1", "true"}

    def integer(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise SlackError("invalid_arguments") from None

"""The bare endpoint that the bot is measured against: verify, parse, commit one row with the raw driver, answer."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from slack_sdk.signature import SignatureVerifier

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def create_app(path: str, secret: str) -> Callable[..., Awaitable[None]]:
    """An ASGI function over one SQLite connection with the bot's durability."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE inbox (key TEXT PRIMARY KEY, person TEXT, channel TEXT)")
    verifier = SignatureVerifier(secret)

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        good = verifier.is_valid(
            body, headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        )
        if good:
            fields = dict(parse_qsl(body.decode()))
            row = (fields["trigger_id"], fields["user_id"], fields["channel_id"])
            connection.execute("INSERT INTO inbox VALUES (?, ?, ?)", row)
        await send({"type": "http.response.start", "status": 200 if good else 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[1], os.environ["SECRET"]),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        lifespan="off",
        access_log=False,
        log_config=None,
        loop="uvloop",
        http="httptools",
    )

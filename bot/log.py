"""Logging: structured lines in UTC, with a reference that people see, and without anything secret in them."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.domain.secrecy import is_plain_id, redact

Event = MutableMapping[str, Any]

SECRET_NAMES = ("secret", "token", "password", "api_key", "apikey", "authorization", "connection_string", "sealed")
ID_NAMES = frozenset({"delivery", "reference", "request"})
"""Fields that hold an id of Slack's or ours, which may look like a key and is what lines are found by."""
QUIETED = {
    "slack_bolt": logging.WARNING,
    "slack_bolt.AsyncApp": logging.WARNING,
    "slack_sdk": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "alembic": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "aiohttp": logging.WARNING,
    "websockets": logging.WARNING,
    "stamina": logging.WARNING,
    "asyncio": logging.WARNING,
}
"""Libraries that log bodies, addresses or tokens below this level, even when LOG_LEVEL is DEBUG."""
NOT_SO = "`token` will be unused"
"""Bolt finds the bot token in the environment and warns that the client has one already: it is the same one."""


def redacted(logger: object, method: str, event: Event) -> Event:
    """Take out what looks secret, by name and by pattern, in tracebacks too."""
    del logger, method
    for name, value in list(event.items()):
        if any(word in name.lower() for word in SECRET_NAMES):
            event[name] = "[removed]"
        elif isinstance(value, str) and not (name in ID_NAMES and is_plain_id(value)):
            event[name] = redact(value)
    return event


def configure(level: str) -> None:
    """Set logging up once, for our own lines and for the libraries'."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redacted,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redacted, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name, least in QUIETED.items():
        logging.getLogger(name).setLevel(least)
    logging.getLogger("slack_bolt.AsyncApp").addFilter(_worth_saying)


def _worth_saying(record: logging.LogRecord) -> bool:
    return NOT_SO not in record.getMessage()

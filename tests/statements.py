"""Statements that are compiled once in a process, and not again for each database that a test opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine import URL

from bot.db import connections

STATEMENTS = 5_000
"""More than the program has, on both engines."""
OF_THE_SESSION = frozenset({"connect_args", "pool_size", "pool_pre_ping"})
"""What an engine is made with that no statement's text depends on."""


class Compiled:
    """Engines of one kind share the first one's dialect, and with it what was compiled for that."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[Dialect, Any]] = {}

    def engine(self, url: URL, **given: Any) -> Engine:
        """As `sqlalchemy.create_engine`."""
        engine = sqlalchemy.create_engine(url, query_cache_size=STATEMENTS, **given)
        kind = repr((url.drivername, sorted((name, given[name]) for name in given.keys() - OF_THE_SESSION)))
        if kind in self._first:
            engine.dialect, engine._compiled_cache = self._first[kind]
        else:
            # Not before it has learnt from its first connection what its server can do.
            event.listen(engine, "connect", lambda *_: self._first.setdefault(kind, _what_is_shared(engine)))
        return engine


def _what_is_shared(engine: Engine) -> tuple[Dialect, Any]:
    return engine.dialect, engine._compiled_cache


@contextmanager
def compiled_once() -> Iterator[None]:
    """For all databases that are opened within."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "create_engine", Compiled().engine)
        yield

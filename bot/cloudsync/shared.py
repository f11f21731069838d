"""What the clients of all environments share, made once for the process."""

from __future__ import annotations

import importlib.util
import ssl
import sys
from functools import lru_cache
from typing import Any

import certifi

ABSENT = "sniffio"
"""A module that httpcore asks for several times a call, and that only comes with Trio."""


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """The certificates that httpx takes by itself: reading them is a third of what putting the bot together takes."""
    return ssl.create_default_context(cafile=certifi.where())


@lru_cache(maxsize=1)
def tell_what_is_absent() -> None:
    """Not told, Python looks for it on the disk each time: a tenth of what a call costs."""
    if importlib.util.find_spec(ABSENT) is None:
        modules: dict[str, Any] = sys.modules
        modules.setdefault(ABSENT, None)

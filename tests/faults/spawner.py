"""Starts bots quickly: has imported the whole program once, and forks a process for each order on its standard input.

A forked bot is the real program in a process of its own, with its own environment, files and sockets; only the second
that Python needs to import it is saved.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import signal
import sys
from typing import Any

import uvloop

import bot.cli
import bot.db.migrate
import bot.serving
from bot.cloudsync.client import trusted_certificates
from bot.commands.catalogue import all_commands
from bot.commands.registry import Registry
from bot.domain import failpoints
from tests.faults import haste, planted
from tests.forking import answer, own_surroundings

__all__ = ["BROKE_HERE", "main"]

LOADED = (uvloop, bot.serving, bot.db.migrate)
LOADED_LATER = (
    *("alembic.command", "alembic.autogenerate", "mako.template", "mako.ext.pygmentplugin", "sqlalchemy.ext.compiler"),
    *("alembic.config", "sqlalchemy.dialects.postgresql.psycopg", "psycopg", "encodings.utf_16_be"),
    *("httpcore", "anyio.streams.tls", "anyio._backends._asyncio", "h11", "httptools", "encodings.idna"),
    *("uvicorn.lifespan.off", "uvicorn.protocols.http.httptools_impl", "uvicorn.protocols.websockets.auto"),
    *("slack_bolt.listener_matcher.async_builtins", "tomllib"),
)
"""What a bot imports on its way to its first delivery."""
DIE_WITH_PARENT = 1
"""`PR_SET_PDEATHSIG` (prctl(2)): of a test run that is interrupted no bot is left behind."""
BROKE_HERE = "a failpoint broke here"
"""In the log of a bot that an exception was raised in. Writers that share a batch recover from it without a word."""


def main() -> None:
    """Serve orders until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _warm_up()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(order)
        answer(child)


def _warm_up() -> None:
    """What each bot would do again, and no test is about: two thirds of the work of a start."""
    for name in LOADED_LATER:
        importlib.import_module(name)
    trusted_certificates()
    Registry(all_commands())
    gc.collect()
    gc.freeze()


def _become(order: dict[str, Any]) -> None:
    """Turn into the bot, and end with its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    own_surroundings(order["log"], order["environ"])
    vars(failpoints)["ACTIONS"] = {**failpoints.ACTIONS, "exception": _break_aloud}
    code = 1
    try:
        haste.hurry()
        if order["planted"]:
            planted.FAULTS[order["planted"]]()
        bot.cli.main(args=order["arguments"], standalone_mode=False)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - the outer edge of a process
        os.write(2, f"died of {error!r}\n".encode())
    finally:
        os._exit(code)


def _break_aloud() -> None:
    os.write(2, f"{BROKE_HERE}\n".encode())
    raise failpoints.FailpointReached


if __name__ == "__main__":
    main()

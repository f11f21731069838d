"""Starts bots quickly: has imported the whole program once, and forks a process for each order on its standard input.

A forked bot is the real program in a process of its own, with its own environment, files and sockets; only the second
that Python needs to import it is saved. Orders and answers are lines of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import uvloop

import bot.cli
import bot.db.migrate
import bot.serving
from bot.domain import failpoints
from tests.faults import planted

__all__ = ["BROKE_HERE", "main"]

LOADED = (uvloop, bot.serving, bot.db.migrate)
BROKE_HERE = "a failpoint broke here"
"""In the log of a bot that an exception was raised in. Writers that share a batch recover from it without a word."""


def main() -> None:
    """Serve orders until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(order)
        sys.stdout.write(json.dumps({"pid": child}) + "\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    """Turn into the bot, and end with its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(order["environ"])
    vars(failpoints)["ACTIONS"] = {**failpoints.ACTIONS, "exception": _break_aloud}
    code = 1
    try:
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

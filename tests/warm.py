"""Commands of the program, to their end, by a process that has imported it once and forks: a start is mostly imports.

What runs is `app.py` itself in a process of its own, with its own environment and files. Orders and answers are lines
of JSON, one at a time.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class WarmProgram:
    """The process that forks, as long as these tests run."""

    def __init__(self) -> None:
        command = (sys.executable, "-m", "tests.warm")
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._turn = threading.Lock()
        atexit.register(self._process.communicate)

    async def run(self, arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
        """One command; its exit code, and all that it said."""
        with tempfile.NamedTemporaryFile(prefix="said-") as said:
            order = {"arguments": [*arguments], "environ": dict(environ), "said": said.name}
            code = await asyncio.to_thread(self._ask, json.dumps(order).encode() + b"\n")
            return code, said.read().decode()

    def _ask(self, order: bytes) -> int:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._turn:
            stdin.write(order)
            stdin.flush()
            return int(stdout.readline())


@lru_cache
def warm_program() -> WarmProgram:
    """One for all tests of this process."""
    return WarmProgram()


def main() -> None:
    """Serve orders until standard input ends."""
    for name in ("bot.serving", "bot.doctor", "bot.verification", "bot.exporting", "bot.retention", "bot.db.migrate"):
        __import__(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    """Turn into the program, and end with its exit code."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    said = os.open(order["said"], os.O_WRONLY | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv = ["app.py", *order["arguments"]]
    code = 1
    try:
        runpy.run_path("app.py", run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - the outer edge of a process
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()

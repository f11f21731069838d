"""A process that has imported the program once and forks: each child is the program itself, and saves the imports.

Orders and answers are lines of JSON, one at a time.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class ForkingProcess:
    """A module of these tests as a process of its own. It belongs to no event loop, so that all tests can share it."""

    def __init__(self, module: str) -> None:
        command = (sys.executable, "-m", module)
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._turn = threading.Lock()

    async def ask(self, order: Mapping[str, Any]) -> Any:
        """What it answers to one order. The first one waits for the imports."""
        return await asyncio.to_thread(self._ask, json.dumps(order).encode() + b"\n")

    def _ask(self, order: bytes) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._turn:
            stdin.write(order)
            stdin.flush()
            return json.loads(stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def answer(said: Any) -> None:
    """From within the process, to the order that came last."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def own_surroundings(log: str, environ: Mapping[str, str]) -> None:
    """In a child: nothing to read, all that is said into that file, and an environment of its own."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.environ.clear()
    os.environ.update(environ)

"""Commands of the program, to their end, by a process that has imported it once and forks: a start is mostly imports.

What runs is `app.py` itself in a process of its own, with its own environment and files.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tests.forking import ForkingProcess, answer, own_surroundings


class WarmProgram:
    """The process that forks, as long as these tests run."""

    def __init__(self) -> None:
        self._process = ForkingProcess("tests.warm")
        atexit.register(self._process.close)

    async def run(self, arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
        """One command; its exit code, and all that it said."""
        with tempfile.NamedTemporaryFile(prefix="said-") as said:
            code = await self._process.ask({"arguments": [*arguments], "environ": dict(environ), "said": said.name})
            return code, said.read().decode()


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
        answer(os.waitstatus_to_exitcode(status))


def _become(order: dict[str, Any]) -> None:
    """Turn into the program, and end with its exit code."""
    own_surroundings(order["said"], order["environ"])
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

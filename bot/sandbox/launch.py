"""The real bot as a process of its own, that knows the stand-ins only by their URLs."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import httpx

APP = Path(__file__).resolve().parents[2] / "app.py"
SERVE = (sys.executable, str(APP), "serve")
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT")
"""All that the bot gets of the environment the sandbox was started in: no setting, no key."""
START_SECONDS = 60.0
STOP_SECONDS = 30.0
LOG_LINES = 20
MISCONFIGURED = 2
"""The exit code of a bot that cannot start as it is set up."""
PAUSE_SECONDS = 1.0
DEATHS_BORNE = 5
BORNE_WITHIN_SECONDS = 60.0


class BotDiedError(Exception):
    """The bot ended, or never became ready. Carries its exit code and its last log lines."""

    def __init__(self, code: int, last_lines: Sequence[str]) -> None:
        super().__init__("\n".join(last_lines))
        self.code = code or 1
        self.last_lines = last_lines

    @property
    def cause(self) -> str:
        """The signal or the code that it ended with."""
        return f"signal {-self.code}" if self.code < 0 else f"code {self.code}"


def complete_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of the bot: what a process needs to run, and the settings given, and nothing else."""
    necessities = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**necessities, "PYTHONUNBUFFERED": "1", **settings}


def free_port(host: str) -> int:
    """A port that is free now."""
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])


class BotProcess:
    """One run of the bot. Its output goes to a log file."""

    def __init__(self, *, url: str, log: Path, process: asyncio.subprocess.Process) -> None:
        self.url = url
        self._log = log
        self._process = process

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @classmethod
    async def start(cls, settings: Mapping[str, str], *, log: Path, command: Sequence[str] | None = None) -> BotProcess:
        """Start it in the log's directory, in a session of its own: Ctrl-C reaches it only through `stop`."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *(command or SERVE),
                cwd=log.parent,
                env=complete_environment(settings),
                start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return cls(url=f"http://{settings['HOST']}:{settings['PORT']}", log=log, process=process)

    async def ready(self) -> None:
        """Return once `/readyz` says 200. Raises BotDiedError where that does not come about in a minute."""
        with suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as http:
                while self._process.returncode is None:
                    if await _says_ready(http, f"{self.url}/readyz"):
                        return
                    await asyncio.sleep(0.1)
        raise self._died()

    async def ended(self) -> BotDiedError:
        """Wait for the end that nobody asked for."""
        await self._process.wait()
        return self._died()

    async def stop(self) -> None:
        """Ask it to end, and insist after half a minute."""
        if self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _died(self) -> BotDiedError:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return BotDiedError(self._process.returncode or 1, lines[-LOG_LINES:])


class Supervisor:
    """Starts the bot again when it dies, unless it is set up wrong or dies again and again."""

    def __init__(self, settings: Mapping[str, str], *, log: Path, told: Callable[[str], None]) -> None:
        self._settings = settings
        self._log = log
        self._told = told
        self._deaths: deque[float] = deque(maxlen=DEATHS_BORNE)
        self.bot: BotProcess | None = None

    async def start(self) -> BotProcess:
        """Start it, and return once it is ready. Raises BotDiedError."""
        self.bot = await BotProcess.start(self._settings, log=self._log)
        await self.bot.ready()
        return self.bot

    async def last(self) -> BotDiedError:
        """Keep it going; the death that it is not brought back from."""
        while self.bot is not None:
            death = await self.bot.ended()
            self._deaths.append(time.monotonic())
            if death.code == MISCONFIGURED or self._dies_again_and_again():
                return death
            self._told(f"The bot died ({death.cause}). It is being started again.")
            await asyncio.sleep(PAUSE_SECONDS)
            self.bot = await BotProcess.start(self._settings, log=self._log)
        raise RuntimeError("the bot was never started")

    def _dies_again_and_again(self) -> bool:
        return len(self._deaths) == DEATHS_BORNE and self._deaths[-1] - self._deaths[0] < BORNE_WITHIN_SECONDS

    async def stop(self) -> None:
        """Ask the bot that runs now to end."""
        if self.bot is not None:
            await self.bot.stop()


async def _says_ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False

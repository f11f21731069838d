"""Bots as processes: started, killed, paused and stopped at will."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import httpx

from bot.sandbox.launch import complete_environment
from bot.sandbox.slack.deliver import NOBODY
from tests.forking import ForkingProcess

START_SECONDS = 90.0
"""Many may start at once, on a slow machine."""


def _quiet_ports() -> Iterator[int]:
    """Free ports that no outgoing connection is given: of those, any may be taken before a bot comes to listen there.

    Each test process has a beginning of its own, so that no two come to one at the same time.
    """
    first = os.getpid() * 97 % len(QUIET_PORTS)
    return filter(_is_free, cycle((*QUIET_PORTS[first:], *QUIET_PORTS[:first])))


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


QUIET_PORTS = range(10_000, 32_768)
"""Below what Linux hands out by itself (`net.ipv4.ip_local_port_range`)."""
PORTS = _quiet_ports()


class Spawner:
    """The process that forks bots."""

    def __init__(self) -> None:
        self._process = ForkingProcess("tests.faults.spawner")

    async def fork(self, arguments: list[str], environ: Mapping[str, str], log: Path, planted: str) -> int:
        """A new bot's process id; `planted` names a fault to build into it."""
        order = {"arguments": arguments, "environ": dict(environ), "log": str(log), "planted": planted}
        return int(await self._process.ask(order))

    def close(self) -> None:
        """End it."""
        self._process.close()


@dataclass(kw_only=True)
class Replica:
    """One bot."""

    pid: int
    url: str
    log: Path

    @property
    def state(self) -> str:
        """The kernel's letter for its state: T while it is stopped, empty once it is gone."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return ""

    @property
    def is_alive(self) -> bool:
        """Whether there is such a process."""
        return self.state != ""

    @property
    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    @property
    def is_paused(self) -> bool:
        """Whether it stopped itself at a failpoint, or was stopped."""
        return self.state == "T"

    def signal(self, number: int) -> None:
        """Send it a signal; one that is gone hears nothing."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def gone(self, seconds: float = 30.0) -> float:
        """Wait for its end; how long that took."""
        started = time.monotonic()
        async with asyncio.timeout(seconds):
            while self.is_alive:  # noqa: ASYNC110 - it is no child of this process
                await asyncio.sleep(0.01)
        return time.monotonic() - started

    async def kill(self) -> None:
        """`kill -9`."""
        self.signal(signal.SIGKILL)
        await self.gone()

    async def ready(self) -> bool:
        """Wait until it serves; False where it ended instead."""
        async with httpx.AsyncClient(trust_env=False, verify=NOBODY) as http:
            async with asyncio.timeout(START_SECONDS):
                while self.is_alive:
                    with suppress(httpx.HTTPError):
                        if (await http.get(f"{self.url}/readyz")).status_code == httpx.codes.OK:
                            return True
                    await asyncio.sleep(0.05)
        return False


class Fleet:
    """The bots that share one database."""

    def __init__(self, spawner: Spawner, settings: Mapping[str, str], folder: Path) -> None:
        self._spawner = spawner
        self.settings = dict(settings)
        """Of every bot that is started from now on."""
        self._folder = folder
        self.planted = ""
        """The fault built into every bot that is started from now on; see `planted`."""
        self.replicas: list[Replica] = []
        self.started = 0

    async def start(self, *arguments: str, **settings: str) -> Replica:
        """One more bot; it may not be ready yet."""
        port = str(next(PORTS))
        environ = complete_environment({**self.settings, "HOST": "127.0.0.1", "PORT": port, **settings})
        self.started += 1
        log = self._folder / f"bot-{self.started}.log"
        pid = await self._spawner.fork(list(arguments or ("serve",)), environ, log, self.planted)
        replica = Replica(pid=pid, url=f"http://127.0.0.1:{port}", log=log)
        self.replicas.append(replica)
        return replica

    async def start_ready(self, **settings: str) -> Replica:
        """One more bot that serves; AssertionError with its log where it does not come to that."""
        replica = await self.start(**settings)
        assert await replica.ready(), replica.said[-4000:]
        return replica

    @property
    def alive(self) -> list[Replica]:
        """Those that run."""
        self.replicas = [replica for replica in self.replicas if replica.is_alive]
        return self.replicas

    def any_url(self, chance: random.Random) -> str:
        """Where a load balancer would send the next delivery: to one that is not known to be dead."""
        running = [replica for replica in self.replicas if replica.is_alive]
        return f"{chance.choice(running).url}/slack/events" if running else "http://127.0.0.1:9/"

    async def kill_all(self) -> None:
        """Leave nothing behind."""
        for replica in self.alive:
            replica.signal(signal.SIGCONT)
            await replica.kill()

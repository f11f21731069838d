"""`python -m tests.bench.ack`: how fast deliveries are acknowledged, side by side with a bare endpoint, in one run.

The bare endpoint is an ASGI function on the same uvicorn that verifies the signature, parses the body and commits one
row with the raw sqlite3 driver. The bot does all that it does, with a Management API that takes two seconds. Both serve
from a process of their own; one client drives them in turn, block by block, so that both meet the same machine.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.seed import believable_estate
from bot.sandbox.api.server import serve_api
from bot.sandbox.launch import BotProcess, free_port
from bot.sandbox.slack.seed import believable_workspace
from bot.sandbox.slack.server import serve_slack
from bot.sandbox.slack.workspace import Workspace

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
API_SECONDS = 2.0
ROUNDS = 5
LEVELS = (1, 50, 500)


class Driver:
    """Sends signed slash commands, so many at a time, and takes the seconds to each acknowledgement."""

    def __init__(self, session: aiohttp.ClientSession, workspace: Workspace) -> None:
        self._session = session
        self._signer = SignatureVerifier(workspace.app.signing_secret)
        self._fields = {
            "command": "/cloudsync",
            "text": "databases list",
            "team_id": workspace.team.id,
            "api_app_id": workspace.app.id,
            "user_id": workspace.member("alan").id,
            "user_name": "bench",
            "channel_id": workspace.channel("prod").id,
            "channel_name": "prod",
        }
        self._count = 0

    async def batch(self, url: str, size: int) -> list[float]:
        """`size` commands at once; seconds to each acknowledgement."""
        return list(await asyncio.gather(*(self._one(url) for _ in range(size))))

    async def _one(self, url: str) -> float:
        self._count += 1
        body = urlencode({**self._fields, "trigger_id": f"bench.{self._count}.{time.time_ns()}"})
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": self._signer.generate_signature(timestamp=stamp, body=body) or "",
        }
        started = time.perf_counter()
        async with self._session.post(url, data=body, headers=headers) as response:
            await response.read()
            assert response.status == 200, response.status
        return time.perf_counter() - started


@asynccontextmanager
async def bare_endpoint(folder: Path, secret: str) -> AsyncIterator[str]:
    """The other side, in a process of its own."""
    port = free_port(HOST)
    command = (sys.executable, "-m", "tests.bench.bare", str(folder / "bare.db"), str(port))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={**os.environ, "SECRET": secret})
    try:
        await _listening(port)
        yield f"http://{HOST}:{port}/slack/events"
    finally:
        process.terminate()
        await process.wait()


async def _listening(port: int) -> None:
    for _ in range(400):
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise TimeoutError("the bare endpoint does not listen")


def quantile(seconds: Sequence[float], share: float) -> float:
    """The value below which this share lies, in milliseconds."""
    ranked = sorted(seconds)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000


async def main() -> None:
    """Print a table: p50, p99 and the longest, both sides, and their ratio."""
    folder = Path(tempfile.mkdtemp(prefix="cloudsync-bench-"))
    workspace = believable_workspace(is_fixed=True)
    async with (
        serve_api({"key": believable_estate(datetime.now(UTC))}) as api,
        serve_slack(workspace) as slack,
        bare_endpoint(folder, workspace.app.signing_secret) as bare,
    ):
        settings = {
            "SLACK_BOT_TOKEN": workspace.app.bot_token,
            "SLACK_SIGNING_SECRET": workspace.app.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "CLOUDSYNC_API_KEY": "key",
            "CLOUDSYNC_BASE_URL": api.url,
            "DATABASE_URL": f"sqlite:///{folder / 'bot.db'}",
            "BOT_ADMINS": workspace.member("ada").id,
            "HOST": HOST,
            "PORT": str(free_port(HOST)),
            "ENV_FILE": "",
            "LOG_LEVEL": "WARNING",
        }
        bot = await BotProcess.start(settings, log=folder / "bot.log")
        try:
            await bot.ready()
            slack.connect(bot.url)
            await workspace.person("ada").command("dm", "/cloudsync roles bind #prod operator --members operator")
            await asyncio.sleep(1)
            api.faults.arm(FaultKind.SLOW, times=-1, seconds=API_SECONDS)
            await measure(workspace, f"{bot.url}/slack/events", bare)
        finally:
            await bot.stop()


async def measure(workspace: Workspace, bot_url: str, bare_url: str) -> None:
    """Both sides in turn, at each level."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        driver = Driver(session, workspace)
        print("in flight | bot p50 | bare p50 | ratio | bot p99 | bare p99 | ratio | bot longest")
        for level in LEVELS:
            ours, theirs = await _level(driver, bot_url, bare_url, level)
            print(_row(level, ours, theirs))
            await asyncio.sleep(API_SECONDS + 3)


async def _level(driver: Driver, bot_url: str, bare_url: str, level: int) -> tuple[list[float], list[float]]:
    for url in (bot_url, bare_url):
        await driver.batch(url, level)  # connections and caches are warm on both sides
    await asyncio.sleep(0.3 if level == 1 else 2.5)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS if level > 1 else 40):
        theirs += await driver.batch(bare_url, level)
        ours += await driver.batch(bot_url, level)
        await asyncio.sleep(0.3 if level == 1 else 2.5)
    return ours, theirs


def _row(level: int, ours: Sequence[float], theirs: Sequence[float]) -> str:
    cells = [f"{level:>9}"]
    for share in (0.5, 0.99):
        a, b = quantile(ours, share), quantile(theirs, share)
        cells += [f"{a:7.1f}", f"{b:8.1f}", f"{a / b:5.2f}"]
    return " | ".join([*cells, f"{max(ours) * 1000:11.1f}"]) + f"   (mean {statistics.mean(ours) * 1000:.1f} ms)"


if __name__ == "__main__":
    asyncio.run(main())

"""The bot as a process: its environment, its readiness, its end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest

from bot.sandbox import launch
from bot.sandbox.launch import BotDiedError, BotProcess, Supervisor, complete_environment, free_port

READY = """
    import http.server, json, os, pathlib
    pathlib.Path("seen.json").write_text(json.dumps(dict(os.environ)))
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers()
    http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer).serve_forever()
"""
SHORT_LIVED = f"""
    import os, threading
    threading.Timer(0.5, os._exit, [7]).start()
{READY}"""
BROKEN = """
    import sys
    print("The database is behind the code.")
    sys.exit(2)
"""


def settings() -> dict[str, str]:
    return {"HOST": "127.0.0.1", "PORT": str(free_port("127.0.0.1")), "ENV_FILE": ""}


async def start(tmp_path: Path, program: str) -> BotProcess:
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(program))
    return await BotProcess.start(settings(), log=tmp_path / "bot.log", command=(sys.executable, str(script)))


def supervised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, told: list[str]
) -> tuple[Path, Supervisor]:
    """A supervisor that brings this program back without a pause; the program may be exchanged meanwhile."""
    script = tmp_path / "app.py"
    script.write_text(textwrap.dedent(program))
    monkeypatch.setattr(launch, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(launch, "SERVE", (sys.executable, str(script)))
    return script, Supervisor(settings(), log=tmp_path / "bot.log", told=told.append)


def test_no_setting_of_the_sandboxs_own_environment_reaches_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUDSYNC_API_KEY", "SLACK_APP_TOKEN", "DATABASE_URL", "SECRET_KEYS", "AUDIT_KEYS"):
        monkeypatch.setenv(name, "of production")

    assert "of production" not in complete_environment(settings()).values()


async def test_a_bot_that_is_ready_is_stopped_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "of production")
    bot = await start(tmp_path, READY)

    await bot.ready()
    await bot.stop()

    seen = json.loads((tmp_path / "seen.json").read_text())
    assert "SLACK_BOT_TOKEN" not in seen
    assert seen["ENV_FILE"] == ""
    assert (await bot.ended()).code != 0


async def test_a_bot_that_is_killed_is_started_again_and_one_that_is_set_up_wrong_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    script, supervisor = supervised(tmp_path, monkeypatch, READY, told)
    first = await supervisor.start()
    lasting = asyncio.create_task(supervisor.last())
    os.kill(first.pid, signal.SIGKILL)
    while supervisor.bot is first:  # noqa: ASYNC110 - nobody announces it
        await asyncio.sleep(0.01)
    assert supervisor.bot is not None
    await supervisor.bot.ready()
    assert told == ["The bot died (signal 9). It is being started again."]

    script.write_text(textwrap.dedent(BROKEN))
    os.kill(supervisor.bot.pid, signal.SIGKILL)
    assert (await lasting).code == 2
    assert len(told) == 2


async def test_a_bot_that_dies_again_and_again_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    _, supervisor = supervised(tmp_path, monkeypatch, SHORT_LIVED, told)
    await supervisor.start()
    assert (await supervisor.last()).code == 7
    assert len(told) == launch.DEATHS_BORNE - 1


async def test_a_bot_that_dies_leaves_its_last_words_and_its_code(tmp_path: Path) -> None:
    bot = await start(tmp_path, BROKEN)

    with pytest.raises(BotDiedError) as death:
        await bot.ready()

    assert death.value.code == 2
    assert death.value.last_lines == ["The database is behind the code."]

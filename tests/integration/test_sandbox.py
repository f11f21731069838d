"""The sandbox's parts put together as the program puts them: what a sceptic tries first."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from bot.sandbox.launch import Supervisor
from tests.integration.test_process import settings, stand_ins

DELETE = 'devices remove orders-eu site_00001 --reason "lost"'


async def test_a_request_outlives_the_kill_of_the_bot_that_posted_it(tmp_path: Path) -> None:
    told: list[str] = []
    async with stand_ins() as (api, slack):
        supervisor = Supervisor(settings(api, slack, tmp_path), log=tmp_path / "bot.log", told=told.append)
        killed = await supervisor.start()
        slack.connect(killed.url)
        lasting = asyncio.create_task(supervisor.last())
        ada, grace = slack.workspace.person("ada"), slack.workspace.person("grace")
        for text in ("roles grant @grace admin --channel #prod", "roles bind #prod admin"):
            await ada.command("dm", f"/cloudsync {text}")
            await asyncio.sleep(0.5)
        await ada.command("#prod", f"/cloudsync {DELETE}")
        await grace.wait_for(lambda: any("asks to" in grace.read(one) for one in grace.see("#prod")))

        os.kill(killed.pid, signal.SIGKILL)
        missed = await ada.command("#prod", "/cloudsync whoami")
        assert missed.failure == "dispatch_failed"
        await ada.wait_for(lambda: supervisor.bot is not killed or None)
        assert supervisor.bot is not None
        await supervisor.bot.ready()
        (card,) = [one for one in grace.see("#prod") if "asks to" in grace.read(one)]
        await grace.click(card, "Approve")
        await grace.wait_for(lambda: any("Removed" in grace.read(one) for one in grace.see("#prod")))

        lasting.cancel()
        await supervisor.stop()
    assert told == ["The bot died (signal 9). It is being started again."]
    assert len(api.journal.changing) == 1

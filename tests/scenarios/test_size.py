"""Lists never fail, however many databases and devices there are."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.sandbox.api.seed import large_estate
from tests.scenarios.conftest import accounted_bot


async def test_five_thousand_databases_and_twenty_thousand_devices(database_url: str) -> None:
    async with accounted_bot(database_url, estate=large_estate(datetime.now(UTC))) as world:
        assert "5000 databases, page 1 of 500" in await world.says("cleo", "#prod", "databases list")
        assert "page 500 of 500" in await world.says("cleo", "#prod", "databases list --page 500")
        assert "tenant-04999 is a" in await world.says("cleo", "#prod", "databases show tenant-04999")
        answer = await world.says("cleo", "#prod", "databases show tenant-0")
        assert "Several databases go by" in answer
        assert len(answer) < 1_500
        assert "There is no database" in await world.says("cleo", "#prod", "databases show tennant-9")
        assert "20000 devices, here 1–20" in await world.says("cleo", "#prod", "devices list tenant-00000")
        last = await world.says("cleo", "#prod", "devices list tenant-00000 --page 400 --page-size 50")
        assert "here 19951–20000" in last
        await world.says("alan", "#prod", 'devices remove tenant-00000 site_19999 --reason "lost"')
        await world.presses("grace", "#prod", "Approve")
        assert "Removed the device site_19999" in world.card()

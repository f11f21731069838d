"""Where the specification is silent, every plausible answer works: reads, changes and an approved deletion."""

from __future__ import annotations

import pytest

from bot.sandbox.api.switches import Switches
from tests.scenarios.conftest import accounted_bot

EACH = list(Switches.each())


@pytest.mark.parametrize("switches", [switches for _, switches in EACH], ids=[name for name, _ in EACH])
async def test_everything_works_under(switches: Switches, sqlite_url: str) -> None:
    async with accounted_bot(sqlite_url, switches=switches) as world:
        for text, verdict in (
            ("databases list", "12 databases"),
            ("databases show orders-eu", "orders-eu is a"),
            ("databases check orders-eu", "orders-eu answers"),
            ("tables list orders-eu", "3 of 5 tables sync"),
            ("devices list orders-eu --page-size 5", "of orders-eu"),
            ("devices list orders-eu --page 9", "past the end"),
            ("notifications token show kiosk", "No Expo access token is set"),
            ("notifications token show orders-eu", "An Expo access token is set"),
        ):
            assert verdict in await world.says("cleo", "#prod", text), text
        await world.says("alan", "#prod", "tables enable orders-eu invoices")
        assert "Enabled CloudSync" in await world.presses("alan", "#prod", "Confirm")
        await world.says("alan", "#prod", "databases register")
        answer = await world.fills(
            "alan",
            {
                "Label": "new-one",
                "Provider": "postgres",
                "Flavor": "vanilla",
                "Database name": "new",
                "Connection string": "postgresql://o:hunter2@new.db.example/new",
            },
        )
        assert "Registered the database “new-one”" in answer
        alan = world.person("alan")
        assert alan.modal is not None
        await alan.close(alan.modal)
        made = world.api.estate.labelled("new-one")
        assert made.id in answer, "the new id is shown, or found in the list"
        for label in ("orders-archive", "new-one"):
            await world.says("alan", "#prod", f'databases delete {label} --reason "done with"')
            await world.fills("alan", {"Type the label to confirm": label})
            await world.presses("grace", "#prod", "Approve")
            assert "Deleted the database" in world.card()
        assert "could not disable table invoices" in str(await world.trail())

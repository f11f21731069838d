"""From an empty database and one person in BOT_ADMINS to an approved deletion, following only what the screen says."""

from __future__ import annotations

from tests.scenarios.conftest import accounted_bot


async def test_a_fresh_install_opens_itself(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.settle()
        assert "no channel may use it yet" in world.told("ada")
        assert "press Set up a channel" in world.told("ada")
        await world.presses("ada", "dm", "Set up a channel")
        answer = await world.fills(
            "ada",
            {"Channel": "#random", "Who else may approve": "grace", "What its members may do": MEMBERS_CHANGE},
        )
        assert "Set up: #random is admin, on default" in answer
        assert "@grace may approve there too" in answer
        ada = world.person("ada")
        assert ada.modal is not None
        await ada.close(ada.modal)
        assert "/cloudsync databases list" in answer
        assert "12 databases" in await world.says("ada", "#random", "databases list")
        assert "approvals rehearse" in answer
        await world.says("ada", "#random", "approvals rehearse")
        assert "asks to rehearse an approval" in world.card("grace", "#random")
        assert "What it touches: nothing" in world.card("grace", "#random")
        await world.presses("grace", "#random", "Approve")
        assert "Rehearsed an approval" in world.card("grace", "#random")
        assert world.api.journal.changing == []
        await world.says("ada", "#random", "databases delete sandbox-copy")
        await world.fills("ada", {"Reason": "not needed", "Type the label to confirm": "sandbox-copy"}, "#random")
        assert "an admin other than the requester approves" in world.card("grace", "#random")
        await world.presses("grace", "#random", "Approve")
        assert "Deleted the database “sandbox-copy”" in world.card("grace", "#random")
        assert [call.method for call in world.api.journal.changing] == ["DELETE"]
        story = await world.says("ada", "#random", "audit list")
        assert "databases delete sandbox-copy for @ada: done" in story


MEMBERS_CHANGE = "operator: may change and ask for deletions"


async def test_the_welcome_is_written_once_however_often_the_bot_starts(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.settle()
        await world.program.notices.welcome_if_unbound()
        await world.settle()
        assert len(world.person("ada").see("dm")) == 1

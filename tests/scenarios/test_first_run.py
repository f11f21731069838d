"""From an empty database and one person in BOT_ADMINS to an approved deletion, following only what the screen says."""

from __future__ import annotations

import re

from bot.sandbox.slack.reading import buttons_of
from tests.bots import World
from tests.scenarios.conftest import accounted_bot

STEP = re.compile(r"^(?:Next: |Turn the page, or )(.+)$", re.MULTILINE)
CHANNEL = re.compile(r"#[\w-]+")
COMMAND = re.compile(r"/cloudsync ([a-z]+ [a-z]+(?: <\w+>)?)")
LISTED = re.compile(r"^• (\S+) db_", re.MULTILINE)


def next_step(text: str) -> str:
    """What the screen says to do now: its last sentence, and the only one that begins so."""
    (step,) = STEP.findall(text)
    assert text.rstrip().splitlines()[-1].endswith(step) or "Reference" in text.rstrip().splitlines()[-1], text
    return str(step)


def named(step: str, found: re.Pattern[str]) -> str:
    """The channel or the command that the step names."""
    match = found.search(step)
    assert match is not None, step
    return match.group(match.lastindex or 0)


async def presses_what_is_named(world: World, name: str, channel: str, step: str) -> str:
    """Press the button whose label the step names, on the newest message that has it."""
    labels = [label for one in world.person(name).see(channel) for label in buttons_of(one)]
    label = next(one for one in reversed(labels) if one.casefold() in step.casefold())
    return await world.presses(name, channel, label)


async def another_approves(world: World, channel: str, *, by: str) -> str:
    """Whoever the card names presses what it names; returns what the card says then."""
    step = next_step(world.card(by, channel))
    assert step == f"@{by} approves or denies.", step
    await presses_what_is_named(world, by, channel, step)
    return world.card(by, channel)


async def opens_itself(world: World) -> None:
    """From the welcome to the deletion, by what the screen names each time."""
    await world.settle()
    ada, welcome = world.person("ada"), world.told("ada")
    assert "no channel may use it yet" in welcome
    await presses_what_is_named(world, "ada", "dm", next_step(welcome))
    answer = await world.fills("ada", {"Channel": "#random", "Who else may approve": "grace"})
    assert "Set up: #random is admin, on default" in answer
    assert "@grace may approve there too" in answer
    assert ada.modal is not None
    await ada.close(ada.modal)

    assert len(ada.see("dm")) == 1, "the welcome is drawn anew, so that no stale button leads back"
    assert "Set up: #random is admin, on default" in world.told("ada")
    assert "Set up a channel" not in world.told("ada")
    assert next_step(world.told("ada")) == next_step(answer)
    channel = named(next_step(world.told("ada")), CHANNEL)
    assert "Set up: this channel is admin, on default" in world.card("ada", channel)
    assert re.search("Who may decide: (@ada and @grace|@grace and @ada);", world.card("ada", channel))

    listed = await presses_what_is_named(world, "ada", channel, next_step(world.card("ada", channel)))
    assert "12 databases" in listed
    await presses_what_is_named(world, "ada", channel, next_step(listed))
    card = world.card("grace", channel)
    assert "@ada asks to rehearse an approval" in card
    assert "What it touches: nothing" in card
    done = await another_approves(world, channel, by="grace")
    assert "Rehearsed an approval" in done
    assert world.api.journal.changing == []
    assert next_step(world.told("ada")) == next_step(done)

    following, database = next_step(done), named(listed, LISTED)
    await world.says("ada", named(following, CHANNEL), named(following, COMMAND).replace("<database>", database))
    await world.fills("ada", {"Reason": "not needed", "Type the label to confirm": database}, channel)
    done = await another_approves(world, channel, by="grace")
    assert f"Deleted the database “{database}”" in done
    assert [call.method for call in world.api.journal.changing] == ["DELETE"]
    assert f"databases delete {database} for @ada: done" in await world.says("ada", channel, "audit list")
    assert "Rehearse" not in await world.says("ada", channel, "databases list")


async def test_a_fresh_install_opens_itself(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await opens_itself(world)


async def test_the_welcome_is_written_once_however_often_the_bot_starts(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.settle()
        await world.program.first_run.welcome_if_unbound()
        await world.settle()
        assert len(world.person("ada").see("dm")) == 1


async def test_where_the_bot_cannot_join_both_answers_say_how_to_invite_it(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.settle()
        world.workspace.channel("random").is_private = True
        await world.presses("ada", "dm", "Set up a channel")
        answer = await world.fills("ada", {"Channel": "#random", "Who else may approve": "grace"})
        assert "The bot could not join it" in answer
        for told in (answer, world.told("ada")):
            step = next_step(told)
            assert "invite the bot with /invite" in step
            assert named(step, COMMAND) == "databases list"
        assert world.card("ada", "#random") == ""


async def test_a_channel_in_which_nobody_else_may_decide_leads_to_somebody_who_may(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.settle()
        await world.presses("ada", "dm", "Set up a channel")
        answer = await world.fills("ada", {"Channel": "#random"})
        assert "only one person could decide" in answer
        ada = world.person("ada")
        assert ada.modal is not None
        await ada.close(ada.modal)
        card = world.card("ada", "#random")
        assert "Who may decide: @ada" in card
        assert "nothing can be approved here before somebody else may decide" in next_step(card)
        assert named(next_step(card), re.compile(r"/cloudsync (roles grant @\w+ admin)")) == "roles grant @person admin"
        assert "Rehearse an approval" not in card
        await world.says("ada", "#random", "roles grant @grace admin")
        assert "Rehearse an approval" in next_step(await world.says("ada", "#random", "databases list"))


async def test_a_channel_bound_with_a_command_takes_the_welcome_away_too(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.settle()
        await world.says("ada", "dm", "roles bind #support viewer")
        welcome = world.person("ada").read(world.person("ada").see("dm")[0])
        assert "Set up: #support is viewer, on default" in welcome
        assert named(next_step(welcome), COMMAND) == "databases list"


async def test_several_channels_bound_at_once_are_told_of_once(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.settle()
        ada = world.person("ada")
        for channel in ("#support", "#staging"):
            await ada.command("#random", f"/cloudsync roles bind {channel} viewer")
        await world.settle()
        assert len(ada.see("dm")) == 1
        assert "is viewer, on default" in world.told("ada")


async def test_a_channel_that_only_reads_is_not_led_to_a_rehearsal(database_url: str) -> None:
    async with accounted_bot(database_url, roles=False) as world:
        await world.settle()
        await world.presses("ada", "dm", "Set up a channel")
        await world.fills("ada", {"Channel": "#random", "What may be done there": "viewer: reads only"})
        listed = await presses_what_is_named(world, "ada", "#random", next_step(world.card("ada", "#random")))
        assert "Rehearse" not in listed

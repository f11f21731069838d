"""Where the specification is silent, every plausible answer works: each by itself, and all switches turned at once."""

from __future__ import annotations

import copy

import pytest

from bot.sandbox.api.switches import Switches
from tests.bots import KEY, World
from tests.scenarios.conftest import accounted_bot
from tests.scenarios.matrix import CALLING, WAYS, as_far_as_told, carried_through, close_form
from tests.scenarios.test_first_run import opens_itself

READS = (
    ("databases list", "12 databases"),
    ("databases show orders-eu", "orders-eu is a"),
    ("databases check orders-eu", "orders-eu answers"),
    ("tables list orders-eu", "3 of 5 tables sync"),
    ("tables list kiosk", "0 of 0 tables sync"),
    ("devices list orders-eu --page-size 5", "of orders-eu"),
    ("devices list orders-eu --page 9", "past the end"),
    ("devices list kiosk", "No devices"),
    ("notifications status orders-eu", "orders-eu sends push notifications"),
    ("notifications token show kiosk", "No Expo access token is set"),
    ("notifications token show orders-eu", "An Expo access token is set"),
)
TURNS = pytest.mark.parametrize("switches", [pytest.param(switches, id=name) for name, switches in Switches.turns()])


@pytest.mark.parametrize("switch", ["defaults", *Switches.choices()])
async def test_everything_works_under(switch: str, world: World) -> None:
    """One bot for all choices of a switch: its start takes longer than a run."""
    before = copy.deepcopy(world.api.estate.databases)
    choices = [(name, switches) for name, switches in Switches.each() if name.partition("-")[0] == switch]
    if world.program.database.dialect == "postgresql":
        choices = choices[-1:]  # how an answer is read has nothing to do with the engine: one of them shows that
    for name, switches in choices:
        world.api.switches, world.api.estate.databases = switches, copy.deepcopy(before)
        try:
            await everything(world)
        except AssertionError as error:
            raise AssertionError(f"under {name}") from error


async def everything(world: World) -> None:
    for text, verdict in READS:
        assert verdict in await world.says("cleo", "#prod", text), text
    estate = world.api.estates.pop(KEY)
    assert "key of this environment" in await world.says("cleo", "#prod", "org")
    world.api.estates[KEY] = estate
    await world.says("alan", "#prod", "tables enable orders-eu invoices")
    assert "Enabled CloudSync" in await world.presses("alan", "#prod", "Confirm")
    await registered(world)
    for label in ("orders-archive", "new-one"):
        await world.says("alan", "#prod", f'databases delete {label} --reason "done with"')
        await world.fills("alan", {"Type the label to confirm": label})
        await world.presses("grace", "#prod", "Approve")
        assert "Deleted the database" in world.card()
        assert ("could not disable table invoices" in world.card()) is (label == "orders-archive")


async def registered(world: World) -> None:
    """Refused at first for its connection, then taken; the new id is shown where the answer has it."""
    await world.says("alan", "#prod", "databases register")
    form = {
        "Label": "new-one",
        "Provider": "postgres",
        "Flavor": "vanilla",
        "Database name": "new",
        "Connection string": "postgresql://o:hunter2@badauth.example/new",
    }
    assert "database_auth_failed" in await world.fills("alan", form)
    sound = {"Connection string": "postgresql://o:hunter2@new.db.example/new"}
    answer = await world.fills("alan", sound)
    assert "Registered the database “new-one”" in answer
    await close_form(world, "alan")
    made = world.api.estate.labelled("new-one")
    assert made.id in answer, "the new id is shown, or found in the list"


@TURNS
async def test_every_command_that_calls_the_api_works_under_each_turn(sqlite_url: str, switches: Switches) -> None:
    wrong = {}
    async with accounted_bot(sqlite_url, switches=switches) as world:
        for name in CALLING:
            answer = await carried_through(world, name)
            if as_far_as_told(WAYS[name].said, switches) not in answer:
                wrong[name] = answer
    assert wrong == {}


@TURNS
async def test_a_fresh_install_opens_itself_under_each_turn(sqlite_url: str, switches: Switches) -> None:
    async with accounted_bot(sqlite_url, roles=False, switches=switches) as world:
        await opens_itself(world)

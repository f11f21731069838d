"""Every reading command: answered, and refused where nothing is bound. What the API fails is in test_matrix."""

from __future__ import annotations

import pytest

from bot.domain.audit import AuditAction, AuditKind, AuditOutcome
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.switches import Switches
from tests.bots import World
from tests.scenarios.conftest import accounted_bot
from tests.scenarios.matrix import as_far_as_told

READS = [
    ("org", AuditAction.ORG_SHOW, "Acme Corp is active"),
    ("databases list", AuditAction.DATABASES_LIST, "12 databases"),
    ("databases list orders", AuditAction.DATABASES_LIST, "3 databases that fit “orders”"),
    ("databases show orders-eu", AuditAction.DATABASES_SHOW, "orders-eu is a postgres / supabase database"),
    ("db show Primary DB", AuditAction.DATABASES_SHOW, "Primary DB is a sqlitecloud database"),
    ("databases check orders-eu", AuditAction.DATABASES_CHECK, "orders-eu answers"),
    ("databases check billing", AuditAction.DATABASES_CHECK, "billing does not answer"),
    ("tables list orders-eu", AuditAction.TABLES_LIST, "3 of 5 tables sync"),
    ("notifications status orders-eu", AuditAction.NOTIFICATIONS_STATUS, "orders-eu sends push notifications"),
    ("notifications status field-app", AuditAction.NOTIFICATIONS_STATUS, "Expo refused the token"),
    ("notifications token show orders-eu", AuditAction.TOKEN_SHOW, "An Expo access token is set for orders-eu"),
    ("notifications token show kiosk", AuditAction.TOKEN_SHOW, "No Expo access token is set for kiosk"),
    ("devices list customers", AuditAction.DEVICES_LIST, "1000 devices"),
    ("devices list customers --page 2 --page-size=500", AuditAction.DEVICES_LIST, "1000 devices, here 501–550"),
    ("devices list kiosk", AuditAction.DEVICES_LIST, "No devices"),
]


@pytest.mark.parametrize(("text", "action", "verdict"), READS, ids=[text for text, _, _ in READS])
async def test_a_viewer_gets_the_answer_and_the_trail_one_row(
    world: World, text: str, action: AuditAction, verdict: str, under: Switches
) -> None:
    answer = await world.says("cleo", "#prod", text)
    assert as_far_as_told(verdict, under) in answer.splitlines()[0]
    assert answer.strip().splitlines()[-1].startswith(("Next: ", "Turn the page, or "))
    row = (await world.trail())[-1]
    assert (row.kind, row.action, row.outcome) == (AuditKind.READ, action, AuditOutcome.SUCCEEDED)
    assert row.actor == world.person("cleo").id


async def test_a_database_that_does_not_answer_leaves_its_code_in_the_trail(world: World) -> None:
    assert "Code: database_unreachable" in await world.says("cleo", "#prod", "databases check billing")
    row = (await world.trail())[-1]
    assert (row.outcome, row.code) == (AuditOutcome.SUCCEEDED, "database_unreachable"), "it was read, and reads so"
    assert "databases check billing (database_unreachable)" in await world.says("alan", "#prod", "audit list --all")


async def test_an_unbound_channel_is_refused_and_nothing_is_called(world: World) -> None:
    before = len(world.api.journal)
    for text, action, _ in READS:
        answer = await world.says("ada", "#random", text)
        assert answer.startswith("⛔ Not permitted"), text
        assert "roles bind" in answer, text
        row = (await world.trail())[-1]
        assert (row.kind, row.action, row.outcome) == (AuditKind.REFUSAL, action, AuditOutcome.DENIED), text
    assert len(world.api.journal) == before


CODES = [
    (FaultKind.REFUSE, "unreachable", None),
    (FaultKind.RESET, "unreachable", None),
    (FaultKind.TRUNCATED, "unreachable", None),
    (FaultKind.GARBAGE, "unreadable", 200),
    (FaultKind.HTML, "unreadable", 200),
    (FaultKind.EMPTY, "unreadable", 200),
    (FaultKind.BAD_GATEWAY, "server_error", 502),
    (FaultKind.REDIRECT, "redirected", 302),
    (FaultKind.CONFLICT, "conflict", 409),
]


@pytest.mark.parametrize(("kind", "code", "status"), CODES)
async def test_the_trail_has_a_code_for_each_failure_also_where_the_api_gave_none(
    world: World, kind: FaultKind, code: str, status: int | None
) -> None:
    world.api.faults.arm(kind, times=-1)
    await world.says("cleo", "#prod", "org")
    row = (await world.trail())[-1]
    assert (row.outcome, row.code, row.http_status) == (AuditOutcome.FAILED, code, status)


async def test_the_trail_has_a_code_for_an_answer_that_did_not_come(database_url: str) -> None:
    async with accounted_bot(database_url, CALL_DEADLINE_SECONDS="3") as world:
        world.api.faults.arm(FaultKind.HANG, times=-1, seconds=6)
        await world.says("cleo", "#prod", "org")
        assert (await world.trail())[-1].code == "timeout"


async def test_no_answer_is_shown_to_others_unless_shared(world: World) -> None:
    await world.says("cleo", "#prod", "org")
    assert world.person("grace").see("#prod") == []
    await world.says("cleo", "#prod", "org —share")
    assert "Acme Corp is active" in world.reads("grace", "#prod")


async def test_lists_page_both_ways_in_place(world: World) -> None:
    assert "page 1 of 2" in await world.says("cleo", "#prod", "databases list")
    count = len(world.person("cleo").see("#prod"))
    assert "page 2 of 2" in await world.presses("cleo", "#prod", "Next")
    assert "page 1 of 2" in await world.presses("cleo", "#prod", "Previous")
    assert len(world.person("cleo").see("#prod")) == count


async def test_an_ambiguous_name_offers_a_menu_that_carries_the_command_through(world: World, under: Switches) -> None:
    answer = await world.says("cleo", "#prod", "databases show orders")
    assert "Several databases go by “orders”" in answer
    cleo, wanted = world.person("cleo"), world.api.estate.labelled("orders-eu")
    await cleo.click(cleo.see("#prod")[-1], "menu:0", option=f"orders-eu ({wanted.id})")
    await world.settle()
    assert as_far_as_told("orders-eu is a postgres", under) in world.reads("cleo", "#prod")


async def test_a_hostile_label_pings_nobody(world: World) -> None:
    await world.says("cleo", "#prod", "databases list --share")
    raw = str([message.blocks for message in world.person("grace").see("#prod")])
    assert "<!channel>" not in raw
    assert "&lt;!channel&gt;" in raw


async def test_a_mention_and_a_direct_message_go_the_same_way(world: World) -> None:
    await world.person("cleo").mention("#prod", "org")
    await world.settle()
    assert "Acme Corp is active" in world.reads("cleo", "#prod")
    await world.person("ada").direct_message("whoami")
    await world.settle()
    assert "You" in world.reads("ada", "dm")


async def test_the_home_tab_shows_what_this_person_may_do(world: World) -> None:
    cleo = world.person("cleo")
    await cleo.open_home()
    await world.settle()
    assert cleo.home is not None
    assert "You may work in 3 channels" in cleo.read(cleo.home)
    assert "#prod: viewer, on default" in cleo.read(cleo.home)

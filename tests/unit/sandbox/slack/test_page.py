"""The page, in a real browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, expect

from tests.browsers import browser
from tests.unit.sandbox.slack.conftest import Panel, Stage
from tests.unit.sandbox.slack.echo import FORM, button, option, plain, section

pytestmark = pytest.mark.browser


@pytest.fixture
async def page(stage: Stage) -> AsyncIterator[Page]:
    async with browser() as launched:
        opened = await launched.new_page()
        opened.set_default_timeout(60_000)
        complaints: list[str] = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        await opened.goto(stage.slack.url)
        yield opened
        assert complaints == []


async def _say(page: Page, text: str) -> None:
    await page.get_by_label("Message", exact=True).fill(text)
    await page.keyboard.press("Enter")


async def test_a_command_is_typed_and_its_private_answer_read(page: Page) -> None:
    await _say(page, "/cloudsync hello")

    answer = page.get_by_role("article").last
    await expect(answer).to_contain_text("you said hello")
    await expect(answer).to_contain_text("Only visible to you")
    await page.get_by_label("You are").select_option("Grace Hopper")
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_a_long_answer_is_shown_from_its_beginning_and_a_phone_says_who_types(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 700})
    await expect(page.locator("#place-me", has_text="You are Ada Lovelace")).to_be_visible()
    await _say(page, "/cloudsync " + "a long story " * 150)
    answer = page.get_by_role("article").last
    await expect(answer).to_contain_text("you said a long story")
    await expect(answer.get_by_text("Only visible to you")).to_be_in_viewport()
    await _say(page, "/cloudsync short")
    await expect(page.get_by_text("you said short")).to_be_in_viewport()


async def test_a_second_person_approves_through_the_confirmation(page: Page) -> None:
    await _say(page, "/cloudsync card")
    await expect(page.get_by_role("button", name="Approve")).to_be_visible()
    await page.get_by_label("You are").select_option("Grace Hopper")

    await page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("It is gone afterwards.")
    await dialog.get_by_role("button", name="Yes").click()

    await expect(page.get_by_role("article").last).to_contain_text("approved by @Grace Hopper")
    await expect(page.get_by_role("article").last).to_contain_text("(edited)")


async def test_a_form_is_filled_in_corrected_and_sent(page: Page, stage: Stage) -> None:
    await _say(page, "/cloudsync form")
    form = page.get_by_role("dialog")

    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("alert")).to_have_text("Please complete this required field.")
    await form.get_by_label("Reason").fill("no")
    await form.get_by_role("combobox", name="Database").fill("orders")
    await form.get_by_role("option", name="Orders US").click()
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("alert")).to_have_text("Say more.")
    await form.get_by_label("Reason").fill("it is old")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_be_hidden()

    sent = stage.workspace.deliveries[-1].payload["view"]["state"]["values"]
    assert sent["database"]["database"]["selected_option"] == option("Orders US")
    await page.get_by_role("button", name=re.compile("^CloudSync(, unread)?$")).click()
    await expect(page.get_by_role("article").last).to_contain_text("because it is old")


async def test_what_was_typed_survives_an_update_of_the_view(page: Page, stage: Stage) -> None:
    await _say(page, "/cloudsync form")
    form = page.get_by_role("dialog")
    await form.get_by_label("Reason").fill("half a sen")
    ada = stage.workspace.person("ada")
    assert ada.modal is not None

    changed = {**FORM, "blocks": [section("Checking…"), *FORM["blocks"]]}
    await stage.client.views_update(view_id=ada.modal.id, view=changed)

    await expect(form).to_contain_text("Checking…")
    await expect(form.get_by_label("Reason")).to_have_value("half a sen")
    await expect(form.get_by_label("Reason")).to_be_focused()


async def test_blocks_are_shown_as_slack_shows_them(page: Page, stage: Stage) -> None:
    prod, grace = stage.workspace.channel("prod"), stage.workspace.member("grace")
    blocks = [
        {"type": "header", "text": plain("Orders :warning:")},
        section(
            f"*Gone* since <!date^0^{{date_num}}|1970> says <@{grace.id}>,\n`db_1` <https://x.example|there> &lt;b&gt;"
        ),
        {
            "type": "data_table",
            "caption": "Devices",
            "rows": [
                [{"type": "raw_text", "text": "Site"}],
                [{"type": "raw_text", "text": "s-1"}],
            ],
        },
        {
            "type": "data_visualization",
            "title": "By day",
            "chart": {
                "type": "bar",
                "axis_config": {"categories": ["Mon"]},
                "series": [{"name": "Calls", "data": [{"label": "Mon", "value": 7}]}],
            },
        },
        {
            "type": "actions",
            "elements": [
                button("Go", "go", style="primary"),
                {
                    "type": "static_select",
                    "action_id": "pick",
                    "placeholder": plain("Pick one"),
                    "options": [option("First"), option("Second")],
                },
            ],
        },
    ]
    await stage.client.chat_postMessage(channel=prod.id, text="all of it", blocks=blocks)

    shown = page.get_by_role("article").last
    await expect(shown.get_by_role("heading", name="Orders ⚠️")).to_be_visible()
    await expect(shown.locator("strong", has_text="Gone")).to_be_visible()
    await expect(shown).to_contain_text("1970-01-01 says @Grace Hopper,db_1 there <b>")
    await expect(shown.get_by_role("table", name="Devices")).to_contain_text("s-1")
    await expect(shown).to_contain_text("Mon · Calls")
    await shown.get_by_label("Pick one").select_option("Second")
    await stage.workspace.wait_for(lambda: stage.workspace.deliveries)
    assert stage.workspace.deliveries[-1].payload["actions"][0]["selected_option"] == option("Second")


async def test_the_home_is_shown_and_a_phone_finds_its_way(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})

    await page.get_by_role("button", name="Show channels").click()
    await page.get_by_role("button", name="CloudSync home").click()

    await expect(page.get_by_role("region", name="App Home")).to_contain_text("Welcome home")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


async def test_a_tap_beside_the_channels_closes_them_on_a_phone(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("button", name="Show channels").click()
    await page.get_by_label("You are").select_option("Grace Hopper")

    await page.mouse.click(370, 400)

    await expect(page.get_by_label("You are")).to_be_hidden()
    await expect(page.get_by_text("You are Grace Hopper", exact=True)).to_be_in_viewport(ratio=1)


async def test_the_panel_arms_a_fault_of_the_stand_in_api(page: Page, panel: Panel) -> None:
    await page.get_by_text("Stand-in API").click()

    await page.get_by_role("button", name="Make the next call hang").click()

    await expect(page.get_by_text("armed: 1")).to_be_visible()
    assert panel.armed == ["hang"]


async def test_a_slash_lists_what_can_be_typed(page: Page, stage: Stage) -> None:
    stage.workspace.hints = [("/cloudsync help", "What you may do"), ("/cloudsync databases list", "All of them")]
    await page.reload()

    await page.get_by_label("Message", exact=True).press_sequentially("/cloudsync d")
    await page.get_by_role("option", name="/cloudsync databases list").click()

    await expect(page.get_by_label("Message", exact=True)).to_have_value("/cloudsync databases list")


async def test_nothing_can_be_typed_before_the_page_knows_who_types(stage: Stage) -> None:
    arriving = asyncio.Event()

    async def hold(route: Route) -> None:
        await arriving.wait()
        await route.continue_()

    async with browser() as launched:
        page = await launched.new_page()
        await page.route("**/page/state*", hold)
        await page.goto(stage.slack.url)
        await expect(page.get_by_label("Message", exact=True)).to_be_disabled()
        arriving.set()
        await _say(page, "/cloudsync hello")
        await expect(page.get_by_role("article").last).to_contain_text("you said hello")


async def test_a_line_never_ends_inside_a_word_of_a_command(page: Page, stage: Stage) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    command = "/cloudsync databases delete orders-eu --reason moved-to-orders-us-last-week --share"
    await stage.client.chat_postMessage(
        channel=stage.workspace.channel("prod").id, text="copy", blocks=[section(f"`{command}`")]
    )

    code = page.locator("code", has_text="orders-eu")
    await expect(code).to_have_text(command)
    heights = await code.locator(".word").evaluate_all("words => words.map((word) => word.offsetHeight)")
    assert max(heights) < 30, "one line each"

"""The sandbox as a newcomer meets it: one command, a page, a deletion by two people. Its picture is the README's."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browsers import browser

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
PICTURE = Path(__file__).with_name("approval.png")
START_SECONDS = 60


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """The page of a sandbox in which the channels are open."""
    async with sandbox("--data", str(tmp_path)) as opened:
        yield opened


@asynccontextmanager
async def sandbox(*options: str) -> AsyncIterator[str]:
    """The address it prints, from the README's command, with what would be fatal in its environment."""
    hostile = {"CLOUDSYNC_API_KEY": "a-production-key", "DATABASE_URL": "postgresql://production/db"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "app.py",
        "sandbox",
        "--port",
        "8780",
        *options,
        cwd=ROOT,
        env={**os.environ, **hostile},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        first = (await asyncio.wait_for(process.stdout.readline(), START_SECONDS)).decode()
        assert first.startswith("Open http://127.0.0.1:"), first
        yield first.split()[1]
    finally:
        process.terminate()
        code = await asyncio.wait_for(process.wait(), 90)
    assert code == 0


async def say(page: Page, text: str) -> None:
    """Type into the composer."""
    await page.get_by_label("Message", exact=True).fill(text)
    await page.keyboard.press("Enter")


async def test_two_people_carry_a_deletion_through(address: str) -> None:
    async with browser() as launched:
        page = await launched.new_page(viewport={"width": 1180, "height": 860})
        page.set_default_timeout(60_000)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{address}?as=alan")
        await page.get_by_role("button", name="# prod").click()
        await say(page, "/cloudsync databases delete orders-eu")
        form = page.get_by_role("dialog")
        await form.get_by_label("Reason").fill("Moved to orders-us last week")
        await form.get_by_label("Type the label to confirm").fill("orders-eu")
        await form.get_by_role("button", name="Ask for approval").click()
        card = page.get_by_role("article").filter(has_text="asks to delete the database “orders-eu”")
        await expect(card).to_contain_text("Who may decide")
        await page.get_by_label("You are").select_option("Grace Hopper")
        await page.get_by_role("button", name="# prod").click()
        await expect(card).to_contain_text("Enabled tables")
        await page.screenshot(path=PICTURE if os.environ.get("TAKE_PICTURE") else None)
        await card.get_by_role("button", name="Approve").click()
        await page.get_by_role("alertdialog").get_by_role("button", name="Approve").click()
        done = page.get_by_role("article").filter(has_text="Deleted the database “orders-eu”")
        await expect(done).to_contain_text("Approved by")
        await say(page, "/cloudsync audit list --database orders-eu")
        told = "databases delete orders-eu for @Alan Turing: done"
        await expect(page.get_by_role("article").last).to_contain_text(told)
        assert complaints == []


async def test_it_reads_on_a_phone(address: str) -> None:
    async with browser() as launched:
        page = await launched.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(60_000)
        await page.goto(f"{address}?as=cleo")
        await page.get_by_role("button", name="Show channels").click()
        await page.get_by_role("button", name="# prod").click()
        await say(page, "/cloudsync databases check billing")
        await expect(page.get_by_role("article").last).to_contain_text("billing does not answer")
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, "nothing runs off the screen"


async def test_on_a_phone_the_address_of_a_fresh_one_leads_through_the_set_up(tmp_path: Path) -> None:
    async with sandbox("--fresh", "--data", str(tmp_path)) as opened, browser() as launched:
        page = await launched.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(60_000)
        await page.goto(opened)
        await page.get_by_role("button", name="Set up a channel").click()
        form = page.get_by_role("dialog")
        channels = form.get_by_label("Channel", exact=True)
        await expect(channels).to_contain_text("#random")
        await expect(channels).not_to_contain_text("Grace Hopper")
        await channels.select_option("#random")
        await form.get_by_label("Who else may approve").select_option("Grace Hopper")
        await form.get_by_role("button", name="Set up").click()
        await expect(form).to_contain_text("press First list there")
        await form.get_by_role("button", name="Close", exact=True).click()
        await expect(page.get_by_role("article")).to_contain_text("Set up: #random is admin")
        await page.locator("#menu").click()
        await page.get_by_role("button", name="# random").click()
        await page.get_by_role("button", name="First list").click()
        await expect(page.get_by_role("article").last).to_contain_text("12 databases")
        await page.get_by_role("article").last.get_by_role("button", name="Rehearse an approval").click()
        card = page.get_by_role("article").filter(has_text="asks to rehearse an approval")
        await expect(card.get_by_role("button", name="Approve")).to_be_in_viewport()

"""A real chromium for tests: the machine's own, else Playwright's, else a skip with the reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import NoReturn

import pytest
from playwright.async_api import Browser, Error, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FETCH_SECONDS = 120


@cache
def chromium() -> str | None:
    """The machine's chromium; None: Playwright's own is to be used."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@cache
def fetched() -> str:
    """Fetch Playwright's own chromium; returns why that was not possible, or ""."""
    try:
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"],
            check=True,
            capture_output=True,
            timeout=FETCH_SECONDS,
        )
    except (subprocess.SubprocessError, OSError) as error:
        return f"no chromium here, and Playwright could not fetch one ({type(error).__name__})"
    return ""


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless browser. Without one the test is skipped, or fails where REQUIRE_BROWSER says so."""
    found = chromium()
    problem = "" if found else fetched()
    if problem:
        give_up(problem)
    async with async_playwright() as playwright:
        try:
            opened = await playwright.chromium.launch(executable_path=found, args=QUIET)
        except Error as error:
            give_up(f"chromium does not start: {error.message.splitlines()[0]}")
        yield opened
        await opened.close()


def give_up(reason: str) -> NoReturn:
    """Skip, or fail where no skip is allowed."""
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)

"""A response URL: five answers in half an hour, to replace, to delete or to add."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot.sandbox.slack.outages import RESPONSE_URL, Outage
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.server import StandInSlack
from bot.sandbox.slack.workspace import Workspace
from tests.unit.sandbox.slack.conftest import Clock


@pytest.fixture
def ada(workspace: Workspace) -> Person:
    return workspace.person("ada")


@pytest.fixture
def url(slack: StandInSlack, workspace: Workspace, ada: Person) -> str:
    asked = workspace.post(
        workspace.channel("prod").id, author=workspace.app.bot_user_id, text="before", visible_to=ada.id
    )
    link = workspace.response_urls.issue(channel_id=asked.channel, person_id=ada.id, message_ts=asked.ts)
    return f"{slack.url}/actions/{workspace.team.id}/{link.token}"


async def post(url: str, **answer: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(url, json=answer)


async def test_it_replaces_even_an_ephemeral_message(url: str, ada: Person) -> None:
    assert (await post(url, replace_original=True, text="after")).text == "ok"

    assert [ada.read(message) for message in ada.see("#prod")] == ["after"]


async def test_it_deletes_the_original(url: str, ada: Person) -> None:
    await post(url, delete_original=True)

    assert ada.see("#prod") == []


async def test_it_adds_for_one_or_for_all(url: str, ada: Person, workspace: Workspace) -> None:
    await post(url, text="for you")
    await post(url, text="for all", response_type="in_channel")

    assert [m.text for m in ada.see("#prod")] == ["before", "for you", "for all"]
    assert [m.text for m in workspace.person("grace").see("#prod")] == ["for all"]


async def test_the_sixth_use_is_refused(url: str) -> None:
    statuses = [(await post(url, text=str(n))).status_code for n in range(5)]
    sixth = await post(url, text="once more")

    assert statuses == [200] * 5
    assert (sixth.status_code, sixth.json()["error"]) == (404, "used_url")


async def test_it_expires_after_half_an_hour(url: str, clock: Clock) -> None:
    clock.pass_time(minutes=30, seconds=1)

    late = await post(url, text="late")

    assert (late.status_code, late.json()["error"]) == (404, "expired_url")


async def test_what_slack_cannot_show_is_refused(url: str, ada: Person) -> None:
    refused = await post(url, replace_original=True, text="x", blocks=[{"type": "marquee"}])

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_blocks")
    assert ada.see("#prod")[-1].text == "before"


async def test_an_outage_is_met_and_counts_no_use(url: str, workspace: Workspace) -> None:
    workspace.outages.arm(RESPONSE_URL, Outage.RATE_LIMITED)

    assert (await post(url, text="x")).status_code == 429
    assert [link.uses for link in workspace.response_urls.issued.values()] == [0]

"""Who is trusted: only people whom Slack has told to belong to the workspace that it has told to be ours."""

from __future__ import annotations

from typing import Any, cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import PeopleUnavailable
from bot.slack import directory
from bot.slack.directory import SlackDirectory, person_from
from tests.clock import ManualClock

MEMBER = {"id": "U0ADA", "team_id": "T0OURS", "name": "ada"}


def test_a_full_member_is_trusted_and_somebody_from_elsewhere_is_not() -> None:
    assert person_from(MEMBER, "T0OURS").trusted
    assert person_from({**MEMBER, "team_id": "T0OTHER"}, "T0OURS").distrust == "somebody from another organisation"


def test_nobody_is_trusted_before_slack_has_said_whose_workspace_this_is() -> None:
    person = person_from(MEMBER, "")
    assert (person.trusted, person.distrust) == (False, "somebody whose workspace Slack has not told yet")


async def test_until_then_decisions_wait_and_afterwards_what_was_remembered_counts_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer(client: object, method: str, **arguments: Any) -> dict[str, Any]:
        return {"user": MEMBER}

    monkeypatch.setattr(directory, "look_up", answer)
    people = SlackDirectory(cast(AsyncWebClient, None), ManualClock())
    assert not (await people.person("U0ADA")).trusted
    with pytest.raises(PeopleUnavailable, match="whose workspace"):
        await people.person("U0ADA", fresh=True)
    people.pin("T0OURS")
    assert (await people.person("U0ADA")).trusted
    assert (await people.person("U0ADA", fresh=True)).trusted

"""Calls that may be repeated share connections; one that the other end has closed meanwhile is made again."""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp

from bot.sandbox.slack.server import StandInSlack
from bot.slack.web import lasting_session, look_up, web_client


def made_by(session: aiohttp.ClientSession) -> list[str]:
    """A word for each connection that this session makes from now on."""
    made: list[str] = []

    async def note(given: aiohttp.ClientSession, context: SimpleNamespace, what: object) -> None:
        made.append("connection")

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(note)
    trace.freeze()
    session.trace_configs.append(trace)
    return made


async def test_calls_that_follow_one_another_share_a_connection(slack: StandInSlack) -> None:
    async with lasting_session() as session:
        made = made_by(session)
        client = web_client(slack.workspace.app.bot_token, slack.api_url, session)
        for _ in range(5):
            assert (await look_up(client, "auth.test"))["ok"]
        assert made == ["connection"]


async def test_a_connection_that_was_closed_meanwhile_is_made_again(slack: StandInSlack) -> None:
    async with lasting_session() as session:
        client = web_client(slack.workspace.app.bot_token, slack.api_url, session)
        assert (await look_up(client, "auth.test"))["ok"]
        assert session.connector is not None
        for transport in [kept for pool in session.connector._conns.values() for kept, _ in pool]:
            transport.transport.abort()  # type: ignore[union-attr]
        assert (await look_up(client, "auth.test"))["ok"]


async def test_what_slack_says_in_cookies_is_not_kept(slack: StandInSlack) -> None:
    async with lasting_session() as session:
        session.cookie_jar.update_cookies({"d": "somebody"})
        assert list(session.cookie_jar) == []

"""`audit truncate` as an operator runs it, with an audit channel and without: what is said, and what Slack has."""

from __future__ import annotations

import base64
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.db.chain import AuditKeys
from bot.db.connections import database_url as rewritten
from bot.sandbox.slack.seed import AUDIT
from bot.sandbox.slack.server import StandInSlack
from tests.factories import make_entry
from tests.integration.test_audit_commands import opened
from tests.integration.test_process import run, stand_ins

UNANCHORED = "Note: the checkpoint is not anchored outside the database: AUDIT_CHANNEL or SLACK_BOT_TOKEN is not set."


@pytest.fixture
async def slack() -> AsyncIterator[StandInSlack]:
    async with stand_ins() as (_, served):
        yield served


@pytest.fixture
async def environ(database_url: str, audit_keys: AuditKeys, slack: StandInSlack) -> dict[str, str]:
    """What the command needs, and not more; the trail has ten rows, three days old."""
    async with opened(database_url, audit_keys, days_ago=3) as database:
        for _ in range(10):
            await database.write(lambda unit: unit.audit.append(make_entry()))
    return {
        "ENV_FILE": "",
        "DATABASE_URL": database_url,
        "AUDIT_KEYS": base64.urlsafe_b64encode(audit_keys.keys[0]).decode(),
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.workspace.app.bot_token,
        "AUDIT_CHANNEL": slack.workspace.channel(AUDIT).id,
    }


def anchors(slack: StandInSlack) -> list[str]:
    return [one.text for one in slack.workspace.messages if "anchor seq=" in one.text]


async def test_the_checkpoint_stands_in_slack_and_verifies_against_it(
    environ: dict[str, str], slack: StandInSlack, tmp_path: Path
) -> None:
    asked = ("audit", "truncate", "--before", "8", "--export", str(tmp_path / "old"))
    code, said = await run(*asked, environ=environ)
    assert (code, "Rows deleted: 7" in said, "not anchored" in said) == (0, True, False), said
    (text,) = anchors(slack)
    assert "anchor seq=11 " in text
    code, said = await run("audit", "verify", "--slack", environ=environ)
    assert (code, "against 1 anchor" in said) == (0, True), said


async def test_an_anchor_that_somebody_else_put_there_is_a_note_and_no_end_of_the_verification(
    environ: dict[str, str], slack: StandInSlack, tmp_path: Path, database_url: str
) -> None:
    code, said = await run("audit", "truncate", "--before", "8", "--export", str(tmp_path / "old"), environ=environ)
    assert code == 0, said
    engine = create_engine(rewritten(database_url))
    with engine.begin() as connection:
        time = "garbage" if engine.dialect.name == "sqlite" else "infinity"
        values = f"9, hash, 'none at all', 'garbage', 'garbage', '{time}'"
        connection.execute(text(f"INSERT INTO audit_anchors SELECT {values} FROM audit_events WHERE seq = 9"))  # noqa: S608
    engine.dispose()
    code, said = await run("audit", "verify", "--slack", environ=environ)
    assert (code, "the anchor of row 9 is no longer in Slack" in said) == (0, True), said
    assert len(anchors(slack)) == 1


@pytest.mark.parametrize("without", ["AUDIT_CHANNEL", "SLACK_BOT_TOKEN"])
async def test_without_a_channel_or_a_token_it_is_said_plainly(
    environ: dict[str, str], slack: StandInSlack, tmp_path: Path, without: str
) -> None:
    given = {**environ, without: ""}
    code, said = await run("audit", "truncate", "--before", "8", "--export", str(tmp_path / "old"), environ=given)
    assert (code, UNANCHORED in said) == (0, True), said
    assert anchors(slack) == []


async def test_a_refusal_deletes_nothing_and_names_the_way_out(
    environ: dict[str, str], slack: StandInSlack, tmp_path: Path
) -> None:
    asked = ("audit", "truncate", "--before", "8", "--export", str(tmp_path / "old"))
    given = {**environ, "AUDIT_CHANNEL": "C0NOWHERE"}
    code, said = await run(*asked, environ=given)
    assert (code, "channel_not_found" in said, "with the same file" in said) == (1, True, True), said
    code, said = await run("audit", "verify", environ=given)
    assert "11 rows verified" in said
    code, said = await run(*asked, environ=environ)
    assert (code, "up to 7" in said, "finished an earlier run" in said) == (0, True, True), said
    assert len(anchors(slack)) == 1


async def test_killed_after_the_anchor_it_goes_on_and_says_it_once(
    environ: dict[str, str], slack: StandInSlack, tmp_path: Path
) -> None:
    asked = ("audit", "truncate", "--before", "8", "--export", str(tmp_path / "old"))
    code, said = await run(*asked, environ={**environ, "FAILPOINTS": "in_anchor=crash"})
    assert code == -signal.SIGKILL, said
    assert len(anchors(slack)) == 1
    code, said = await run(*asked, environ=environ)
    assert (code, "up to 7" in said) == (0, True), said
    assert len(anchors(slack)) == 1
    code, said = await run("audit", "verify", "--slack", environ=environ)
    assert (code, "against 1 anchor" in said) == (0, True), said

"""The bot as a process: how it starts, refuses to start, and stops."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.keys import new_key
from bot.sandbox.api.faults import FaultKind
from bot.sandbox.api.seed import believable_estate
from bot.sandbox.api.server import StandInApi, serve_api
from bot.sandbox.launch import BotProcess, free_port
from bot.sandbox.slack.person import Person
from bot.sandbox.slack.seed import believable_workspace
from bot.sandbox.slack.server import StandInSlack, serve_slack
from bot.serving import DRAIN_SECONDS
from bot.slack.manifest import SCOPES
from tests.bots import KEY, settings_for
from tests.databases import PostgresSource
from tests.warm import warm_program

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def stand_ins() -> AsyncIterator[tuple[StandInApi, StandInSlack]]:
    async with (
        serve_api({KEY: believable_estate(datetime.now(UTC))}) as api,
        serve_slack(believable_workspace()) as slack,
    ):
        yield api, slack


def settings(api: StandInApi, slack: StandInSlack, place: Path | str, **more: str) -> dict[str, str]:
    """A process's environment: on a database that is there, or in a folder where it makes its own file and keys."""
    address = {"HOST": "127.0.0.1", "PORT": str(free_port("127.0.0.1"))}
    if isinstance(place, Path):
        return settings_for(api, slack, f"sqlite:///{place / 'bot.db'}", **{**address, **more})
    keys = {"SECRET_KEYS": new_key(), "AUDIT_KEYS": new_key()}
    return settings_for(api, slack, place, **{**address, **keys, **more})


async def run(*arguments: str, environ: dict[str, str]) -> tuple[int, str]:
    """One command of the program, to its end."""
    return await asyncio.wait_for(warm_program().run(arguments, {"PATH": os.environ["PATH"], **environ}), 60)


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_missing_settings_end_with_code_2_and_name_them_all(tmp_path: Path) -> None:
    code, said = await run(environ={"ENV_FILE": "", "BOT_ADMINS": "U1"})
    assert code == 2
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "CLOUDSYNC_API_KEY"):
        assert f"{name} is missing" in said


async def test_a_folder_that_does_not_exist_ends_with_code_2(tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        code, said = await run(environ=settings(api, slack, tmp_path / "nowhere"))
    assert code == 2
    assert "cannot be" in said


async def test_a_second_process_on_the_same_file_is_refused(tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, tmp_path)
        bot = await BotProcess.start(given, log=tmp_path / "bot.log")
        try:
            await bot.ready()
            code, said = await run(environ={**given, "PORT": str(free_port("127.0.0.1"))})
        finally:
            await bot.stop()
    assert code == 2
    assert "Another process serves this SQLite file" in said


async def test_postgresql_without_a_schema_ends_with_code_2_until_migrated(postgres_source: PostgresSource) -> None:
    url = postgres_source.empty()
    async with stand_ins() as (api, slack):
        given = settings(api, slack, Path(), DATABASE_URL=url, SECRET_KEYS=new_key(), AUDIT_KEYS=new_key())
        code, said = await run(environ=given)
        assert code == 2
        assert "run `python app.py migrate`" in said
        assert (await run("migrate", environ=given))[0] == 0
        code, said = await run("doctor", environ=given)
        assert code == 0, said


async def test_a_migration_that_finds_a_trigger_missing_ends_with_code_2(tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, tmp_path)
        assert (await run("migrate", environ=given))[0] == 0
        with closing(sqlite3.connect(given["DATABASE_URL"].removeprefix("sqlite:///"))) as file:
            file.execute("DROP TRIGGER audit_events_no_update")
        code, said = await run("migrate", environ=given)
        assert code == 2
        assert "triggers are missing or off: audit_events_no_update. Nothing was migrated." in said
        code, said = await run("doctor", environ=given)
        assert code == 1
        assert "audit_events_no_update" in said


async def test_a_missing_database_ends_with_code_2_where_the_start_does_not_make_it(tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, tmp_path, AUTO_MIGRATE="0")
        for command in ("serve", "doctor"):
            code, said = await run(command, environ=given)
            assert (code, "run `python app.py migrate`" in said) == (2 if command == "serve" else 1, True), said
            assert "Error" not in said


@pytest.mark.parametrize("migrates", ["0", "1"])
async def test_a_schema_ahead_of_the_code_ends_with_code_2(tmp_path: Path, migrates: str) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, tmp_path, AUTO_MIGRATE=migrates)
        assert (await run("migrate", environ=given))[0] == 0
        with contextlib.closing(sqlite3.connect(tmp_path / "bot.db")) as file:
            file.execute("UPDATE alembic_version SET version_num = '9999'")
            file.commit()
        code, said = await run("serve", environ=given)
    assert (code, "start the newer version of this program" in said) == (2, True), said
    assert "Traceback" not in said


async def test_doctor_comes_before_the_first_start(tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, tmp_path)
        code, said = await run("doctor", environ=given)
        assert (code, said.splitlines()[0][:11]) == (0, "All is well"), said
        assert "Note: There is no database yet; the first start makes it" in said
        assert "will be unused" not in said
        assert left_in(tmp_path) == []


async def test_doctor_says_who_it_is_or_what_to_mend(database_url: str) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, database_url)
        code, said = await run("doctor", environ=given)
        assert code == 0, said
        assert "Acme Corp, 12 databases" in said
        assert "admins: ada" in said.lower()
        code, said = await run("doctor", environ={**given, "CLOUDSYNC_API_KEY": "wrong", "BOT_ADMINS": "U0NOBODY"})
        assert code == 1
        assert "management key of default does not work" in said
        assert "U0NOBODY, whom Slack does not know" in said
        assert "wrong" not in said.replace("does not work", "")
        code, said = await run("doctor", environ={**given, "SLACK_API_URL": "http://127.0.0.1:9/api/"})
        assert code == 1
        assert "Slack cannot be reached" in said
        assert "whom Slack does not know" not in said, "nobody can tell, where Slack is not reached"


async def test_doctor_says_whether_anchors_can_be_posted(tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, tmp_path)
        channel = slack.workspace.channel("audit")
        await run("migrate", environ=given)
        for named, left, found in (
            ("", False, "AUDIT_CHANNEL is empty"),
            ("C0NOWHERE", False, "which the bot cannot see (channel_not_found)"),
            (channel.id, True, "AUDIT_CHANNEL names #audit, which the bot is not in"),
        ):
            if left:
                channel.members.remove(slack.workspace.app.bot_user_id)
            code, said = await run("doctor", environ={**given, "AUDIT_CHANNEL": named})
            assert (found in said, code) == (True, 1 if named else 0), said


async def test_the_manifest_needs_no_settings_and_explains_each_scope() -> None:
    code, said = await run("manifest", "--socket", environ={"ENV_FILE": ""})
    assert code == 0
    assert '"socket_mode_enabled": true' in said
    assert {scope for scope, reason in SCOPES.items() if f"{scope}: {reason}" in said} == set(SCOPES)


async def test_the_manifests_command_is_the_settings_also_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("SLACK_COMMAND=/sync\n")
    for environ in ({"ENV_FILE": "", "SLACK_COMMAND": "/sync"}, {"ENV_FILE": str(file)}):
        assert '"command": "/sync"' in (await run("manifest", environ=environ))[1]
    code, said = await run("manifest", environ={"ENV_FILE": "", "SLACK_COMMAND": "sync"})
    assert (code, "SLACK_COMMAND: takes a slash" in said) == (2, True), said


async def test_sigterm_lets_a_call_under_way_come_to_its_end(database_url: str, tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, database_url, APPROVALS_REQUIRED="0")
        bot = await BotProcess.start(given, log=tmp_path / "bot.log")
        await bot.ready()
        slack.connect(bot.url)
        ada = slack.workspace.person("ada")
        await ada.command("#random", "/cloudsync roles bind #prod admin")
        await ada.wait_for(lambda: any("Bound" in ada.read(one) for one in ada.see("#random")))
        await ada.command("#prod", "/cloudsync tables enable orders-eu invoices")
        await ada.wait_for(lambda: any("Please confirm" in ada.read(one) for one in ada.see("#prod")))
        api.faults.arm(FaultKind.SLOW, method="POST", seconds=1.5)
        await ada.click(ada.see("#prod")[-1], "Confirm")
        await ada.wait_for(lambda: api.journal.changing != [] or None)
        await bot.stop()
        assert api.estate.labelled("orders-eu").tables["invoices"]
        code, said = await run("audit", "verify", environ=given)
        assert code == 0, said
        assert len(api.journal.changing) == 1


async def test_sigterm_ends_in_time_beside_a_half_sent_delivery_and_a_call_that_hangs(tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, tmp_path, CALL_DEADLINE_SECONDS="60")
        bot = await BotProcess.start(given, log=tmp_path / "bot.log")
        await bot.ready()
        slack.connect(bot.url)
        ada = slack.workspace.person("ada")
        await ada.command("#random", "/cloudsync roles bind #prod admin")
        await ada.wait_for(lambda: any("Bound" in ada.read(one) for one in ada.see("#random")))
        await ada.command("#prod", "/cloudsync tables enable orders-eu invoices")
        await ada.wait_for(lambda: any("Please confirm" in ada.read(one) for one in ada.see("#prod")))
        api.faults.arm(FaultKind.HANG, method="POST", seconds=60)
        await ada.click(ada.see("#prod")[-1], "Confirm")
        await eventually(lambda: api.journal.changing != [])
        _, half = await asyncio.open_connection("127.0.0.1", int(given["PORT"]))
        half.write(b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Length: 1000\r\n\r\npayload=")
        await half.drain()
        asked = time.monotonic()
        await bot.stop()
        assert time.monotonic() - asked < DRAIN_SECONDS
        half.close()
        assert "stopped" in (tmp_path / "bot.log").read_text(), "nobody had to insist"
        code, said = await run("audit", "verify", environ=given)
        assert code == 0, said
        assert len(api.journal.changing) == 1


async def eventually(true: Callable[[], bool]) -> None:
    """Look again and again, where nothing tells of the change."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.02)


async def test_health_readiness_and_metrics_answer(database_url: str, tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        bot = await BotProcess.start(settings(api, slack, database_url), log=tmp_path / "bot.log")
        try:
            await bot.ready()
            async with httpx.AsyncClient(base_url=bot.url) as client:
                assert (await client.get("/healthz")).text == "ok"
                assert (await client.get("/readyz")).json() == {"ready": True, "problems": []}
                assert "cloudsync_answers_total" in (await client.get("/metrics")).text
        finally:
            await bot.stop()


async def test_a_failures_reference_is_found_in_the_log_and_no_secret_is(database_url: str, tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, database_url, LOG_LEVEL="DEBUG")
        bot = await BotProcess.start(given, log=tmp_path / "bot.log")
        try:
            await bot.ready()
            slack.connect(bot.url)
            ada = slack.workspace.person("ada")
            await ada.command("#random", "/cloudsync databases list token=hunter2hunter2")
            await ada.wait_for(lambda: any("Reference ref-" in ada.read(one) for one in ada.see("#random")))
        finally:
            await bot.stop()
        answer = ada.read(ada.see("#random")[-1])
        reference = answer.rsplit("Reference ", 1)[1].split()[0]
        logged = (tmp_path / "bot.log").read_text()
        assert reference in logged
        for secret in ("hunter2", KEY, slack.workspace.app.bot_token, slack.workspace.app.signing_secret):
            assert secret not in logged


async def test_socket_mode_takes_commands_without_a_public_address(tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        given = settings(api, slack, tmp_path, SLACK_APP_TOKEN=slack.workspace.app.app_token)
        bot = await BotProcess.start(given, log=tmp_path / "bot.log")
        try:
            await bot.ready()
            ada = slack.workspace.person("ada")
            await ada.wait_for(lambda: slack.sockets.is_connected or None)
            await ada.command("#random", "/cloudsync whoami")
            await ada.wait_for(lambda: any("Next:" in ada.read(one) for one in ada.see("#random")))
        finally:
            await bot.stop()


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK_BOT_TOKEN", "CLOUDSYNC_API_KEY", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


async def test_the_trail_is_compared_with_its_anchors_in_slack(database_url: str, tmp_path: Path) -> None:
    async with stand_ins() as (api, slack):
        audit = slack.workspace.channel("audit")
        given = settings(api, slack, database_url, AUDIT_CHANNEL=audit.id)
        bot = await BotProcess.start(given, log=tmp_path / "bot.log")
        try:
            await bot.ready()
            ada = slack.workspace.person("ada")
            await ada.wait_for(lambda: [one for one in ada.see("#audit") if "anchor seq=" in one.text])
        finally:
            await bot.stop()
        code, said = await run("audit", "verify", "--slack", environ=given)
        assert (code, "against 1 anchor" in said) == (0, True), said
        message = next(one for one in ada.see("#audit") if "anchor seq=" in one.text)
        message.edit(
            text=message.text.replace("anchor seq=1 ", "anchor seq=900 "), blocks=message.blocks, edited_ts="9.9"
        )
        code, said = await run("audit", "verify", "--slack", environ=given)
        assert (code, "rolled back: an anchor names row 900" in said) == (1, True), said
        code, said = await run("audit", "verify", environ=given)
        assert code == 0, said


async def test_a_rollback_to_before_the_first_anchor_is_seen_in_the_audit_channel(tmp_path: Path) -> None:
    before = tmp_path / "before.db"
    async with stand_ins() as (api, slack):
        unanchored = settings(api, slack, tmp_path)
        ada = slack.workspace.person("ada")
        await serve_until(lambda: True, unanchored, tmp_path, ada)
        shutil.copy(tmp_path / "bot.db", before)
        given = {**unanchored, "AUDIT_CHANNEL": slack.workspace.channel("audit").id}
        code, said = await run("audit", "verify", "--slack", environ=given)
        assert (code, "no anchor stands in Slack" in said) == (0, True), said

        await serve_until(lambda: any("anchor seq=" in one.text for one in ada.see("#audit")), given, tmp_path, ada)
        code, said = await run("audit", "verify", "--slack", environ=given)
        assert (code, "against 1 anchor" in said, "Note" in said) == (0, True, False), said

        shutil.copy(before, tmp_path / "bot.db")
        code, said = await run("audit", "verify", "--slack", environ=given)
        assert (code, "rolled back: an anchor names row" in said, "does not know" in said) == (1, True, True), said
        code, said = await run("audit", "verify", "--slack", environ=unanchored)
        assert (code, "AUDIT_CHANNEL is not set" in said) == (0, True), said


async def serve_until(true: Callable[[], bool], given: dict[str, str], folder: Path, watcher: Person) -> None:
    """A bot that serves until something has come true; what it leaves is one file."""
    bot = await BotProcess.start(given, log=folder / "bot.log")
    try:
        await bot.ready()
        await watcher.wait_for(true)
    finally:
        await bot.stop()

"""The sandbox: stand-in Management API and stand-in Slack in this process, the real bot in one of its own."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

import click

from bot.sandbox.estates import PRODUCTION_KEY, STAGING_KEY, serve_estates
from bot.sandbox.launch import BotDiedError, Supervisor, free_port
from bot.sandbox.opening import OpeningFailedError, give_hints, open_channels
from bot.sandbox.slack.seed import AUDIT, believable_workspace
from bot.sandbox.slack.server import StandInSlack, serve_slack

HOST = "127.0.0.1"
PORTS_TRIED = 100
OPENED = "opened"
"""A file beside the bot's database: its channels were opened, once and for all."""


def settings(slack: StandInSlack, api_url: str, data: Path) -> dict[str, str]:
    """All settings of the bot. Whatever the sandbox's own environment holds, it gets these and no others."""
    workspace = slack.workspace
    return {
        "SLACK_BOT_TOKEN": workspace.app.bot_token,
        "SLACK_SIGNING_SECRET": workspace.app.signing_secret,
        "SLACK_API_URL": slack.api_url,
        "CLOUDSYNC_API_KEY": PRODUCTION_KEY,
        "CLOUDSYNC_BASE_URL": api_url,
        "CLOUDSYNC_API_KEY__STAGING": STAGING_KEY,
        "CLOUDSYNC_BASE_URL__STAGING": api_url,
        "DATABASE_URL": f"sqlite:///{data / 'cloudsync-bot.db'}",
        "BOT_ADMINS": workspace.member("ada").id,
        "AUDIT_CHANNEL": workspace.channel(AUDIT).id,
        "HOST": HOST,
        "PORT": str(free_port(HOST)),
        "ENV_FILE": "",
        "LOG_LEVEL": "INFO",
    }


def first_free_port(wanted: int) -> int:
    """This port, or the next one that nobody holds."""
    for port in range(wanted, wanted + PORTS_TRIED):
        with suppress(OSError), socket.create_server((HOST, port)):
            return port
    raise click.ClickException(f"No free port from {wanted} to {wanted + PORTS_TRIED - 1}.")


def announce(slack: StandInSlack, *, is_fresh: bool) -> None:
    """The page's address first, then what to try."""
    if is_fresh:
        click.echo(f"Open {slack.url}/?as=ada&in=direct")
        click.echo("You are Ada, whom the bot wrote to: let it lead you. To approve, become whom you chose for it.")
    else:
        click.echo(f"Open {slack.url}/")
        click.echo("As Alan, in #prod: /cloudsync databases list, then /cloudsync databases delete with a label.")
        click.echo("Then become Grace and press Approve. /cloudsync audit list tells the story.")
    sys.stdout.flush()


@contextmanager
def data_directory(given: Path | None) -> Iterator[Path]:
    """The directory given, made if need be; else a fresh one, removed after a good end and kept after a bad one."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    fresh = Path(tempfile.mkdtemp(prefix="cloudsync-sandbox-"))
    yield fresh
    shutil.rmtree(fresh, ignore_errors=True)


async def live(*, port: int, data: Path, is_fresh: bool) -> None:
    """Start everything, open the channels of a new database, say where the page is, and last as long as the bot can."""
    workspace = believable_workspace(is_fixed=True, bot_is_invited=not is_fresh)
    give_hints(workspace)
    async with AsyncExitStack() as stack:
        estates = await stack.enter_async_context(serve_estates())
        page_port = first_free_port(port)
        slack = await stack.enter_async_context(serve_slack(workspace, host=HOST, port=page_port, panel=estates))
        supervisor = Supervisor(settings(slack, estates.url, data), log=data / "bot.log", told=click.echo)
        stack.push_async_callback(supervisor.stop)
        bot = await supervisor.start()
        slack.connect(bot.url)
        if not is_fresh and not was_opened(data):
            await open_channels(workspace.person("ada"))
            remember_opened(data)
        announce(slack, is_fresh=is_fresh)
        raise await supervisor.last()


def was_opened(data: Path) -> bool:
    """Whether the channels of this database are already set up."""
    return (data / OPENED).exists()


def remember_opened(data: Path) -> None:
    """They are, from now on."""
    (data / OPENED).touch()


async def run(*, port: int, data: Path, is_fresh: bool) -> None:
    """Live until Ctrl-C or SIGTERM. Raises BotDiedError where the bot ends first."""
    living = asyncio.create_task(live(port=port, data=data, is_fresh=is_fresh))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, living.cancel)
    with suppress(asyncio.CancelledError):
        await living


@click.command()
@click.option("--port", default=8080, show_default=True, help="The page's port; if taken, the next free one.")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the bot's database, keys and log here."
)
@click.option("--fresh", is_flag=True, help="No channel is set up: the bot's own first-run walk begins.")
def main(port: int, data: Path | None, fresh: bool) -> None:
    """Try the bot on a page that looks like Slack, against an API that holds nothing real."""
    try:
        with data_directory(data) as directory:
            asyncio.run(run(port=port, data=directory, is_fresh=fresh))
    except BotDiedError as end:
        click.echo("\n".join(["The bot ended. Its last words:", *end.last_lines]), err=True)
        sys.exit(end.code)
    except OpeningFailedError as failure:
        raise click.ClickException(str(failure)) from failure


if __name__ == "__main__":
    main()

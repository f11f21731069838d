"""The command line. What is heavy is imported by the command that needs it, not by serving."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from bot import log
from bot.config import Settings, load, load_command_name, load_for_keeping
from bot.domain import failpoints
from bot.domain.errors import BotError, ConfigurationError

T = TypeVar("T")

PROBLEM, MISCONFIGURED = 1, 2
ANCHORING = ("SLACK_BOT_TOKEN", "AUDIT_CHANNEL")


def _settings() -> Settings:
    return _applied(load())


def _keeping(*needs: str, uses: Sequence[str] = ()) -> Settings:
    """For what works on the database alone: Slack and the API may be missing."""
    return _applied(load_for_keeping(needs=needs, uses=uses))


def _applied(settings: Settings) -> Settings:
    log.configure(settings.log_level)
    failpoints.arm(settings.failpoints)
    return settings


def _guarded(work: Callable[[], T], verdict: str = "This cannot be done yet") -> T:
    """Run it. What is set up wrong is told at once, without values, and ends with code 2; anything else with code 1."""
    try:
        return work()
    except ConfigurationError as error:
        click.echo(f"{verdict}. To mend:", err=True)
        for problem in error.problems:
            click.echo(f"  - {problem}", err=True)
        raise SystemExit(MISCONFIGURED) from None
    except BotError as error:
        click.echo(str(error), err=True)
        raise SystemExit(PROBLEM) from None


def _operator() -> str:
    """Who sits at the command line, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """The CloudSync bot. Without a command it serves."""
    if context.invoked_subcommand is None:
        context.invoke(serve)


@main.command()
def serve() -> None:
    """Serve Slack: HTTP, or Socket Mode where SLACK_APP_TOKEN is set."""
    import uvloop

    from bot.serving import serve as run

    _guarded(lambda: uvloop.run(run(_settings())), "The bot cannot start")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def sandbox(options: tuple[str, ...]) -> None:
    """Run the bot between stand-ins, in the browser: no account and no key. Options: --port, --data, --fresh."""
    os.chdir(Path(__file__).parents[1])
    os.execv(sys.executable, [sys.executable, "-m", "bot.sandbox", *options])  # noqa: S606 - our own module


@main.command()
def migrate() -> None:
    """Bring the database's schema up to date, and look that the triggers around the trail stand as they were made."""
    from bot.db.migrate import migrate as run

    _guarded(lambda: run(_keeping().database_url))
    click.echo("The database is up to date.")


@main.command()
@click.option("--socket", is_flag=True, help="For Socket Mode, which needs no public address.")
def manifest(socket: bool) -> None:
    """Print the Slack app manifest, to be pasted at api.slack.com/apps."""
    from bot.commands.catalogue import all_commands
    from bot.commands.registry import Registry
    from bot.slack.manifest import SCOPES, manifest_text

    registry = Registry(all_commands(), _guarded(load_command_name))
    click.echo(manifest_text(registry, socket=socket))
    for scope, reason in SCOPES.items():
        click.echo(f"{scope}: {reason}", err=True)


@main.command()
def doctor() -> None:
    """Check settings, database, Slack, API keys and admins."""
    from bot.doctor import examine

    report = _guarded(lambda: asyncio.run(examine(_settings())))
    click.echo("Something must be mended:" if report.problems else "All is well: " + "; ".join(report.identity))
    for problem in report.problems:
        click.echo(f"  - {problem}")
    for warning in report.warnings:
        click.echo(f"  Note: {warning}")
    if report.problems:
        click.echo("  Found: " + "; ".join(report.identity))
        raise SystemExit(PROBLEM)


@main.group()
def audit() -> None:
    """The audit trail."""


@audit.command()
@click.option("--file", "path", type=click.Path(path_type=Path), help="An exported file (JSON Lines) instead.")
@click.option("--slack", is_flag=True, help="Compare with the anchors that stand in Slack, too.")
def verify(path: Path | None, slack: bool) -> None:
    """Check the whole trail: chain, payloads, signatures, anchors. Code 1 names the first bad row."""
    from bot.verification import verify_file, verify_trail

    needs = ANCHORING if slack and not path else ()
    verified = _guarded(
        lambda: verify_file(_keeping(), path) if path else verify_trail(_keeping(*needs), slack=slack),
        "The trail cannot be checked",
    )
    click.echo(verified.verdict)
    for note in verified.notes:
        click.echo(f"Note: {note}")
    if verified.index:
        click.echo(f"{verified.index} Next: run `python app.py audit reindex`.")
    if verified.finding.seq is not None or verified.index:
        raise SystemExit(PROBLEM)


@audit.command()
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="jsonl", show_default=True)
@click.option("--output", default="-", help="A file; - is standard output.", show_default=True)
@click.option("--since", default="", help="As in 30d, 2026-11-01 or '2026-11-01 14:00', in UTC.")
@click.option("--until", default="", help="Likewise.")
def export(form: str, output: str, since: str, until: str) -> None:
    """Write the trail to a file, beside a serving bot. It leaves a row in the trail."""
    from bot.exporting import export_trail
    from bot.services.export_formats import ExportFormat

    made = _guarded(
        lambda: export_trail(
            _keeping(), ExportFormat(form), output, since=since, until=until, operator=_operator(), told=_progress
        )
    )
    span = f", {made.first_seq} to {made.last_seq}" if made.rows else ""
    click.echo(f"Rows exported: {made.rows}{span}. SHA-256: {made.sha256}", err=True)


def _progress(said: str) -> None:
    click.echo(said, err=True)


@audit.command()
@click.argument("seqs", metavar="SEQ...", nargs=-1, required=True, type=click.IntRange(min=1))
@click.option("--reason", required=True, help="Kept in the trail in place of what is erased.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(seqs: tuple[int, ...], reason: str, yes: bool) -> None:
    """Erase what rows say, and not that they were there. On SQLite stop the bot first; backups keep what they hold."""
    from bot.retention import erase_rows

    settings = _guarded(_keeping)
    named = ", ".join(map(str, seqs))
    if not yes and not click.confirm(f"Erase the payload of row {named} for good?", err=True):
        click.echo("Nothing was erased.", err=True)
        raise SystemExit(PROBLEM)
    erased = _guarded(lambda: erase_rows(settings, seqs, reason=reason, operator=_operator()))
    click.echo(f"Payloads erased: {len(erased)}. A tombstone row names each.")


@audit.command()
@click.option("--before", required=True, help="A time in UTC, as in 365d or 2026-01-01, or a row's number.")
@click.option("--export", "target", required=True, type=click.Path(path_type=Path), help="The file that keeps them.")
def truncate(before: str, target: Path) -> None:
    """Move the trail's beginning into a file. On SQLite stop the bot first. If interrupted, run it again."""
    from bot.retention import truncate_trail

    done = _guarded(
        lambda: truncate_trail(
            _keeping(uses=ANCHORING), before=before, export=target, operator=_operator(), told=_progress
        )
    )
    if done is None:
        click.echo("There is nothing before that; nothing was deleted.")
        return
    click.echo(f"Rows deleted: {done.rows}, up to {done.last_seq}. They are in {target}.")
    if done.file_seq > done.last_seq:
        click.echo(
            f"Note: {target} goes on to row {done.file_seq}, with the tombstones of what is erased in it. "
            f"Rows {done.last_seq + 1} to {done.file_seq} stay in the trail as well."
        )
    if not done.anchored:
        click.echo(
            "Note: the checkpoint is not anchored outside the database: AUDIT_CHANNEL or SLACK_BOT_TOKEN is not set. "
            "A bot that has both anchors it when it starts."
        )
    if done.finished_earlier_run:
        click.echo("Note: this finished an earlier run that was interrupted. Run it again for what you asked now.")


@audit.command()
def reindex() -> None:
    """Make the search index anew from the rows. On SQLite stop the bot first. It leaves a row in the trail."""
    from bot.retention import index_anew

    rows = _guarded(lambda: index_anew(_keeping(), operator=_operator()))
    click.echo(f"Rows indexed: {rows}.")


@main.group()
def organisation() -> None:
    """The organisation that each environment's key is pinned to."""


@organisation.command()
@click.option("--environment", default="default", show_default=True)
def accept(environment: str) -> None:
    """Accept that a key now belongs to another organisation; changes are off until then."""
    from bot.verification import accept_organisation

    name = _guarded(lambda: asyncio.run(accept_organisation(_settings(), environment, operator=_operator())))
    click.echo(f"Accepted: {environment} is now {name}. Restart the bot.")

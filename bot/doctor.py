"""`app.py doctor`: looks at everything the bot needs, and says who it is or what to mend."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.bootstrap import Program, build
from bot.cloudsync.errors import CloudSyncError
from bot.config import Settings
from bot.db.inspection import database_has_rows
from bot.domain.access import Role
from bot.domain.errors import PeopleUnavailable
from bot.domain.fitness import Problem, ProblemKind
from bot.domain.ports import MessageDelayed, MessageRefused
from bot.keys import keys_to_look_with
from bot.slack.manifest import SCOPES
from bot.slack.web import look_up

MENDED_AT_START: Mapping[ProblemKind, str] = {
    ProblemKind.ABSENT: "There is no database yet; the first start makes it, and then writes to the admins.",
    ProblemKind.BEHIND: "The database's schema is behind this program; the next start brings it up to date.",
}
"""What `serve` sees to where it migrates by itself."""


@dataclass(kw_only=True)
class Report:
    """What was found: who it is, what to mend, what to know."""

    identity: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


async def examine(settings: Settings) -> Report:
    """Look at settings, database, Slack, API keys and admins. Changes nothing."""
    report = Report()
    rows = await asyncio.to_thread(database_has_rows, settings.database_url)
    async with build(settings, keys_to_look_with(settings, database_has_rows=rows)) as program:
        found = await program.database.examine()
        _database(program, found, report)
        if not found:
            report.problems += await program.database.check_tail()
        clock = await program.clock_watch.look()
        report.problems += [clock] if clock else []
        answers = await _slack(program, report)
        for name in program.environments.names:
            await _environment(program, name, report)
        await _admins(program, report, answers=answers)
        await _audit_channel(program, report)
        if not found and answers:
            await _channels(program, report)
    return report


def _database(program: Program, found: Sequence[Problem], report: Report) -> None:
    """What the start mends by itself is no problem: README lets the doctor come before the first start."""
    for problem in found:
        if problem.migrating_mends_it and program.settings.migrates_at_start:
            report.warnings.append(MENDED_AT_START[problem.kind])
        else:
            report.problems.append(problem.sentence)


async def _slack(program: Program, report: Report) -> bool:
    """Whether Slack takes the token: otherwise nothing can be said about people and channels."""
    answer = await program.client.api_call("auth.test") if await _reaches_slack(program, report) else None
    if answer is None:
        return False
    granted = set(str(answer.headers.get("x-oauth-scopes") or answer.headers.get("X-OAuth-Scopes") or "").split(","))
    missing = sorted(set(SCOPES) - granted) if granted - {""} else []
    report.identity.append(f"Slack: {answer.get('team')}, as {answer.get('user')}")
    report.problems += [
        f"The Slack app lacks the scope {scope}: {SCOPES[scope]}. Add it and reinstall." for scope in missing
    ]
    program.directory.pin(str(answer.get("team_id") or ""))
    return True


async def _reaches_slack(program: Program, report: Report) -> bool:
    try:
        await look_up(program.client, "auth.test")
    except MessageRefused as refused:
        report.problems.append(f"Slack does not take SLACK_BOT_TOKEN ({refused.code}).")
    except MessageDelayed as delayed:
        report.problems.append(f"Slack cannot be reached ({delayed.code}).")
    else:
        return True
    return False


async def _environment(program: Program, name: str, report: Report) -> None:
    client = program.environments.client(name)
    try:
        organisation = await client.get_organisation()
        databases = await client.list_databases()
    except CloudSyncError as error:
        report.problems.append(f"The management key of {name} does not work: {error}")
        return
    report.identity.append(f"{name}: {organisation.name or organisation.slug}, {len(databases)} databases")
    if (organisation.status or "active").casefold() != "active":
        report.warnings.append(f"The organisation of {name} is {organisation.status}.")


async def _admins(program: Program, report: Report, *, answers: bool) -> None:
    names = []
    for person_id in sorted(program.access.bot_admins):
        try:
            person = await program.directory.person(person_id)
        except PeopleUnavailable:
            if answers:
                report.problems.append(f"BOT_ADMINS names {person_id}, whom Slack does not know.")
            continue
        names.append(person.name)
        if not person.trusted:
            report.problems.append(f"BOT_ADMINS names {person.name}, who is {person.distrust} and gets no rights.")
    if not program.access.bot_admins:
        report.problems.append("BOT_ADMINS is empty: nobody could set the bot up.")
    report.identity.append(f"admins: {', '.join(names) or 'none'}")


async def _audit_channel(program: Program, report: Report) -> None:
    channel_id = program.settings.audit_channel
    if not channel_id:
        report.warnings.append(
            "AUDIT_CHANNEL is empty: with no anchors elsewhere, nobody could see the trail rolled back."
        )
        return
    try:
        answer = await look_up(program.client, "conversations.info", channel=channel_id)
    except MessageRefused as refused:
        report.problems.append(
            f"AUDIT_CHANNEL names {channel_id}, which the bot cannot see ({refused.code}). Invite it there, or mend it."
        )
        return
    except MessageDelayed as delayed:
        report.warnings.append(f"Slack does not say whether the bot can post to AUDIT_CHANNEL ({delayed.code}).")
        return
    channel = answer.get("channel") or {}
    if channel.get("is_archived") or not channel.get("is_member"):
        why = "is archived" if channel.get("is_archived") else "the bot is not in: invite it there"
        report.problems.append(f"AUDIT_CHANNEL names #{channel.get('name')}, which {why}. No anchor can be posted.")


async def _channels(program: Program, report: Report) -> None:
    bindings = await program.access.bindings()
    if not bindings:
        report.warnings.append("No channel is bound yet; start the bot, and it writes to its admins.")
    for binding in bindings:
        wanted = program.settings.approvals_for(binding.environment)
        if binding.role is not Role.ADMIN or wanted == 0:
            continue
        try:
            able = await program.access.deciders(binding.channel_id, excluding="")
        except PeopleUnavailable:
            report.warnings.append(f"Slack does not say who could decide in {binding.channel_id}.")
            continue
        if len(able) < wanted + 1:
            report.warnings.append(
                f"In {binding.channel_id} only {len(able)} could decide, so requests by them would be refused."
            )

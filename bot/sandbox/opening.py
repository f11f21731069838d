"""Opening the sandbox's channels through the bot itself: an admin types what an admin would type."""

from __future__ import annotations

from bot.sandbox.slack.person import Person
from bot.sandbox.slack.workspace import Workspace

ANSWER_SECONDS = 20.0

COMMANDS = (
    "roles grant @grace admin --channel #prod",
    "roles grant @alan operator --channel #prod",
    "roles bind #support viewer",
    "roles bind #staging operator --members operator --environment staging",
    "roles bind #prod admin --environment default",
)
"""In this order: as soon as one channel is bound as admin, giving admin needs a second person's approval."""

HINTS = (
    ("help", "What you may do here"),
    ("databases list", "All databases"),
    ("databases show ", "One database: provider, tables, devices"),
    ("databases check ", "Is it reachable"),
    ("databases register", "A form for a new one"),
    ("databases delete ", "Asks for a second person's approval"),
    ("tables list ", "Which tables sync"),
    ("notifications status ", "Push: active, paused, why"),
    ("devices list ", "Devices that sync"),
    ("approvals list", "What waits for a decision"),
    ("audit list", "What happened"),
    ("roles list", "Who may do what"),
    ("whoami", "Your role here"),
)


class OpeningFailedError(Exception):
    """The bot did not answer a command of the opening."""


def give_hints(workspace: Workspace) -> None:
    """What the composer lists after a typed slash."""
    workspace.hints = [(f"{workspace.app.command} {text}", about) for text, about in HINTS]


async def open_channels(admin: Person) -> None:
    """Bind the channels and grant the roles, from the admin's direct message with the bot."""
    for command in COMMANDS:
        await _type(admin, command)


async def _type(admin: Person, command: str) -> None:
    before = _private_answers(admin)
    delivery = await admin.command("dm", f"{admin.workspace.app.command} {command}")
    try:
        await admin.wait_for(lambda: _private_answers(admin) > before, ANSWER_SECONDS)
    except TimeoutError as silence:
        raise OpeningFailedError(f"the bot did not answer {command!r}") from silence
    if delivery.failure:
        raise OpeningFailedError(f"{command!r} failed: {delivery.failure}")


def _private_answers(admin: Person) -> int:
    return sum(message.is_ephemeral for message in admin.see("dm"))

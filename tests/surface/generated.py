"""What the README and `.env.example` must say, made from the code."""

from __future__ import annotations

import re
from pathlib import Path

from bot.commands.catalogue import all_commands
from bot.commands.documentation import command_table
from bot.commands.registry import Registry
from bot.config import describe_settings
from bot.domain.decisions import WHO
from bot.domain.requests import TRANSITIONS, RequestState

ROOT = Path(__file__).parents[2]
README, EXAMPLE = ROOT / "README.md", ROOT / ".env.example"


def states_table() -> str:
    """The state machine, from the code that decides."""
    rows = ["| From | To |", "| --- | --- |"]
    for state in RequestState:
        following = sorted(after.value for after in TRANSITIONS.get(state, frozenset()))
        rows.append(f"| `{state.value}` | {', '.join(f'`{after}`' for after in following) or 'end'} |")
    return "\n".join(rows) + "\n"


def states_diagram() -> str:
    """The same, drawn."""
    arrows = ["    [*] --> pending", "    [*] --> approved: no gate"]
    for before, following in TRANSITIONS.items():
        arrows += [f"    {before.value} --> {after.value}" for after in sorted(following)]
    ends = [state for state in RequestState if state not in TRANSITIONS]
    arrows += [f"    {end.value} --> [*]" for end in ends]
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```"]) + "\n"


def steps_table() -> str:
    """Who may take which step."""
    rows = [
        "| Step | Who |",
        "| --- | --- |",
        *(f"| {step.value.replace('_', ' ')} | {who} |" for step, who in WHO.items()),
    ]
    return "\n".join(rows) + "\n"


def settings_table() -> str:
    """Every setting."""
    rows = ["| Setting | Default | Meaning |", "| --- | --- | --- |"]
    for name, default, meaning in describe_settings():
        shown = default if default == "required" else f"`{default}`" if default else ""
        rows.append(f"| `{name}` | {shown} | {meaning} |")
    return "\n".join(rows) + "\n"


def example_file() -> str:
    """`.env.example`: every setting, commented out unless it is needed."""
    needed = {"SLACK_BOT_TOKEN", "CLOUDSYNC_API_KEY", "BOT_ADMINS"}
    lines = ["# Copy to .env and fill in. Only the first few are needed; the rest shows its default.", ""]
    for name, default, meaning in sorted(describe_settings(), key=lambda row: row[0] not in needed):
        value = "" if default == "required" else default
        lines += [f"# {meaning}", f"{name}=" if name in needed else f"#{name}={value}", ""]
    return "\n".join(lines)


def filled(text: str) -> str:
    """The README with its generated parts filled in."""
    parts = {
        "commands": command_table(Registry(all_commands())),
        "states": f"{states_diagram()}\n{states_table()}\n{steps_table()}",
        "settings": settings_table(),
    }
    for name, made in parts.items():
        pattern = re.compile(rf"(<!-- {name}: [^>]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
        assert pattern.search(text), f"the README lacks the markers of {name}"
        text = pattern.sub(lambda match, made=made: f"{match[1]}{made}{match[2]}", text)  # type: ignore[misc]
    return text

"""Settings: the only reader of the environment. All that is wrong is reported at once, without the values."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from bot.config_values import (
    Address,
    AppToken,
    BotToken,
    ChannelId,
    DatabaseAddress,
    Keys,
    People,
    Seconds,
    SlashCommand,
    Switch,
)
from bot.domain import failpoints
from bot.domain.errors import ConfigurationError

DEFAULT_BASE_URL = "https://cloudsync.sqlite.ai"
DEFAULT = "default"
API_KEY = "CLOUDSYNC_API_KEY"


class Settings(BaseModel):
    """Every setting, frozen. The descriptions are the README's table."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, hide_input_in_errors=True)

    slack_bot_token: BotToken = Field(description="The bot token, `xoxb-…`.")
    slack_signing_secret: SecretStr | None = Field(None, description="The signing secret. Needed in HTTP mode.")
    slack_app_token: AppToken | None = Field(None, description="The app token, `xapp-…`. Present: Socket Mode.")
    slack_api_url: Address = Field(
        "https://slack.com/api/",
        description="Slack's Web API. Answers go only to `hooks.slack.com` and to this host.",
    )
    slack_command: SlashCommand = Field(
        "/cloudsync", description="The slash command's name; Slack gives it to the app installed last."
    )
    slack_team_id: str = Field("", description="The workspace served. Empty: the token's own.")
    slack_app_id: str = Field("", description="The app served. Empty: the first verified delivery's.")
    database_url: DatabaseAddress = Field(
        "sqlite:///cloudsync-bot.db",
        description="Where everything is kept. `postgres://…` for several replicas.",
    )
    auto_migrate: Switch | None = Field(
        None, description="1 or 0: bring the schema up to date at start. Empty: 1 for SQLite, 0 elsewhere."
    )
    bot_admins: People = Field((), description="Slack user ids, comma-separated: admins whom Slack cannot revoke.")
    approvals_required: int = Field(
        1, ge=0, le=3, description="How many others must approve; 0 lets an admin confirm alone. Also `…__<NAME>`."
    )
    secret_keys: Keys = Field(
        (), description="Keys that seal waiting secrets, newest first. Made once for a new SQLite database."
    )
    audit_keys: Keys = Field((), description="Keys that sign the audit trail, newest first. Likewise.")
    audit_channel: ChannelId = Field("", description="Channel id for the trail's anchors and loud events.")
    decision_seconds: int = Field(900, ge=5, le=604_800, description="Time to decide a request.")
    send_seconds: int = Field(120, ge=5, le=3_600, description="Time from approval to the send.")
    reconcile_seconds: Seconds = Field(
        (60, 120, 240, 480), validate_default=True, description="When an unknown end is looked at again."
    )
    call_deadline_seconds: float = Field(20.0, ge=1, le=120, description="Total time of one call of the API.")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR.")
    host: str = Field("0.0.0.0", description="The address to listen on.")  # noqa: S104 - a server's usual default
    port: int = Field(3000, ge=1, le=65_535, description="The port to listen on.")
    failpoints: str = Field("", exclude=True)
    """For the fault suite alone; see `bot.domain.failpoints`."""
    disk_is_lost: bool = Field(False, exclude=True)
    """Whether the host throws its disk away at every restart, as Heroku's dynos do."""
    environments: dict[str, Environment] = Field(default_factory=dict, exclude=True)
    approvals_by_environment: dict[str, int] = Field(default_factory=dict, exclude=True)

    @property
    def uses_socket_mode(self) -> bool:
        """Whether Slack is reached over a socket instead of HTTP."""
        return self.slack_app_token is not None

    @property
    def is_sqlite(self) -> bool:
        """Whether one process serves one file."""
        return self.database_url.startswith("sqlite:")

    @property
    def migrates_at_start(self) -> bool:
        """AUTO_MIGRATE, or its default for the engine."""
        return self.is_sqlite if self.auto_migrate is None else self.auto_migrate

    def approvals_for(self, environment: str) -> int:
        """How many approvals an environment wants."""
        return self.approvals_by_environment.get(environment, self.approvals_required)

    @property
    def sqlite_path(self) -> Path | None:
        """The file, for SQLite."""
        return Path(self.database_url.removeprefix("sqlite:///")) if self.is_sqlite else None


class Environment(BaseModel):
    """One management key with its address."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    api_key: SecretStr
    base_url: Address = DEFAULT_BASE_URL


OUTSIDE_THE_MODEL = (
    ("CLOUDSYNC_API_KEY", "", "The management key of the environment `default`. Further ones: `…__<NAME>`."),
    ("CLOUDSYNC_BASE_URL", DEFAULT_BASE_URL, "Its address. Further ones: `CLOUDSYNC_BASE_URL__<NAME>`."),
    ("ENV_FILE", ".env", "A file to read settings from first; empty: none."),
)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings; `ConfigurationError` with every problem, and none of the values."""
    given = _with_file(dict(os.environ if environ is None else environ))
    problems: list[str] = []
    environments = _environments(given, problems)
    values: dict[str, Any] = {
        name: given[name.upper()].strip() for name in Settings.model_fields if given.get(name.upper(), "").strip()
    }
    values["environments"] = environments
    values["disk_is_lost"] = "DYNO" in given
    values["approvals_by_environment"] = _approvals(given, problems)
    if not values.keys() & {"slack_app_token", "slack_signing_secret"}:
        problems.append("SLACK_SIGNING_SECRET is missing: HTTP mode needs it (or SLACK_APP_TOKEN for Socket Mode).")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        raise ConfigurationError(
            [*(_sentence(str(one["loc"][0]).upper(), one) for one in details), *problems]
        ) from None
    problems += _failpoint_problems(settings)
    if problems:
        raise ConfigurationError(problems)
    return settings


ABSENT_TOKEN = "xoxb-"  # noqa: S105 - the beginning that every token has
"""Stands for a bot token in work that needs none: of its form, and no token."""
KEEPING = ("DATABASE_URL", "SECRET_KEYS", "AUDIT_KEYS", "LOG_LEVEL", "FAILPOINTS", "SLACK_API_URL")
"""What the command line reads for work on the database alone."""
_NEVER_USED = {"SLACK_BOT_TOKEN": ABSENT_TOKEN, "SLACK_SIGNING_SECRET": "-", "CLOUDSYNC_API_KEY": "-"}


def load_for_keeping(
    environ: Mapping[str, str] | None = None, *, needs: Sequence[str] = (), uses: Sequence[str] = ()
) -> Settings:
    """Those for work on the database, of the others those in `needs`, and those in `uses` where they are given."""
    given = _with_file(dict(os.environ if environ is None else environ))
    used = {name: given[name] for name in (*KEEPING, *needs) if name in given}
    used |= {name: given[name] for name in uses if given.get(name, "").strip()}
    absent = {name: value for name, value in _NEVER_USED.items() if name not in needs}
    return load({**absent, **used, "ENV_FILE": ""})


def load_command_name(environ: Mapping[str, str] | None = None) -> str:
    """SLACK_COMMAND or its default, for the manifest: it is printed before there is anything else to set."""
    given = _with_file(dict(os.environ if environ is None else environ))
    return load({**_NEVER_USED, "SLACK_COMMAND": given.get("SLACK_COMMAND", ""), "ENV_FILE": ""}).slack_command


def _failpoint_problems(settings: Settings) -> list[str]:
    """A bot that speaks to the real Slack is never armed."""
    if not settings.failpoints:
        return []
    if urlsplit(settings.slack_api_url).hostname not in ("127.0.0.1", "localhost", "::1"):
        return ["FAILPOINTS is for tests: it is refused unless SLACK_API_URL is on this machine."]
    try:
        failpoints.parse(settings.failpoints)
    except ValueError as error:
        return [f"FAILPOINTS: {error}."]
    return []


def _with_file(given: dict[str, str]) -> dict[str, str]:
    """ENV_FILE's values under the real environment's, which always win."""
    name = given.get("ENV_FILE", ".env")
    if not name:
        return given
    return {**{key: value for key, value in dotenv_values(name).items() if value is not None}, **given}


def _environments(given: Mapping[str, str], problems: list[str]) -> dict[str, Environment]:
    found: dict[str, Environment] = {}
    keys = {name: key.strip() for name, key in sorted(given.items()) if name.partition("__")[0] == API_KEY}
    for setting, key in keys.items():
        name = setting.partition("__")[2]
        of_address = f"CLOUDSYNC_BASE_URL__{name}" if name else "CLOUDSYNC_BASE_URL"
        address = given.get(of_address, "").strip() or DEFAULT_BASE_URL
        if key:
            try:
                found[(name or DEFAULT).lower()] = Environment(api_key=SecretStr(key), base_url=address)
            except ValidationError as error:
                problems += [_sentence(of_address, one) for one in error.errors(include_input=False)]
    if not any(keys.values()):
        problems.append("CLOUDSYNC_API_KEY is missing: without a management key there is nothing to manage.")
    return found


def _approvals(given: Mapping[str, str], problems: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for setting, value in given.items():
        base, _, name = setting.partition("__")
        if base != "APPROVALS_REQUIRED" or not name or not value.strip():
            continue
        if value.strip() in ("0", "1", "2", "3"):
            found[name.lower()] = int(value)
        else:
            problems.append(f"{setting} takes a number from 0 to 3.")
    return found


def _sentence(name: str, detail: ErrorDetails) -> str:
    """What is wrong with one setting, in our words where they are ours."""
    if detail["type"] == "missing":
        return f"{name} is missing."
    return f"{name}: {detail['msg'].removeprefix('Value error, ')}."


def describe_settings() -> tuple[tuple[str, str, str], ...]:
    """(name, default, meaning) of every setting, for the README and `.env.example`."""
    rows = []
    for name, field in Settings.model_fields.items():
        if field.exclude:
            continue
        default = field.default if not field.is_required() else "required"
        rows.append((name.upper(), _shown(default), field.description or ""))
    return (*rows, *OUTSIDE_THE_MODEL)


def _shown(default: object) -> str:
    if default is None or default == ():
        return ""
    return ",".join(str(item) for item in default) if isinstance(default, tuple) else str(default)


Settings.model_rebuild()

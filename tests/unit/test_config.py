"""Settings: everything wrong is told at once, and no value is repeated."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from bot.config import describe_settings, load, load_command_name
from bot.domain.errors import ConfigurationError
from bot.keys import key_file, key_rings, keys_to_look_with, new_key

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "sign",
    "CLOUDSYNC_API_KEY": "key",
    "ENV_FILE": "",
}

NEEDED = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "CLOUDSYNC_API_KEY")


def problems_of(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load(environ)
    return "\n".join(raised.value.problems)


def test_the_defaults_are_those_of_the_design() -> None:
    settings = load(GOOD)
    assert settings.slack_command == "/cloudsync"
    assert settings.database_url == "sqlite:///cloudsync-bot.db"
    assert settings.migrates_at_start
    assert (settings.decision_seconds, settings.send_seconds) == (900, 120)
    assert settings.reconcile_seconds == (60, 120, 240, 480)
    assert settings.approvals_for("default") == 1
    assert settings.environments["default"].base_url == "https://cloudsync.sqlite.ai"
    assert not settings.uses_socket_mode


def test_everything_wrong_is_told_at_once_without_the_values() -> None:
    told = problems_of(
        {
            "ENV_FILE": "",
            "SLACK_APP_TOKEN": "hunter2",
            "BOT_ADMINS": "U0ADA,hunter2",
            "AUDIT_CHANNEL": "#hunter2",
            "DATABASE_URL": "mysql://hunter2",
            "APPROVALS_REQUIRED": "7",
            "APPROVALS_REQUIRED__PROD": "many",
            "AUTO_MIGRATE": "yes",
            "RECONCILE_SECONDS": "60,30",
            "SECRET_KEYS": "hunter2",
            "LOG_LEVEL": "loud",
            "CLOUDSYNC_API_KEY__STAGING": "hunter2",
            "CLOUDSYNC_BASE_URL__STAGING": "hunter2",
        }
    )
    for name in (
        "SLACK_BOT_TOKEN is missing",
        "SLACK_APP_TOKEN: takes an app-level token, which begins with xapp-",
        "BOT_ADMINS: takes Slack user ids",
        "AUDIT_CHANNEL: takes a channel's id",
        "DATABASE_URL",
        "APPROVALS_REQUIRED:",
        "APPROVALS_REQUIRED__PROD",
        "AUTO_MIGRATE",
        "RECONCILE_SECONDS",
        "SECRET_KEYS",
        "LOG_LEVEL",
        "CLOUDSYNC_BASE_URL__STAGING: takes an address",
    ):
        assert name in told
    assert "hunter2" not in told
    assert "Value error" not in told


def test_without_any_setting_all_three_that_are_needed_are_named() -> None:
    told = problems_of({"ENV_FILE": ""})
    assert sorted(one.split()[0] for one in told.splitlines()) == sorted(NEEDED)


@pytest.mark.parametrize("bad", ["bad", "xapp-1", "xoxp-1"])
def test_a_bot_token_of_another_form_is_told_with_what_else_is_missing(bad: str) -> None:
    told = problems_of({"ENV_FILE": "", "SLACK_BOT_TOKEN": bad})
    assert "SLACK_BOT_TOKEN: takes the bot token, which begins with xoxb-." in told
    assert "SLACK_SIGNING_SECRET is missing" in told
    assert bad not in told


def test_a_bad_address_is_not_taken_for_a_missing_key() -> None:
    told = problems_of({**GOOD, "CLOUDSYNC_BASE_URL": "hunter2"})
    assert told == "CLOUDSYNC_BASE_URL: takes an address that begins with http:// or https://."


def test_the_manifests_command_needs_no_other_setting(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("SLACK_COMMAND=/sync\nSLACK_BOT_TOKEN=bad\n")
    assert load_command_name({"ENV_FILE": str(file)}) == "/sync"
    assert load_command_name({"ENV_FILE": ""}) == "/cloudsync"


def test_http_mode_needs_the_signing_secret_and_socket_mode_does_not() -> None:
    without = {name: value for name, value in GOOD.items() if name != "SLACK_SIGNING_SECRET"}
    assert "SLACK_SIGNING_SECRET" in problems_of(without)
    assert load({**without, "SLACK_APP_TOKEN": "xapp-1"}).uses_socket_mode


def test_without_a_management_key_there_is_nothing_to_manage() -> None:
    assert "CLOUDSYNC_API_KEY" in problems_of({**GOOD, "CLOUDSYNC_API_KEY": ""})


def test_environments_are_named_in_lower_case_with_their_own_approvals() -> None:
    settings = load({**GOOD, "CLOUDSYNC_API_KEY__PROD": "k", "APPROVALS_REQUIRED__PROD": "2"})
    assert set(settings.environments) == {"default", "prod"}
    assert (settings.approvals_for("prod"), settings.approvals_for("default")) == (2, 1)


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("LOG_LEVEL=DEBUG\nPORT=4000\n")
    settings = load({**GOOD, "ENV_FILE": str(file), "PORT": "5000"})
    assert (settings.log_level, settings.port) == ("DEBUG", 5000)


def test_no_secret_stands_in_a_repr() -> None:
    settings = load({**GOOD, "SECRET_KEYS": new_key(), "AUDIT_KEYS": new_key()})
    assert "xoxb-1" not in repr(settings)
    assert "api_key=SecretStr('**********')" in repr(settings.environments)


def test_every_setting_is_described() -> None:
    assert all(meaning for _, _, meaning in describe_settings())


def test_keys_are_made_once_into_a_private_file_beside_a_new_database(tmp_path: Path) -> None:
    settings = load({**GOOD, "DATABASE_URL": f"sqlite:///{tmp_path / 'bot.db'}"})
    made = key_rings(settings, database_has_rows=False)
    path = key_file(settings)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key_rings(settings, database_has_rows=True) == made


def test_looking_makes_no_keys_and_takes_those_that_a_start_made(tmp_path: Path) -> None:
    settings = load({**GOOD, "DATABASE_URL": f"sqlite:///{tmp_path / 'bot.db'}"})
    keys_to_look_with(settings, database_has_rows=False)
    assert list(tmp_path.iterdir()) == []
    made = key_rings(settings, database_has_rows=False)
    assert keys_to_look_with(settings, database_has_rows=True) == made


def test_looking_says_that_the_folder_is_not_there(tmp_path: Path) -> None:
    settings = load({**GOOD, "DATABASE_URL": f"sqlite:///{tmp_path / 'nowhere' / 'bot.db'}"})
    with pytest.raises(ConfigurationError, match="folder"):
        keys_to_look_with(settings, database_has_rows=False)


def test_missing_keys_of_a_database_with_rows_end_the_start(tmp_path: Path) -> None:
    settings = load({**GOOD, "DATABASE_URL": f"sqlite:///{tmp_path / 'bot.db'}"})
    with pytest.raises(ConfigurationError, match="SECRET_KEYS"):
        key_rings(settings, database_has_rows=True)


def test_postgresql_needs_its_keys_from_the_settings() -> None:
    settings = load({**GOOD, "DATABASE_URL": "postgres://localhost/bot"})
    with pytest.raises(ConfigurationError, match="AUDIT_KEYS"):
        key_rings(settings, database_has_rows=False)
    assert len(base64.urlsafe_b64decode(new_key() + "=")) == 32


def test_failpoints_are_refused_where_slack_is_the_real_one() -> None:
    here = {**GOOD, "SLACK_API_URL": "http://127.0.0.1:9/api/"}
    assert "is for tests" in problems_of({**GOOD, "FAILPOINTS": "after_claim=crash"})
    assert load({**here, "FAILPOINTS": "after_claim=crash"}).failpoints == "after_claim=crash"
    assert "takes name=crash" in problems_of({**here, "FAILPOINTS": "after_claim=x"})

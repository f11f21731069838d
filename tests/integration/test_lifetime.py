"""How the bot begins and ends, in its trail: sound or not, and set up as before or otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from bot.config import load
from bot.db.connections import database_url as address_of
from bot.db.engine import Database
from bot.domain.audit import AuditAction, AuditFilter, AuditRecord
from bot.keys import new_key
from bot.services.audit import Trail
from bot.services.lifetime import Facts, Lifetime, changes, set_up_with
from tests.bots import running_bot

PROBLEM = "The audit trail's last row is not the one its head names."
GIVEN = {
    "SLACK_BOT_TOKEN": "xoxb-very-secret",
    "SLACK_SIGNING_SECRET": "signing-secret",
    "CLOUDSYNC_API_KEY": "api-secret",
    "CLOUDSYNC_BASE_URL": "https://ada:base-secret@api.example/v1?key=query-secret",
    "DATABASE_URL": "postgresql://bot:database-secret@db.example:5432/bot?password=other-secret",
    "BOT_ADMINS": "U0ADA",
    "ENV_FILE": "",
}
RINGS = ([b"s" * 32], [b"a" * 32])


def facts(**more: str) -> Facts:
    return set_up_with(load({**GIVEN, **more}), *RINGS)


async def rows(database: Database) -> tuple[AuditRecord, ...]:
    page = await database.read(lambda unit: unit.audit.page(AuditFilter(quiet=True, limit=100)))
    return tuple(reversed(page.records))


def test_what_is_kept_names_places_and_key_ids_and_nothing_secret() -> None:
    found = facts()
    assert "secret" not in json.dumps(found)
    assert found["CLOUDSYNC_BASE_URL__DEFAULT"] == "https://api.example/v1"
    assert found["DATABASE_URL"] == "postgresql://db.example:5432/bot"
    assert found["BOT_ADMINS"] == ["U0ADA"]
    assert found["SCHEMA"] == "0003"
    assert [len(str(one)) for one in (*_list(found["SECRET_KEYS"]), *_list(found["AUDIT_KEYS"]))] == [8, 8]


def _list(value: Any) -> list[object]:
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize(
    ("more", "changed"),
    [
        ({"SEND_SECONDS": "60"}, {"SEND_SECONDS": {"before": 120, "after": 60}}),
        ({"BOT_ADMINS": "U0ADA,U0EVE"}, {"BOT_ADMINS": {"before": ["U0ADA"], "after": ["U0ADA", "U0EVE"]}}),
        ({"LOG_LEVEL": "DEBUG"}, {"LOG_LEVEL": {"before": "INFO", "after": "DEBUG"}}),
        ({"PORT": "4000", "SLACK_BOT_TOKEN": "xoxb-another"}, {}),
    ],
)
def test_what_differs_is_told_from_old_to_new(more: dict[str, str], changed: Facts) -> None:
    assert changes(facts(), facts(**more)) == changed


def test_an_environment_that_came_is_told() -> None:
    changed = changes(facts(), facts(CLOUDSYNC_API_KEY__STAGING="another"))
    assert changed["CLOUDSYNC_BASE_URL__STAGING"] == {"before": None, "after": "https://cloudsync.sqlite.ai"}


async def test_a_start_with_other_settings_leaves_a_row_in_its_story(database: Database) -> None:
    trail = Trail(database)
    for given in (facts(), facts(), facts(AUDIT_CHANNEL="C0AUDIT"), {**facts(AUDIT_CHANNEL="C0AUDIT"), "SCHEMA": "9"}):
        await Lifetime(trail, given).started()
    told = await rows(database)
    start, configuration = AuditAction.SYSTEM_START, AuditAction.SYSTEM_CONFIGURATION
    assert [row.action for row in told] == [start, start, start, configuration, start, configuration]
    assert told[2].story == told[3].story
    assert told[3].payload["changed"] == {"AUDIT_CHANNEL": {"before": "", "after": "C0AUDIT"}}
    assert told[5].payload["changed"] == {"SCHEMA": {"before": "0003", "after": "9"}}


async def test_start_and_stop_of_a_bot_with_an_unsound_trail_say_so(database: Database) -> None:
    trail = Trail(database)
    trail.distrust(PROBLEM)
    lifetime = Lifetime(trail, facts())
    await lifetime.started()
    await lifetime.stopped()
    assert [(row.action, row.payload["problem"]) for row in await rows(database)] == [
        (AuditAction.SYSTEM_START, PROBLEM),
        (AuditAction.SYSTEM_STOP, PROBLEM),
    ]


async def test_a_trail_that_takes_no_row_at_all_does_not_keep_the_bot_from_starting(database_url: str) -> None:
    engine = create_engine(address_of(database_url))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_head"))
    engine.dispose()
    with capture_logs() as logs:
        async with running_bot(database_url) as world:
            await world.settle()
            assert "Changes are off" in world.told("ada")
            assert "has no head" in world.told("ada")
    assert [one["action"] for one in logs if one["event"] == "lifetime_unwritten"] == [AuditAction.SYSTEM_START]


@pytest.mark.parametrize("password", ["pa/ss-secret", "sec#ret", "se?cret", "a[b-secret", "p%40s@secret"])
def test_no_character_of_a_password_lets_it_into_the_trail(password: str) -> None:
    given = {
        **GIVEN,
        "DATABASE_URL": f"postgresql://bot:{password}@db.internal/app",
        "CLOUDSYNC_BASE_URL": f"https://bot:{password}@api.internal/v1",
        "SECRET_KEYS": new_key(),
        "AUDIT_KEYS": new_key(),
    }
    said = json.dumps(set_up_with(load(given), *RINGS))
    assert not any(part in said for part in ("secret", "sec#", "se?", "pa/ss", "a[b", "p%40s", "bot:"))

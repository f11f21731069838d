"""A new key in front of the old one: the trail goes on and holds, as long as the ring has every key that signed it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from bot.db.chain import AuditKeys, key_id_of
from bot.db.engine import Database
from bot.domain.ports import SystemClock
from tests.factories import make_entry
from tests.integration.test_process import run

OLD, NEW = b"o" * 32, b"n" * 32
BEFORE, AFTER = 5, 4

SAID: dict[str, tuple[list[bytes], int, str]] = {
    "both": ([NEW, OLD], 0, "The trail holds: {rows} rows verified"),
    "both, the old one in front": ([OLD, NEW], 0, "The trail holds: {rows} rows verified"),
    "only the new one": (
        [NEW],
        1,
        f"The trail does not hold. First bad row: 1, wrong key: it is signed with {key_id_of(OLD)}, "
        "which is not in AUDIT_KEYS.",
    ),
    "only the old one": (
        [OLD],
        1,
        f"The trail does not hold. First bad row: {BEFORE + 1}, wrong key: it is signed with {key_id_of(NEW)}, "
        "which is not in AUDIT_KEYS.",
    ),
    "none": ([], 2, "AUDIT_KEYS is missing"),
}
"""By the keys that are set: the code, and what is said."""


def environment(url: str, ring: list[bytes]) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "AUDIT_KEYS": ",".join(base64.urlsafe_b64encode(key).decode() for key in ring),
        "ENV_FILE": "",
        "LOG_LEVEL": "ERROR",
    }


async def append(url: str, ring: list[bytes], rows: int) -> None:
    database = Database.open(url, clock=SystemClock(), audit_keys=AuditKeys(ring))
    await database.write(lambda unit: [unit.audit.append(make_entry()) for _ in range(rows)])
    await database.close()


@pytest.fixture
async def rotated_url(database_url: str) -> str:
    """Rows under the old key, then rows under the new one."""
    await append(database_url, [OLD], BEFORE)
    await append(database_url, [NEW, OLD], AFTER)
    return database_url


async def test_a_trail_over_a_rotation_holds_with_all_of_its_keys(rotated_url: str) -> None:
    for name, (ring, expected, words) in SAID.items():
        code, said = await run("audit", "verify", environ=environment(rotated_url, ring))
        assert (code, words.format(rows=BEFORE + AFTER) in said) == (expected, True), (name, said)


@pytest.mark.parametrize("database_source", ["sqlite"], indirect=True)
async def test_an_export_over_a_rotation_holds_with_all_of_its_keys(rotated_url: str, tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    code, said = await run("audit", "export", "--output", str(path), environ=environment(rotated_url, [NEW, OLD]))
    assert code == 0, said
    for name, (ring, expected, words) in SAID.items():
        code, said = await run("audit", "verify", "--file", str(path), environ=environment(rotated_url, ring))
        assert (code, words.format(rows=BEFORE + AFTER) in said) == (expected, True), (name, said)


@pytest.mark.parametrize("database_source", ["sqlite"], indirect=True)
async def test_a_trail_that_cannot_be_verified_for_want_of_a_key_is_not_cut(rotated_url: str, tmp_path: Path) -> None:
    asked = ("audit", "truncate", "--before", "3", "--export", str(tmp_path / "old"))
    code, said = await run(*asked, environ=environment(rotated_url, [NEW]))
    assert (code, "Row 1 of the trail cannot be verified: wrong key" in said) == (2, True), said
    assert not (tmp_path / "old").exists()

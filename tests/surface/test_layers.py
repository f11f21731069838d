"""Imports point one way, and each library has one home."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = 9
LAYERS = {
    "bot.domain": 0,
    "bot.cloudsync": 1,
    "bot.db": 1,
    "bot.services": 2,
    "bot.commands": 3,
    "bot.slack": 4,
    "bot.config_values": 1,
    "bot.config": 1,
    "bot.keys": 2,
    "bot.log": 1,
    "bot.bootstrap": 5,
    "bot.standalone": 5,
    "bot.exporting": 6,
    "bot.retention": 6,
    "bot.serving": 6,
    "bot.doctor": 6,
    "bot.verification": 6,
    "bot.cli": 7,
}
HOMES = {
    "httpx": ("bot.cloudsync.client",),
    "sqlalchemy": ("bot.db", "migrations"),
    "alembic": ("bot.db.migrate", "migrations"),
    "slack_bolt": ("bot.slack", "bot.bootstrap"),
    "slack_sdk": ("bot.slack", "bot.bootstrap"),
    "aiohttp": ("bot.slack",),
    "uvicorn": ("bot.serving",),
    "cryptography": ("bot.services.secrets",),
    "dotenv": ("bot.config", "bot.keys"),
}
MODULES = sorted(path for path in ROOT.glob("bot/**/*.py") if "sandbox" not in path.parts)
SANDBOX = sorted(ROOT.glob("bot/sandbox/**/*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(name: str) -> int | None:
    fitting = [layer for prefix, layer in LAYERS.items() if name == prefix or name.startswith(f"{prefix}.")]
    return fitting[0] if fitting else None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_its_own_layer_and_those_below(path: Path) -> None:
    name = name_of(path)
    if name == "bot":
        assert path.read_text() == "", "bot/__init__.py is empty"
        return
    own = layer_of(name)
    assert own is not None, f"{name} belongs to no layer"
    for imported in imports_of(path):
        if not imported.startswith("bot."):
            continue
        other = layer_of(imported)
        assert other is not None, f"{name} imports {imported}, which belongs to no layer"
        same = imported.startswith(".".join(name.split(".")[:2]))
        assert other < own or same, f"{name} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_library_is_used_only_where_it_is_at_home(path: Path) -> None:
    name = name_of(path)
    for imported in imports_of(path):
        homes = HOMES.get(imported.split(".")[0])
        if homes is not None:
            assert name.startswith(homes), f"{name} imports {imported}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("bot/domain/*.py")), ids=name_of)
def test_the_domain_uses_the_standard_library_alone(path: Path) -> None:
    for imported in imports_of(path):
        root = imported.split(".")[0]
        assert root in sys.stdlib_module_names or imported.startswith("bot.domain"), imported


@pytest.mark.parametrize("path", SANDBOX, ids=name_of)
def test_the_sandbox_knows_nothing_of_the_bot(path: Path) -> None:
    for imported in imports_of(path):
        assert not imported.startswith("bot.") or imported.startswith("bot.sandbox"), imported


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_bot_knows_nothing_of_the_sandbox(path: Path) -> None:
    assert not any(imported.startswith("bot.sandbox") for imported in imports_of(path))


def test_slack_never_imports_an_area() -> None:
    for path in ROOT.glob("bot/slack/*.py"):
        assert not any(imported.startswith("bot.commands") for imported in imports_of(path)), path


def test_an_area_never_imports_slack_and_holds_no_sql() -> None:
    for path in ROOT.glob("bot/commands/**/*.py"):
        assert not any(imported.startswith(("bot.slack", "bot.db.tables")) for imported in imports_of(path)), path

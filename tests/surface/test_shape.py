"""Functions that fit in the eye, modules that fit in the head, and checks that are clean."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.commands.failures import told_kinds
from bot.domain.errors import BotError

ROOT = Path(__file__).parents[2]
SOURCES = sorted(ROOT.glob("bot/**/*.py"))
TESTS = sorted(ROOT.glob("tests/**/*.py"))
EDGES = {
    "bot/commands/dispatch.py": "every delivery gets an answer, and a form loses nothing",
    "bot/db/batch.py": "a unit's failure belongs to its caller, the others go on",
    "bot/db/writer.py": "every caller of a batch must hear of its failure",
    "bot/serving.py": "housekeeping goes on whatever one round meets",
    "bot/services/background.py": "a loop goes on whatever one pass meets",
    "bot/services/outbox.py": "a message that a defect keeps back is put off and given up like any other",
    "bot/slack/socket.py": "the watch goes on whatever one look meets",
    "bot/services/audit.py": "whatever keeps a row from being written turns changes off",
}
"""The only places with a broad `except`, and why."""


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_modules_fit_in_the_head() -> None:
    long = {str(path.relative_to(ROOT)): n for path in SOURCES if (n := len(path.read_text().splitlines())) > 300}
    assert long == {}


def test_test_modules_fit_in_the_head_too() -> None:
    long = {str(path.relative_to(ROOT)): n for path in TESTS if (n := len(path.read_text().splitlines())) > 400}
    assert long == {}


def test_functions_fit_in_the_eye() -> None:
    lengths = {f"{path.relative_to(ROOT)}:{one.name}": length(one) for path in SOURCES for one in functions(path)}
    assert {name: n for name, n in lengths.items() if n > 50 and not name.endswith(":commands")} == {}
    assert statistics.median(lengths.values()) <= 10


def test_a_broad_except_stands_only_at_the_outer_edge() -> None:
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                name = getattr(node.type, "id", None)
                if node.type is None or name in ("Exception", "BaseException"):
                    found.add(str(path.relative_to(ROOT)))
    assert {name for name in found if not name.startswith("bot/sandbox")} <= set(EDGES)


def test_every_error_has_a_sentence_of_its_own() -> None:
    def leaves(kind: type[BotError]) -> Iterator[type[BotError]]:
        below = kind.__subclasses__()
        if not below:
            yield kind
        for one in below:
            yield from leaves(one)

    ours = {kind for kind in leaves(BotError) if kind.__module__.startswith("bot.")}
    assert ours - set(told_kinds()) == set()


def test_nothing_is_left_unfinished() -> None:
    marks = ("TODO", "FIXME", "XXX", "NotImplementedError")
    for path in SOURCES:
        assert not any(mark in path.read_text() for mark in marks), path


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_ruff_is_clean() -> None:
    found = run("ruff", "check", ".")
    assert found.returncode == 0, found.stdout
    formatted = run("ruff", "format", "--check", ".")
    assert formatted.returncode == 0, formatted.stdout


def test_types_are_strict_and_clean() -> None:
    found = run("mypy")
    assert found.returncode == 0, found.stdout

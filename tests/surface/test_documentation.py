"""The documentation says what the code does."""

from __future__ import annotations

from tests.surface.generated import EXAMPLE, README, ROOT, example_file, filled


def test_the_readme_holds_the_commands_states_and_settings_of_the_code() -> None:
    assert README.read_text() == filled(README.read_text()), "run python -m tests.surface.regenerate"


def test_the_example_file_names_every_setting() -> None:
    assert EXAMPLE.read_text() == example_file(), "run python -m tests.surface.regenerate"


def test_ci_runs_the_readmes_test_command() -> None:
    command = next(line for line in README.read_text().splitlines() if line.endswith(".venv/bin/pytest"))
    assert command in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_top_level_is_the_agreed_one() -> None:
    agreed = {
        *("app.py", "bot", "migrations", "tests", "requirements.txt", "Procfile", "README.md"),
        *("pyproject.toml", "LICENSE", "CHANGELOG.md"),
    }
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.name != "__pycache__"}
    assert found <= agreed

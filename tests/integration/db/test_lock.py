"""SQLite serves one process: a second one is refused, and a lock ends with its holder, however that ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.db.lock import ProcessLock
from bot.domain.errors import ConfigurationError

HOLDER = """
import sys, time
from pathlib import Path
from bot.db.lock import ProcessLock

lock = ProcessLock(Path(sys.argv[1]))
lock.take()
print("taken", flush=True)
time.sleep(60)
"""


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    """Beside the database."""
    return tmp_path / "bot.db.lock"


@pytest.fixture
def holder(lock_file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that serves this file."""
    arguments = [sys.executable, "-c", HOLDER, str(lock_file)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_and_told_what_to_do(lock_file: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(ConfigurationError, match="Another process serves this SQLite file"):
        ProcessLock(lock_file).take()


def test_a_process_that_was_killed_holds_nothing(lock_file: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    lock = ProcessLock(lock_file)
    lock.take()
    lock.release()


def test_what_was_let_go_can_be_taken_again(lock_file: Path) -> None:
    first, second = ProcessLock(lock_file), ProcessLock(lock_file)
    first.take()
    with pytest.raises(ConfigurationError):
        second.take()
    first.release()
    second.take()
    second.release()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        ProcessLock(tmp_path / "nowhere" / "bot.db.lock").take()

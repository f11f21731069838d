"""One process a SQLite file: an operating-system lock that ends with the process, however it ends."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from bot.domain.errors import ConfigurationError


class ProcessLock:
    """Held while serving. Reading beside it (`audit verify`, `doctor`) needs no lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take it, or raise `ConfigurationError`: a second process would break the chain."""
        try:
            self._file = self._path.open("a")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                ["Another process serves this SQLite file. Stop it first, or use PostgreSQL for several processes."]
            ) from None
        except OSError as error:
            raise ConfigurationError([f"The SQLite file's folder cannot be written ({error.strerror})."]) from None

    def release(self) -> None:
        """Let it go."""
        if self._file is not None:
            self._file.close()
            self._file = None

"""Files that are either whole or not there: written beside their name, on the disk, then renamed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.domain.errors import InvalidInput, Unavailable

CHUNK = 1 << 20


@contextmanager
def writing_files() -> Iterator[None]:
    """A file that cannot be read or written is told in a sentence."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"The file cannot be written ({error.strerror}).", retryable=False) from None


@contextmanager
def draft_beside(target: Path) -> Iterator[Path]:
    """A file of the same folder, for its owner alone; it is gone at the end unless it was given its name."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def publish(draft: Path, target: Path) -> None:
    """Give it its name, for good."""
    draft.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def publish_once(draft: Path, target: Path, sha256: str) -> None:
    """Give it its name unless that is taken: by the very same content is fine, by any other is an `InvalidInput`."""
    if not target.exists():
        publish(draft, target)
    elif sha256_of(target) != sha256:
        raise InvalidInput(f"{target.name} is there already and holds something else. Give another name.")


def sha256_of(path: Path) -> str:
    """The hash of a file's content, in constant memory."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

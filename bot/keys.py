"""Key rings: from the settings, or for a new SQLite database made once into a private file beside it."""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from bot.config import Settings, load_for_keeping
from bot.config_values import KEY_BYTES
from bot.domain.errors import ConfigurationError

KEEP_IT = "# Keep this file: without it, sealed secrets and the trail's signatures are lost."


@dataclass(frozen=True, kw_only=True)
class KeyRings:
    """What seals secrets and what signs the trail, newest first."""

    secret_keys: tuple[bytes, ...] = field(repr=False)
    audit_keys: tuple[bytes, ...] = field(repr=False)


def key_rings(settings: Settings, *, database_has_rows: bool) -> KeyRings:
    """The rings. `ConfigurationError` where they are missing for a database that has rows, or for PostgreSQL."""
    if settings.secret_keys and settings.audit_keys:
        return KeyRings(secret_keys=settings.secret_keys, audit_keys=settings.audit_keys)
    path = key_file(settings)
    if path is not None and path.exists():
        return _read(path)
    missing = [
        name for name, ring in (("SECRET_KEYS", settings.secret_keys), ("AUDIT_KEYS", settings.audit_keys)) if not ring
    ]
    if path is None or database_has_rows or len(missing) < 2:
        reason = "the database has rows that were made with them" if database_has_rows else "nothing makes them here"
        raise ConfigurationError([f"{name} is missing, and {reason}." for name in missing])
    return _make(path)


def keys_to_look_with(settings: Settings, *, database_has_rows: bool) -> KeyRings:
    """The rings that a start would take; where it would make them, others that nobody keeps: looking leaves no file."""
    path = key_file(settings)
    given = settings.secret_keys or settings.audit_keys
    if path is None or path.exists() or database_has_rows or given:
        return key_rings(settings, database_has_rows=database_has_rows)
    if not os.access(path.parent, os.W_OK):
        raise ConfigurationError(["The folder of the SQLite file in DATABASE_URL is not there, or cannot be written."])
    secret, audit = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES)
    return KeyRings(secret_keys=(secret,), audit_keys=(audit,))


def signing_keys(settings: Settings, *, database_has_rows: bool) -> tuple[bytes, ...]:
    """The ring that signs the trail, the very one that a serving bot would take; no other ring is asked for."""
    path = key_file(settings)
    if settings.audit_keys and (settings.secret_keys or path is None or not path.exists()):
        return settings.audit_keys
    try:
        return key_rings(settings, database_has_rows=database_has_rows).audit_keys
    except ConfigurationError as error:
        ours = [one for one in error.problems if not one.startswith("SECRET_KEYS")]
        raise ConfigurationError(ours or error.problems) from None


def key_file(settings: Settings) -> Path | None:
    """Beside the SQLite file; None elsewhere."""
    path = settings.sqlite_path
    return path.with_name(path.name + ".keys") if path is not None else None


def new_key() -> str:
    """A fresh key as the settings take it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("=")


def _make(path: Path) -> KeyRings:
    """Write the file for its owner alone, before anything is sealed or signed with it."""
    lines = f"{KEEP_IT}\nSECRET_KEYS={new_key()}\nAUDIT_KEYS={new_key()}\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigurationError([f"The key file beside the database cannot be written ({error.strerror})."]) from None
    return _read(path)


def _read(path: Path) -> KeyRings:
    given = {name: value or "" for name, value in dotenv_values(path).items()}
    read = load_for_keeping({**given, "ENV_FILE": ""})
    if not read.secret_keys or not read.audit_keys:
        raise ConfigurationError(["The key file beside the database does not hold both rings."])
    return KeyRings(secret_keys=read.secret_keys, audit_keys=read.audit_keys)

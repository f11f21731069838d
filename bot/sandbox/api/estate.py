"""What the stand-in Management API holds: one estate a key."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_id(prefix: str) -> str:
    """`db_` and 24 letters, as the documentation shows."""
    return f"{prefix}_" + "".join(secrets.choice(_LETTERS) for _ in range(24))


@dataclass(kw_only=True)
class Failure:
    """Why a connection check fails."""

    code: str
    message: str
    retryable: bool


@dataclass(kw_only=True)
class Device:
    """A registered device."""

    site_id: str
    last_sync_at: datetime | None = None


@dataclass(kw_only=True)
class Database:
    """A managed database. The connection string and the secrets are never returned."""

    id: str
    label: str
    provider: str
    flavor: str
    database_name: str
    connection_string: str = field(repr=False)
    created_at: datetime
    updated_at: datetime
    schema_name: str | None = None
    project_id: str | None = None
    jwt_allowed_issuers: list[str] = field(default_factory=list)
    jwt_expected_audiences: list[str] = field(default_factory=list)
    jwks_uri: str | None = None
    jwt_secret: str = field(default="", repr=False)
    tables: dict[str, bool] = field(default_factory=dict)
    expo_token: str | None = field(default=None, repr=False)
    expo_token_updated_at: datetime | None = None
    pause_reason: str | None = None
    devices: list[Device] = field(default_factory=list)
    failure: Failure | None = None
    deletion_warnings: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Organisation:
    """Who the key belongs to."""

    id: str
    slug: str
    name: str
    status: str = "active"


@dataclass(kw_only=True)
class Estate:
    """One organisation and its databases, by id."""

    organisation: Organisation
    databases: dict[str, Database] = field(default_factory=dict)
    tenants: dict[str, list[str]] = field(default_factory=dict)
    """The tables of databases that were deleted, by database name: only their record here goes."""
    verification_seconds: float = 0.0
    """How long a registration takes to verify its connection."""

    def add(self, database: Database) -> Database:
        """Put a database in."""
        self.databases[database.id] = database
        return database

    def labelled(self, label: str) -> Database:
        """The database of this label; `KeyError` where there is none."""
        for database in self.databases.values():
            if database.label == label:
                return database
        raise KeyError(label)

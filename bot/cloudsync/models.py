"""The Management API's things, typed. Missing fields are None; unknown ones are not kept, for they may be secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Generic, TypeVar

from bot.cloudsync.errors import ApiFault

T = TypeVar("T")


class Unset(Enum):
    """Marks a field that is not sent: absent and empty differ."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """`GET /v1/orgs`."""

    id: str | None = None
    slug: str | None = None
    name: str | None = None
    status: str | None = None


def kind_of(provider: str | None, flavor: str | None) -> str:
    """Provider and flavor for people, once where they are the same; empty where neither is known."""
    return " / ".join(dict.fromkeys(part for part in (provider, flavor) if part))


@dataclass(frozen=True, kw_only=True)
class Database:
    """A managed database as the read endpoints return it. Never a connection string, only where it points."""

    id: str | None = None
    label: str | None = None
    provider: str | None = None
    flavor: str | None = None
    database_name: str | None = None
    schema_name: str | None = None
    project_id: str | None = None
    host: str | None = None
    port: int | None = None
    jwt_allowed_issuers: tuple[str, ...] | None = None
    jwt_expected_audiences: tuple[str, ...] | None = None
    jwks_uri: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def kind(self) -> str:
        """Provider and flavor for people."""
        return kind_of(self.provider, self.flavor)


@dataclass(frozen=True, kw_only=True)
class ConnectionFailure:
    """Why a live check failed."""

    code: str = ""
    message: str = ""
    retryable: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ConnectionCheck:
    """`GET …/connection`: a failure is an answer, not an HTTP error."""

    ok: bool
    checked_at: datetime | None = None
    failure: ConnectionFailure | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A tenant table and whether CloudSync is enabled for it."""

    name: str
    enabled: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ExpoToken:
    """Metadata about the Expo access token; never the token."""

    present: bool
    updated_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class NotificationStatus:
    """`enabled`, `disabled` or `paused`, with the reason for a pause."""

    status: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Device:
    """A registered device."""

    site_id: str
    last_sync_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list. `total` and `more` are None where the API does not tell."""

    items: tuple[T, ...]
    page: int = 1
    page_size: int = 50
    total: int | None = None
    more: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What `POST /v1/databases` takes. `workspaceId` is never sent: the key decides the workspace."""

    label: str
    provider: str
    flavor: str
    database_name: str
    connection_string: str = field(repr=False)
    schema_name: str | None = None
    jwt_allowed_issuers: tuple[str, ...] | None = None
    jwt_expected_audiences: tuple[str, ...] | None = None
    jwks_uri: str | None = None
    jwt_secret: str | None = field(default=None, repr=False)
    project_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class DatabaseChanges:
    """What `PATCH /v1/databases/:id` takes: only what is set is sent; an empty `jwt_secret` clears it."""

    label: str | Unset = UNSET
    connection_string: str | Unset = field(default=UNSET, repr=False)
    jwt_allowed_issuers: tuple[str, ...] | Unset = UNSET
    jwt_expected_audiences: tuple[str, ...] | Unset = UNSET
    jwks_uri: str | Unset = UNSET
    jwt_secret: str | Unset = field(default=UNSET, repr=False)


class SendClass(StrEnum):
    """How a call that changes something ended (the table of the design's §5)."""

    NOT_SENT = "not_sent"
    SUCCEEDED = "succeeded"
    ALREADY_ABSENT = "already_absent"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class SendOutcome:
    """The end of one call, with what the API said. Never raised."""

    send_class: SendClass
    reason: str
    status: int | None = None
    faults: tuple[ApiFault, ...] = ()
    warnings: tuple[str, ...] = ()
    created_id: str | None = None
    duration_ms: int = 0

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes of the answer."""
        return tuple(fault.code for fault in self.faults if fault.code)

"""The audit trail's vocabulary and its record. The chain itself is computed in `bot.db.chain`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class AuditKind(StrEnum):
    """What sort of row it is."""

    READ = "read"
    MISTYPE = "mistype"
    REFUSAL = "refusal"
    REQUEST = "request"
    DECISION = "decision"
    INTENT = "intent"
    OUTCOME = "outcome"
    EXPIRY = "expiry"
    RECONCILE = "reconcile"
    ABANDONED = "abandoned"
    ACCESS = "access"
    """A role, grant or binding changed."""
    ANSWER = "answer"
    """help, whoami, explain and other free answers."""
    FORM = "form"
    """A form was shown or closed; what comes of it is in later rows."""
    SYSTEM = "system"
    """Start, stop, configuration, organisation pin."""
    EXPORT = "export"
    ANCHOR = "anchor"
    TOMBSTONE = "tombstone"
    CHECKPOINT = "checkpoint"


QUIET_KINDS = frozenset({AuditKind.READ, AuditKind.MISTYPE, AuditKind.ANSWER, AuditKind.ANCHOR, AuditKind.FORM})
"""Left out of `audit list` unless `--all` is given."""


class AuditOutcome(StrEnum):
    """How it ended; the same words everywhere."""

    SUCCEEDED = "succeeded"
    DENIED = "denied"
    INVALID = "invalid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STALE = "stale"
    ALREADY_ABSENT = "already_absent"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    ABANDONED = "abandoned"
    PENDING = "pending"
    """Only of requests and intents: the end is in a later row of the story."""


class AuditAction(StrEnum):
    """area.verb: what was done or tried."""

    HELP = "help.show"
    WHOAMI = "help.whoami"
    EXPLAIN = "help.explain"
    UNKNOWN_COMMAND = "help.unknown"
    ORG_SHOW = "org.show"
    DATABASES_LIST = "databases.list"
    DATABASES_SHOW = "databases.show"
    DATABASES_CHECK = "databases.check"
    DATABASES_REGISTER = "databases.register"
    DATABASES_UPDATE = "databases.update"
    DATABASES_DELETE = "databases.delete"
    TABLES_LIST = "tables.list"
    TABLES_ENABLE = "tables.enable"
    TABLES_DISABLE = "tables.disable"
    NOTIFICATIONS_STATUS = "notifications.status"
    TOKEN_SHOW = "notifications.token_show"  # noqa: S105
    TOKEN_SET = "notifications.token_set"  # noqa: S105
    TOKEN_DELETE = "notifications.token_delete"  # noqa: S105
    DEVICES_LIST = "devices.list"
    DEVICES_REMOVE = "devices.remove"
    APPROVALS_LIST = "approvals.list"
    APPROVALS_SHOW = "approvals.show"
    APPROVALS_CANCEL = "approvals.cancel"
    APPROVALS_DECIDE = "approvals.decide"
    APPROVALS_REHEARSE = "approvals.rehearse"
    AUDIT_LIST = "audit.list"
    AUDIT_SHOW = "audit.show"
    AUDIT_SEARCH = "audit.search"
    AUDIT_SUMMARY = "audit.summary"
    AUDIT_EXPORT = "audit.export"
    AUDIT_ERASE = "audit.erase"
    AUDIT_TRUNCATE = "audit.truncate"
    AUDIT_ANCHOR = "audit.anchor"
    ROLES_LIST = "roles.list"
    ROLES_BIND = "roles.bind"
    ROLES_UNBIND = "roles.unbind"
    ROLES_GRANT = "roles.grant"
    ROLES_REVOKE = "roles.revoke"
    SETUP = "setup.walk"
    HOME_SHOW = "home.show"
    SYSTEM_START = "system.start"
    SYSTEM_STOP = "system.stop"
    SYSTEM_CONFIGURATION = "system.configuration"
    SYSTEM_TRAIL = "system.trail"
    SYSTEM_ORGANISATION = "system.organisation"


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """A row to be written. `seq`, time and chain are given by the writer under the head's lock."""

    kind: AuditKind
    story: str
    action: AuditAction
    outcome: AuditOutcome
    actor: str = ""
    channel: str = ""
    environment: str = ""
    target: str = ""
    target_label: str = ""
    request_id: str | None = None
    delivery: str | None = None
    code: str | None = None
    http_status: int | None = None
    duration_ms: int | None = None
    payload: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AuditRecord(AuditEntry):
    """A row as it stands in the trail."""

    seq: int
    occurred_at: datetime
    salt: str | None
    leaf: str
    prev_hash: str
    hash: str
    mac: str
    key_id: str
    erased: bool = False


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """What `audit list` was asked for. Times are bounds on `occurred_at`; `before_seq`/`after_seq` page."""

    actor: str | None = None
    action: AuditAction | None = None
    area: str | None = None
    verb: str | None = None
    """The word after the area, as in `delete`: in every area that has it."""
    target: str | None = None
    outcome: AuditOutcome | None = None
    outcomes: tuple[AuditOutcome, ...] = ()
    """Any of these, where no single one is named."""
    channel: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    quiet: bool = False
    """Include reads, mistypes and free answers."""
    story: str | None = None
    request_id: str | None = None
    before_seq: int | None = None
    after_seq: int | None = None
    limit: int = 10


@dataclass(frozen=True, kw_only=True)
class AuditPage:
    """Newest first. `scanned_to` is set when a bounded search stopped early."""

    records: tuple[AuditRecord, ...]
    has_newer: bool
    has_older: bool
    scanned_to: int | None = None


@dataclass(frozen=True, kw_only=True)
class AuditStory:
    """A page of one story, and what tells of the whole, each oldest first."""

    story: str
    rows: int
    """All that it has."""
    first_seq: int
    last_seq: int
    page: int
    pages: int
    shown: tuple[AuditRecord, ...]
    telling: tuple[AuditRecord, ...]
    """The oldest and the newest rows, and those that say how a request stands."""


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A row of the trail that was named outside the database: its hash stands in a Slack message."""

    seq: int
    hash: str
    channel_id: str
    thread_ts: str
    ts: str
    posted_at: datetime | None
    """None: what stands there is no time, so it was put there past the program."""

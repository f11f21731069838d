"""One unit of work: a connection inside a transaction, the time, and the repositories. They hold the only SQL."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection

from bot.db.anchors import Anchors
from bot.db.audit import AuditTrail
from bot.db.audit_head import Head
from bot.db.audit_retention import Retention
from bot.db.audit_rows import UnwrittenRows
from bot.db.chain import AuditKeys
from bot.db.due import Due, due_at
from bot.db.forms import Forms
from bot.db.inbox import Inbox
from bot.db.outbox import Outbox
from bot.db.requests import Requests
from bot.db.roles import Roles
from bot.db.settings import SettingsStore
from bot.db.time import seconds_ahead
from bot.domain.ports import Clock


class Unit:
    """Handed to a work function and valid only inside it."""

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Clock,
        audit_keys: AuditKeys,
        head: Head | None = None,
        unwritten: UnwrittenRows | None = None,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._keys = audit_keys
        self._first_head = head
        self._unwritten = unwritten if unwritten is not None else UnwrittenRows()

    @cached_property
    def now(self) -> datetime:
        """The time of this unit, taken once inside it."""
        return self._clock.now()

    def seconds_ahead(self) -> float:
        """How far this process's clock is ahead of the database's."""
        return seconds_ahead(self._connection, self._clock)

    def due(self) -> Due:
        """What there is to do now."""
        return due_at(self._connection, self.now)

    @property
    def head(self) -> Head | None:
        """The chain's head as this unit leaves it; None where the head is not locked."""
        return self.audit.head_state if "audit" in self.__dict__ else self._first_head

    @property
    def appended(self) -> bool:
        """Whether this unit added a row to the chain."""
        return self.head is not self._first_head

    @cached_property
    def audit(self) -> AuditTrail:
        """The trail."""
        return AuditTrail(
            self._connection,
            keys=self._keys,
            head=self._first_head,
            clock=self._clock,
            unwritten=self._unwritten,
        )

    @cached_property
    def retention(self) -> Retention:
        """What is taken out of the trail, and how that is said in it."""
        return Retention(self.audit, self.now)

    @cached_property
    def anchors(self) -> Anchors:
        """Which rows of the trail were named outside the database."""
        return Anchors(self._connection)

    @cached_property
    def requests(self) -> Requests:
        """Requests and votes."""
        return Requests(self._connection, self._clock)

    @cached_property
    def roles(self) -> Roles:
        """Channel bindings and grants."""
        return Roles(self._connection)

    @cached_property
    def inbox(self) -> Inbox:
        """Deliveries from Slack."""
        return Inbox(self._connection)

    @cached_property
    def outbox(self) -> Outbox:
        """Messages owed to Slack."""
        return Outbox(self._connection)

    @cached_property
    def forms(self) -> Forms:
        """Open forms."""
        return Forms(self._connection)

    @cached_property
    def settings(self) -> SettingsStore:
        """Pins and marks that are kept by name."""
        return SettingsStore(self._connection)

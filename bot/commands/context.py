"""What a handler gets: who asks, where, and the services it may use. No blocks, no SQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.cloudsync.client import CloudSyncClient
from bot.cloudsync.models import Database
from bot.domain.access import Standing
from bot.domain.errors import Denied
from bot.domain.invocation import FormValue, Invocation
from bot.domain.ports import Directory
from bot.domain.replies import Reply
from bot.domain.requests import OperationKind
from bot.services.access import Access
from bot.services.approvals import Approvals
from bot.services.audit import Trail
from bot.services.exports import Exports
from bot.services.first_run import FirstRun
from bot.services.operations.operation import OperationHandler
from bot.services.secrets import Vault

if TYPE_CHECKING:
    from bot.commands.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a handler may ask, put together once by bootstrap."""

    access: Access
    approvals: Approvals
    trail: Trail
    exports: Exports
    first_run: FirstRun
    directory: Directory
    vault: Vault
    operations: Mapping[OperationKind, OperationHandler]
    environment_names: tuple[str, ...]
    slash: str
    """The slash command's own name, with its slash."""


Say = Callable[[Reply], Awaitable[bool]]
"""Tells the person something before the answer. False where no way led to them."""


async def _unsaid(reply: Reply) -> bool:
    """Where only the answer can be told."""
    del reply
    return False


@dataclass(frozen=True, kw_only=True)
class Context:
    """One command's surroundings."""

    invocation: Invocation
    standing: Standing
    services: Services
    registry: Registry
    now: datetime
    client: CloudSyncClient | None = None
    """The environment's client; None where no environment is bound."""
    target: Database | None = None
    """The resolved database, for commands with a DATABASE parameter."""

    shown: Mapping[str, FormValue] = field(default_factory=dict)
    """What the submitted form's fields held when it was opened; empty for what is typed."""

    say: Say = _unsaid
    """For what takes long, a few times at the most: Slack takes five answers to one command."""

    @property
    def api(self) -> CloudSyncClient:
        """The environment's client; `Denied` where the conversation has none."""
        if self.client is None:
            raise Denied("This conversation is not bound to an environment.", remedy="Bind it with `roles bind`.")
        return self.client

    @property
    def database(self) -> Database:
        """The resolved database of a command that has one."""
        if self.target is None:
            raise LookupError("this command has no database parameter")
        return self.target

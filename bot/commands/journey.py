"""What is known about one delivery while it goes through the pipeline, so that every end of it can be audited."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.cloudsync.errors import CloudSyncError
from bot.cloudsync.models import Database
from bot.commands.command import Command
from bot.domain.access import OperationClass, Standing
from bot.domain.audit import AuditAction, AuditEntry, AuditKind, AuditOutcome, JsonValue
from bot.domain.errors import BotError, Conflict, Denied, InvalidInput, SecretInText
from bot.domain.invocation import Invocation
from bot.domain.requests import Request
from bot.domain.secrecy import redact
from bot.services.lifecycle import Act

STEP_KEPT = 40
TEXT_KEPT = 500
"""Characters of what was typed that the trail keeps."""


@dataclass(kw_only=True)
class Journey:
    """Filled in as the pipeline goes; private to one delivery."""

    invocation: Invocation
    reference: str
    command: Command | None = None
    standing: Standing | None = None
    environment: str = ""
    target: Database | None = None
    request: Request | None = None
    notes: dict[str, JsonValue] = field(default_factory=dict)
    duration_ms: int | None = None
    untold: bool = False
    """Its row could not be written: the delivery is left to be found, and written down, later."""
    in_view: bool = False
    """The answer takes a form's place: its buttons come back without a channel."""

    @property
    def act(self) -> Act:
        """Who does this, for the request machinery."""
        name = self.standing.person.name if self.standing else self.invocation.person_name
        return Act(
            person_id=self.invocation.person_id,
            person_name=name,
            delivery=self.invocation.delivery,
            surface=self.invocation.surface.value,
        )

    def succeeded(self, code: str = "") -> AuditEntry:
        """The row of an answer; `code` where it tells of a failure."""
        is_read = self.command is not None and self.command.operation_class is OperationClass.READ
        return self._entry(AuditKind.READ if is_read else AuditKind.ANSWER, AuditOutcome.SUCCEEDED, code=code or None)

    def form_opened(self) -> AuditEntry:
        """The row of a form that was shown: nothing is decided yet."""
        return self._entry(AuditKind.FORM, AuditOutcome.PENDING)

    def form_closed(self) -> AuditEntry:
        """The row of a form that somebody closed without sending it."""
        return self._entry(AuditKind.FORM, AuditOutcome.CANCELLED)

    def failed(self, error: BaseException) -> AuditEntry:
        """The row of whatever went wrong."""
        kind, outcome = self._verdict(error)
        payload: dict[str, JsonValue] = {"problem": redact(str(error)) if isinstance(error, BotError) else "internal"}
        if isinstance(error, SecretInText):
            payload |= {"fingerprint": error.fingerprint, "text": error.kept[:TEXT_KEPT]}
        return self._entry(
            kind,
            outcome,
            code=error.code if isinstance(error, CloudSyncError) else None,
            http_status=error.status if isinstance(error, CloudSyncError) else None,
            payload=payload,
        )

    def _verdict(self, error: BaseException) -> tuple[AuditKind, AuditOutcome]:
        if isinstance(error, InvalidInput):
            return AuditKind.MISTYPE, AuditOutcome.INVALID
        if isinstance(error, Denied):
            return AuditKind.REFUSAL, AuditOutcome.DENIED
        if isinstance(error, Conflict):
            return AuditKind.REFUSAL, AuditOutcome.INVALID
        is_read = self.command is not None and self.command.operation_class is OperationClass.READ
        return AuditKind.READ if is_read else AuditKind.REFUSAL, AuditOutcome.FAILED

    def _entry(
        self,
        kind: AuditKind,
        outcome: AuditOutcome,
        *,
        code: str | None = None,
        http_status: int | None = None,
        payload: dict[str, JsonValue] | None = None,
    ) -> AuditEntry:
        invocation, request = self.invocation, self.request
        return AuditEntry(
            kind=kind,
            story=request.story if request else invocation.story,
            action=self._action(),
            outcome=outcome,
            actor=invocation.person_id,
            channel=invocation.channel_id,
            environment=self.environment or (request.operation.environment if request else ""),
            target=self._target_id(),
            target_label=self._target_label(),
            request_id=request.id if request else None,
            delivery=invocation.delivery,
            code=code,
            http_status=http_status,
            duration_ms=self.duration_ms,
            payload={
                "text": redact(invocation.text)[:TEXT_KEPT],
                "surface": invocation.surface.value,
                "person": self.act.person_name,
                "channel": invocation.channel_name,
                "reference": self.reference,
                **({"step": redact(invocation.request_step)[:STEP_KEPT]} if invocation.request_step else {}),
                **self.notes,
                **(payload or {}),
            },
        )

    def _action(self) -> AuditAction:
        if self.command is not None:
            return self.command.action
        if self.request is not None:
            return self.request.action
        if self.invocation.request_id is not None:
            return AuditAction.APPROVALS_DECIDE
        return AuditAction.UNKNOWN_COMMAND

    def _target_id(self) -> str:
        if self.target is not None:
            return self.target.id or ""
        return self.request.target.id if self.request else ""

    def _target_label(self) -> str:
        if self.target is not None:
            return self.target.label or ""
        return self.request.target.label if self.request else ""

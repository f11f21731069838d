"""What a success entails: a database that is registered again gets the tables enabled that it had."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.db.unit import Unit
from bot.domain.access import Gate, OperationClass
from bot.domain.audit import AuditAction, AuditKind, JsonValue
from bot.domain.errors import Conflict
from bot.domain.ids import new_request_id
from bot.domain.requests import Observation, Operation, OperationKind, Request, RequestState, Target
from bot.services.lifecycle import PROGRAM, entry_for, readings_row
from bot.services.operations.observing import names_in_words

THEN_ENABLE = "thenEnable"
"""The argument of a registration that names the tables. Never part of what is sent to register."""

LEFT_OUT = "Not enabled again:"
"""How the warning of a follow-up begins that could not be opened."""


class FollowUps:
    """Owes them in the very transaction that writes the success, so that no crash lies in between."""

    def __init__(self, send_seconds: int) -> None:
        self._send = timedelta(seconds=send_seconds)

    def owe(self, unit: Unit, ended: Request) -> Request:
        """A request of its own, with its own rows, rights and end; the registration's form was its confirmation.

        Where somebody is at its tables already, the success comes back with a warning that says so.
        """
        tables, created = tables_to_enable(ended.operation), ended.result.created_id
        if ended.state is not RequestState.SUCCEEDED or not tables or not created:
            return ended
        follow_up = self._enabling(unit, ended, created, tables)
        try:
            unit.requests.insert(follow_up)
        except Conflict as error:
            return _left_out(unit, ended, f"{LEFT_OUT} {names_in_words([*tables])}. {error.holds}")
        payload: dict[str, JsonValue] = {"gate": follow_up.gate.value, "follows": ended.id, "tables": [*tables]}
        unit.audit.append(entry_for(follow_up, AuditKind.REQUEST, PROGRAM, payload=payload))
        return ended

    def _enabling(self, unit: Unit, ended: Request, created: str, tables: tuple[str, ...]) -> Request:
        environment = ended.operation.environment
        operation = Operation(
            kind=OperationKind.ENABLE_TABLES, environment=environment, database_id=created, items=tables
        )
        return Request(
            id=new_request_id(),
            story=ended.story,
            state=RequestState.APPROVED,
            version=1,
            operation=operation,
            digest=operation.digest(),
            target=Target(key=f"{environment}:{created}", id=created, label=ended.target.label),
            observation=Observation(identity={"id": created}),
            operation_class=OperationClass.CHANGE,
            gate=Gate.NONE,
            action=AuditAction.TABLES_ENABLE,
            summary=f"enable CloudSync for {_counted(tables)} of the database “{ended.target.label}”",
            reason=f"registered again by {ended.id}",
            requester_id=ended.requester_id,
            requester_name=ended.requester_name,
            team_id=ended.team_id,
            channel_id=ended.channel_id,
            approvals_required=0,
            created_at=unit.now,
            decide_by=unit.now,
            send_by=unit.now + self._send,
            decided_at=unit.now,
        )


def _left_out(unit: Unit, ended: Request, warning: str) -> Request:
    result = replace(ended.result, warnings=(*ended.result.warnings, warning))
    unit.requests.set_columns(ended.id, result=result)
    after = replace(ended, result=result)
    unit.audit.append(readings_row(after, {"warnings": [warning]}))
    return after


def are_left_out(ended: Request) -> bool:
    """Whether its tables were not enabled after it, as its warning says."""
    return any(warning.startswith(LEFT_OUT) for warning in ended.result.warnings)


def tables_to_enable(operation: Operation) -> tuple[str, ...]:
    """The tables that a registration enables afterwards."""
    given = operation.arguments.get(THEN_ENABLE)
    return tuple(str(name) for name in given) if isinstance(given, list) else ()


def _counted(tables: tuple[str, ...]) -> str:
    return f"the table {tables[0]}" if len(tables) == 1 else f"{len(tables)} tables"

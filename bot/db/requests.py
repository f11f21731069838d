"""Requests and votes in SQL: every transition is a compare-and-set, every worker's look skips what others hold."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from bot.db.driver import run_all
from bot.db.request_rows import dumped, from_row, to_row
from bot.db.storable import storable_text
from bot.db.tables import request_targets, requests, votes
from bot.domain.access import Gate
from bot.domain.errors import Conflict
from bot.domain.ports import Clock
from bot.domain.requests import (
    MAY_STILL_SEND,
    OPEN_STATES,
    Observation,
    OperationKind,
    Request,
    RequestState,
    Result,
    VoteRecord,
    may_move,
)

Column = requests.c
_TAKE_TARGET = insert(request_targets)
MATCHES = 11
KEY_LENGTH = 500
WAY_ON = {
    RequestState.EXECUTING: "Wait for its end; it is running and can no longer be cancelled.",
    RequestState.UNKNOWN: "Wait; how it ended is being found out, which takes at most 15 minutes.",
    RequestState.NEEDS_HUMAN: "An admin looks whether it happened and says so on its message; then ask again.",
}
"""What remains to be done about an open request that was sent."""
CANCELLABLE = "Wait for its end; whoever asked, or an admin in its channel, can cancel it with `approvals cancel {}`."
"""About one that was not."""


class Requests:
    """The requests inside one unit."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def insert(self, request: Request) -> None:
        """Store a new request; `Conflict` names the open one where its target has one already."""
        keys = target_keys(request)
        self._refuse_second(keys)
        with self._connection.begin_nested():  # whoever takes the `Conflict` as an answer goes on in this transaction
            self._connection.execute(insert(requests), to_row(request))
            self._take_targets(request.id, keys)

    def _take_targets(self, request_id: str, keys: Sequence[str]) -> None:
        rows = [{"request_id": request_id, "key": key, "open": True} for key in keys]
        try:
            run_all(self._connection, _TAKE_TARGET, rows)
        except IntegrityError:
            raise Conflict("Another request on this target was opened just now.") from None

    def _refuse_second(self, keys: Sequence[str]) -> None:
        on_target = requests.join(request_targets, request_targets.c.request_id == Column.id)
        held = self._connection.execute(
            select(Column.id, Column.state)
            .select_from(on_target)
            .where(request_targets.c.key.in_(keys), request_targets.c.open)
            .limit(1)
        ).first()
        if held is not None:
            raise Conflict(
                f"Another request on this target is open already: {held.id}.",
                next_step=WAY_ON.get(held.state, CANCELLABLE.format(held.id)),
                request_id=held.id,
            )

    def get(self, request_id: str) -> Request | None:
        """By its exact id."""
        return self._one(select(requests).where(Column.id == request_id))

    def lock(self, request_id: str) -> Request | None:
        """By its exact id, kept from others until the transaction ends."""
        return self._one(select(requests).where(Column.id == request_id).with_for_update())

    def match(self, reference: str) -> tuple[Request, ...]:
        """By its id or the beginning of it, newest first."""
        wanted = reference.casefold().strip()
        prefix = wanted if wanted.startswith("rq-") else f"rq-{wanted}"
        found = select(requests).where(Column.id.startswith(prefix, autoescape=True))
        return self._many(found.order_by(Column.created_at.desc()).limit(MATCHES))

    def move(
        self,
        request_id: str,
        *,
        before: RequestState,
        after: RequestState,
        through: RequestState | None = None,
        **columns: Any,
    ) -> Request | None:
        """Compare-and-set on the state; None where it was not `before` any more.

        Raises `ValueError` for a step that the state machine does not allow, or that would open again what has let
        go of its targets: NOT_SENT goes back to APPROVED in one step, `through` itself. A request that is no longer
        open lets go of its targets, and one that is never sent again loses its sealed secrets, in the same transaction.
        """
        way = (before, through, after) if through else (before, after)
        reopens = before not in OPEN_STATES and after in OPEN_STATES
        if reopens or not all(may_move(one, next_one) for one, next_one in pairwise(way)):
            raise ValueError(f"no way {' → '.join(way)}")
        values: dict[str, Any] = {**_stored(columns), "state": after.value, "version": Column.version + 1}
        ends = after not in OPEN_STATES
        if ends:
            values |= {"ended_at": self._clock.now()}
        if after not in MAY_STILL_SEND:
            values |= {"sealed": None}
        moved = self._connection.execute(
            update(requests).where(Column.id == request_id, Column.state == before.value).values(**values)
        )
        if moved.rowcount != 1:
            return None
        if ends:
            self._let_go(request_id)
        return self.get(request_id)

    def _let_go(self, request_id: str) -> None:
        self._connection.execute(
            update(request_targets).where(request_targets.c.request_id == request_id).values(open=False)
        )

    def set_columns(self, request_id: str, **columns: Any) -> None:
        """Columns beside the state."""
        self._connection.execute(update(requests).where(Column.id == request_id).values(**_stored(columns)))

    def set_card(self, request_id: str, channel_id: str, ts: str) -> None:
        """Where the channel's message lies; the first answer holds."""
        self._connection.execute(
            update(requests)
            .where(Column.id == request_id, Column.card_ts.is_(None))
            .values(card_channel=channel_id, card_ts=ts)
        )

    def add_vote(self, request_id: str, vote: VoteRecord) -> bool:
        """One vote a person; False where there is one already."""
        values = {
            "request_id": request_id,
            "person_id": vote.person_id,
            "vote": vote.vote.value,
            "reason": vote.reason,
            "at": vote.at,
        }
        dialect_insert = sqlite_insert if self._connection.dialect.name == "sqlite" else postgres_insert
        wanted = dialect_insert(votes).values(**values).on_conflict_do_nothing().returning(votes.c.person_id)
        return self._connection.execute(wanted).first() is not None

    def open_requests(
        self, *, channel_id: str | None = None, limit: int = 20, requester_id: str | None = None
    ) -> tuple[Request, ...]:
        """What is still open, newest first."""
        where: list[ColumnElement[bool]] = [Column.state.in_([state.value for state in OPEN_STATES])]
        if channel_id is not None:
            where.append(Column.channel_id == channel_id)
        if requester_id is not None:
            where.append(Column.requester_id == requester_id)
        return self._many(select(requests).where(*where).order_by(Column.created_at.desc()).limit(limit))

    def approved_ready(self, now: datetime, limit: int) -> tuple[Request, ...]:
        """Approved and within the time to send."""
        return self._due(and_(Column.state == RequestState.APPROVED.value, Column.send_by > now), limit, lock=False)

    def expired(self, now: datetime, limit: int) -> tuple[Request, ...]:
        """Whose clock, to decide or to send, has run out."""
        undecided = and_(Column.state == RequestState.PENDING.value, Column.decide_by <= now)
        unsent = and_(Column.state == RequestState.APPROVED.value, Column.send_by <= now)
        return self._due(or_(undecided, unsent), limit)

    def expired_claims(self, now: datetime, limit: int) -> tuple[Request, ...]:
        """Whose sender has not come back in time."""
        return self._due(and_(Column.state == RequestState.EXECUTING.value, Column.claim_expires <= now), limit)

    def claimed(self, limit: int) -> tuple[Request, ...]:
        """Whose send is under way, or was when its sender died."""
        return self._due(Column.state == RequestState.EXECUTING.value, limit)

    def claim_looks(self, now: datetime, lease: timedelta, limit: int) -> tuple[Request, ...]:
        """Unknown ends whose next look is due, put off for whoever else looks.

        One replica reads, and another only if that one dies over it.
        """
        due = self._due(and_(Column.state == RequestState.UNKNOWN.value, Column.reconcile_at <= now), limit)
        for request in due:
            self.set_columns(request.id, reconcile_at=now + lease)
        return due

    def reminders_due(self, now: datetime, limit: int) -> tuple[Request, ...]:
        """Undecided, not reminded yet, in the last third of the time to decide."""
        return self._due(
            and_(
                Column.state == RequestState.PENDING.value,
                Column.gate == Gate.APPROVE.value,
                Column.reminded_at.is_(None),
                Column.remind_at <= now,
                Column.decide_by > now,
            ),
            limit,
        )

    def _due(self, where: ColumnElement[bool], limit: int, *, lock: bool = True) -> tuple[Request, ...]:
        wanted = select(requests).where(where).order_by(Column.created_at).limit(limit)
        return self._many(wanted.with_for_update(skip_locked=True) if lock else wanted)

    def _one(self, wanted: Select[Any]) -> Request | None:
        found = self._many(wanted)
        return found[0] if found else None

    def _many(self, wanted: Select[Any]) -> tuple[Request, ...]:
        rows = self._connection.execute(wanted).all()
        cast: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        if rows:
            ids = [row.id for row in rows]
            for vote in self._connection.execute(select(votes).where(votes.c.request_id.in_(ids)).order_by(votes.c.at)):
                cast[vote.request_id].append(vote)
        return tuple(from_row(row, cast[row.id]) for row in rows)


def target_keys(request: Request) -> tuple[str, ...]:
    """One open request a target: for devices each site id is a target of its own."""
    if request.operation.kind is OperationKind.REMOVE_DEVICES and request.operation.items:
        return tuple(dict.fromkeys(_key(f"{request.target.key}:{item}") for item in request.operation.items))
    return (_key(request.target.key),)


def _key(target: str) -> str:
    """The key itself, or its digest where it is too long for an index entry on PostgreSQL."""
    return target if len(target) <= KEY_LENGTH else hashlib.sha256(storable_text(target).encode()).hexdigest()


def _stored(columns: dict[str, Any]) -> dict[str, Any]:
    parts = {name: dumped(part) for name, part in columns.items() if isinstance(part, Result | Observation)}
    return {**columns, **parts}

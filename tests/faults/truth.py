"""Joins what the stand-in API saw, what the requests' rows say and what the trail tells. They must agree."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from bot.db.audit_verify import verify_rows
from bot.db.audit_walk import Finding
from bot.db.engine import Database
from bot.db.request_rows import from_row
from bot.db.tables import audit_events, inbox, requests, votes
from bot.db.unit import Unit
from bot.domain.requests import OperationKind as Kind
from bot.domain.requests import Request, Vote
from bot.domain.requests import RequestState as S
from bot.sandbox.api.journal import Call
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.reading import buttons_of
from tests.conftest import AUDIT_KEYS
from tests.faults import haste

SENT_NOTHING = frozenset({S.PENDING, S.DENIED, S.CANCELLED, S.EXPIRED, S.STALE})
GUARD_SECONDS = haste.FRESH_SECONDS + 0.5
"""The guard's, and what the stand-in takes to note a call; on a slow machine more, by what it was late at its worst."""
UNDECIDED = frozenset({S.PENDING, S.APPROVED, S.EXECUTING, S.UNKNOWN})

_PATHS = {
    Kind.DELETE_DATABASE: ("DELETE", "/v1/databases/{id}"),
    Kind.UPDATE_DATABASE: ("PATCH", "/v1/databases/{id}"),
    Kind.REGISTER_DATABASE: ("POST", "/v1/databases"),
    Kind.ENABLE_TABLES: ("POST", "/v1/databases/{id}/cloudsync/enable"),
    Kind.DISABLE_TABLES: ("POST", "/v1/databases/{id}/cloudsync/disable"),
    Kind.SET_TOKEN: ("PUT", "/v1/databases/{id}/notifications/expo-access-token"),
    Kind.DELETE_TOKEN: ("DELETE", "/v1/databases/{id}/notifications/expo-access-token"),
    Kind.REMOVE_DEVICES: ("DELETE", "/v1/databases/{id}/devices/{item}"),
}
"""As the specification has them: on purpose not what the bot's own client makes."""


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """What the checker needs of a row of the trail."""

    seq: int
    at: datetime
    kind: str
    request_id: str | None
    delivery: str | None
    story: str
    outcome: str
    payload: str


@dataclass(frozen=True, kw_only=True)
class Books:
    """The bots' own books, read in one snapshot."""

    requests: Mapping[str, Request]
    trail: Sequence[AuditRow]
    deliveries: Mapping[str, str]
    """Inbox key to state."""
    chain: Finding


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the checker found: `wrong` must be empty; the counts tell that something was tried at all."""

    wrong: tuple[str, ...]
    calls: int
    ends: Mapping[str, int]

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {state}" for state, count in sorted(self.ends.items()))
        return f"{self.calls} calls sent; requests: {ends}"


async def requests_of(database: Database, person_id: str, since: datetime) -> list[Request]:
    """The requests that one person made since then, oldest first; without their votes."""
    wanted = select(requests).where(requests.c.requester_id == person_id, requests.c.created_at >= since)
    rows = await database.read(lambda unit: _connection(unit).execute(wanted.order_by(requests.c.created_at)).all())
    return [from_row(row, []) for row in rows]


async def books(database: Database) -> Books:
    """Everything, in one snapshot."""
    return await database.read(_books)


async def standing(database: Database) -> tuple[dict[str, tuple[S, int]], int]:
    """State and sends of every request, and how many intents the trail has: what is cheap enough after each step."""

    def read(unit: Unit) -> tuple[dict[str, tuple[S, int]], int]:
        found = _connection(unit).execute(select(requests.c.id, requests.c.state, requests.c.sends))
        intents = select(func.count()).select_from(audit_events).where(audit_events.c.kind == "intent")
        return {row.id: (S(row.state), row.sends) for row in found}, int(
            _connection(unit).execute(intents).scalar_one()
        )

    return await database.read(read)


def _connection(unit: Unit) -> Connection:
    return unit._connection


def _books(unit: Unit) -> Books:
    connection = _connection(unit)
    return Books(
        requests=_requests(connection),
        trail=[
            AuditRow(
                seq=row.seq,
                at=row.occurred_at,
                kind=row.kind,
                request_id=row.request_id,
                delivery=row.delivery,
                story=row.story,
                outcome=row.outcome,
                payload=row.payload or "",
            )
            for row in connection.execute(select(audit_events).order_by(audit_events.c.seq))
        ],
        deliveries={row.key: row.state for row in connection.execute(select(inbox))},
        chain=verify_rows(connection, AUDIT_KEYS),
    )


def _requests(connection: Connection) -> dict[str, Request]:
    cast: defaultdict[str, list[Any]] = defaultdict(list)
    for vote in connection.execute(select(votes)):
        cast[vote.request_id].append(vote)
    rows = connection.execute(select(requests).order_by(requests.c.created_at)).all()
    return {row.id: from_row(row, cast[row.id]) for row in rows}


def check(found: Books, calls: Sequence[Call], messages: Iterable[Message], *, late: float) -> Verdict:
    """Every promise, one by one. `late`: by how much the stand-in may have noted a call later than it was made."""
    changing = [call for call in calls if call.changes]
    wrong = [
        *_chain(found),
        *_sends(found, changing),
        *_ends(found, changing),
        *_late(found, changing, GUARD_SECONDS + late),
        *_again(found),
        *_left_all_the_same(found, changing),
        *_trail(found),
        *_deliveries(found),
        *_cards(found, messages),
    ]
    ends = Counter(request.state.value for request in found.requests.values())
    return Verdict(wrong=tuple(wrong), calls=len(changing), ends=dict(ends))


def _chain(found: Books) -> Iterator[str]:
    if found.chain.seq is not None:
        yield f"the chain is broken at row {found.chain.seq}: {found.chain.problem}"
    if [row.seq for row in found.trail] != list(range(1, len(found.trail) + 1)):
        yield "rows of the trail are missing"


Key = tuple[str, str, str]


def key_of_call(call: Call) -> Key:
    """What a call does, in words that a request can be compared with."""
    detail = ""
    if call.method == "POST" and isinstance(call.body, dict):
        detail = str(call.body.get("label") or sorted(call.body.get("tables") or ()))
    return call.method, call.path, detail


def keys_of(request: Request) -> list[Key]:
    """The calls that a request may send, each once."""
    operation = request.operation
    if operation.kind not in _PATHS:
        return []
    method, path = _PATHS[operation.kind]
    if operation.kind is Kind.REMOVE_DEVICES:
        return [(method, path.format(id=operation.database_id, item=item), "") for item in operation.items]
    detail = ""
    if operation.kind is Kind.REGISTER_DATABASE:
        detail = request.target.label
    elif operation.kind in (Kind.ENABLE_TABLES, Kind.DISABLE_TABLES):
        detail = str(sorted(operation.items))
    return [(method, path.format(id=operation.database_id), detail)]


def _sends(found: Books, calls: Sequence[Call]) -> Iterator[str]:
    """Each call has an intent of its own that was committed before it, and each intent is sent at most once."""
    intents: defaultdict[Key, list[datetime]] = defaultdict(list)
    for row in found.trail:
        request = found.requests.get(row.request_id or "")
        if row.kind == "intent" and request is not None:
            for key in keys_of(request):
                intents[key].append(row.at)
    sent: defaultdict[Key, list[datetime]] = defaultdict(list)
    for call in calls:
        sent[_likeliest(key_of_call(call), call, intents)].append(call.started)
    for key, times in sent.items():
        for position, at in enumerate(sorted(times)):
            if position >= len(intents[key]):
                yield f"{key}: sent {len(times)} times on {len(intents[key])} intents"
                break
            if sorted(intents[key])[position] > at:
                yield f"{key}: sent before its intent was committed"


def _likeliest(key: Key, call: Call, intents: Mapping[Key, list[datetime]]) -> Key:
    """Where the connection closed before the body came, the last intent before it of that method and path."""
    if call.method != "POST" or call.body is not None:
        return key
    earlier = [
        (max(t for t in times if t <= call.started), other)
        for other, times in intents.items()
        if other[:2] == key[:2] and any(t <= call.started for t in times)
    ]
    return max(earlier)[1] if earlier else key


def _ends(found: Books, calls: Sequence[Call]) -> Iterator[str]:
    """What a request says of itself is what the stand-in API did."""
    by_key: defaultdict[Key, list[Call]] = defaultdict(list)
    for call in calls:
        by_key[key_of_call(call)].append(call)
    for request in found.requests.values():
        if request.operation.kind not in _PATHS:
            continue
        took_effect, arrived = _own_calls(request, by_key)
        yield from _untrue(request, took_effect=took_effect, arrived=arrived)


def _own_calls(request: Request, by_key: Mapping[Key, list[Call]]) -> tuple[bool, bool]:
    """Whether calls of this request arrived, and took effect: those between its claim and its end."""
    mine = [
        call
        for key in keys_of(request)
        for call in by_key.get(key, [])
        if request.claimed_at is not None
        and request.claimed_at <= call.started
        and (request.ended_at is None or call.started <= request.ended_at)
    ]
    return any(call.took_effect for call in mine), bool(mine)


def _untrue(request: Request, *, took_effect: bool, arrived: bool) -> Iterator[str]:
    words = f"{request.id} ({request.operation.kind.value}, {request.state.value})"
    if request.state in UNDECIDED:
        yield f"{words} has no end"
    if request.state in SENT_NOTHING and arrived:
        yield f"{words} was sent"
    if request.state is S.SUCCEEDED and not took_effect:
        yield f"{words} never took effect"
    if request.state in (S.NOT_APPLIED, S.REJECTED, S.NOT_SENT, S.ALREADY_ABSENT) and took_effect:
        yield f"{words} took effect"


def _late(found: Books, calls: Sequence[Call], allowed: float) -> Iterator[str]:
    """Nothing is sent on old readings: between claim and call lie no more than the guard's five seconds."""
    for request in found.requests.values():
        keys = keys_of(request)
        if len(keys) != 1 or request.claimed_at is None:
            continue
        for call in calls:
            late = (call.started - request.claimed_at).total_seconds()
            is_own = key_of_call(call) == keys[0] and late >= 0 and not _claimed_between(found, request, call)
            if is_own and late > allowed:
                yield f"{request.id} was sent {late:.1f} s after its claim"


def _again(found: Books) -> Iterator[str]:
    """One approval is sent once: a second intent only where the first send is known never to have left."""
    intents: Counter[str] = Counter()
    for row in found.trail:
        if row.kind == "intent" and row.request_id:
            intents[row.request_id] += 1
            if intents[row.request_id] > 1:
                yield f"{row.request_id} was sent again"
        elif row.kind == "outcome" and row.outcome == "not_sent" and row.request_id:
            intents[row.request_id] -= 1
    for request in found.requests.values():
        if intents[request.id] > 0 and any(vote.vote is Vote.DENY for vote in request.votes):
            yield f"{request.id} was denied and sent"


def _left_all_the_same(found: Books, calls: Sequence[Call]) -> Iterator[str]:
    """Where the trail says that a call was not sent, the API has not seen it: only then may it be sent again."""
    intended: dict[str, datetime] = {}
    for row in found.trail:
        request = found.requests.get(row.request_id or "")
        if request is None:
            continue
        if row.kind == "intent":
            intended[request.id] = row.at
        elif row.kind == "outcome" and row.outcome == "not_sent" and request.id in intended:
            keys, since = keys_of(request), intended.pop(request.id)
            if any(since <= call.started <= row.at and key_of_call(call) in keys for call in calls):
                yield f"{request.id} is said not to have been sent, and was"


def _claimed_between(found: Books, request: Request, call: Call) -> bool:
    """Whether a later request on the same target is the one that the call belongs to."""
    assert request.claimed_at is not None
    return any(
        other.claimed_at is not None and request.claimed_at < other.claimed_at <= call.started
        for other in found.requests.values()
        if keys_of(other) == keys_of(request)
    )


def _trail(found: Books) -> Iterator[str]:
    """No audit row is lost: each step that a request's row shows has its row in the trail."""
    rows: defaultdict[str, list[AuditRow]] = defaultdict(list)
    for row in found.trail:
        if row.request_id:
            rows[row.request_id].append(row)
    for request in found.requests.values():
        mine = rows[request.id]
        kinds = Counter(row.kind for row in mine)
        if kinds["request"] != 1:
            yield f"{request.id} has {kinds['request']} rows of its asking"
        if kinds["intent"] != request.sends:
            yield f"{request.id} was claimed {request.sends} times and has {kinds['intent']} intents"
        if kinds["decision"] < len(request.votes):
            yield f"{request.id} has {len(request.votes)} votes and {kinds['decision']} decisions"
        if not any(f'"state":"{request.state.value}"' in row.payload for row in mine):
            yield f"{request.id} is {request.state.value}, and no row says so"
    unknown = set(rows) - set(found.requests)
    if unknown:
        yield f"the trail names requests that are not there: {sorted(unknown)[:3]}"


def _deliveries(found: Books) -> Iterator[str]:
    """Each delivery that was taken has its row in the trail, answered or abandoned, and asked for one thing at most."""
    asked = Counter(row.delivery for row in found.trail if row.kind == "request" and row.delivery)
    yield from (f"{key} opened {times} requests" for key, times in asked.items() if times > 1)
    told = {row.delivery for row in found.trail if row.delivery}
    untold = [key for key, state in found.deliveries.items() if state == "answered" and key not in told]
    waiting = [key for key, state in found.deliveries.items() if state == "taken"]
    if untold:
        yield f"{len(untold)} deliveries have no row in the trail, such as {untold[0]}"
    if waiting:
        yield f"{len(waiting)} deliveries were never finished nor abandoned, such as {waiting[0]}"


def _cards(found: Books, messages: Iterable[Message]) -> Iterator[str]:
    """A card is posted once, and what it offers is still to be had."""
    cards: defaultdict[str, list[Message]] = defaultdict(list)
    for message in messages:
        if not message.deleted:
            cards[str(((message.metadata or {}).get("event_payload") or {}).get("marker") or "")].append(message)
    for request in found.requests.values():
        mine = cards[request.id]
        if len(mine) > 1:
            yield f"the card of {request.id} stands {len(mine)} times in the channel"
        if request.state not in UNDECIDED and any("Approve" in buttons_of(message) for message in mine):
            yield f"the card of {request.id} ({request.state.value}) can still be approved"


SECRET = re.compile(r"hunter2|expo-of-")


def leaks(found: Books) -> list[int]:
    """The rows of the trail that hold a secret which somebody typed."""
    return [row.seq for row in found.trail if SECRET.search(row.payload)]

"""What people do all day: ask for changes, confirm, approve; patient with a bot that dies under their hands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bot.domain.access import Gate
from bot.domain.requests import OperationKind as Kind
from bot.domain.requests import Request, RequestState
from bot.sandbox.api.estate import Database as Managed
from bot.sandbox.slack.deliver import Delivery, Manner
from bot.sandbox.slack.errors import CannotDoError
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.person import ON_TIME, Person
from bot.sandbox.slack.reading import buttons_of
from bot.sandbox.slack.views import View
from tests.faults.stage import CHANNEL, Stage
from tests.faults.truth import requests_of

PATIENCE_SECONDS = 4.0
LOOKED_AT = 300
"""Messages on the screen."""
TRIES = 40
AGAIN_SECONDS = 0.1
SOONEST_SECONDS, LATEST_SECONDS = 0.05, 0.25
"""Between two looks at the database."""


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One thing that somebody wants done: what is typed, and into which fields."""

    kind: Kind
    text: str
    form: Mapping[str, Any] = field(default_factory=dict)
    by_admin: bool = False
    """Only an admin may ask for it."""
    label: str = ""
    """Of what is to be registered."""
    database_id: str = ""
    """Of what is to be changed."""

    def is_asked_by(self, request: Request) -> bool:
        """Whether the request came of this errand: several people may run one of a kind as the same admin."""
        if request.operation.kind is not self.kind:
            return False
        return (self.label or self.database_id) in (request.target.label, request.operation.database_id)


REASON = '--reason "because it is due"'


def errand(kind: Kind, target: Managed, number: int = 0) -> Errand:
    """The errand of this kind on this database; `number` makes its words differ from the last one's."""
    wanted = _ERRANDS[kind](target, number)
    return replace(
        wanted, database_id=target.id, label=wanted.form.get("Label", "") if kind is Kind.REGISTER_DATABASE else ""
    )


def _delete(target: Managed, number: int) -> Errand:
    del number
    form = {"Type the label to confirm": target.label}
    return Errand(kind=Kind.DELETE_DATABASE, text=f"databases delete {target.id} {REASON}", form=form)


def _register(target: Managed, number: int) -> Errand:
    label = f"new-{target.label}-{number}"
    form = {
        "Label": label,
        "Provider": "postgres",
        "Flavor": "supabase",
        "Database name": label.replace("-", "_"),
        "Connection string": f"postgresql://owner:hunter2@{label}.db.example/app",
    }
    return Errand(kind=Kind.REGISTER_DATABASE, text="databases register", form=form)


def _relabel(target: Managed, number: int) -> Errand:
    form = {"Label": f"{target.label.split('-r')[0]}-r{number}"}
    return Errand(kind=Kind.UPDATE_DATABASE, text=f"databases update {target.id}", form=form)


def _remove(target: Managed, number: int) -> Errand:
    site_id = target.devices[number % len(target.devices)].site_id if target.devices else "site_00000"
    return Errand(kind=Kind.REMOVE_DEVICES, text=f"devices remove {target.id} {site_id} {REASON}")


def _enable(target: Managed, number: int) -> Errand:
    off = sorted(name for name, is_on in target.tables.items() if not is_on) or ["users"]
    return Errand(kind=Kind.ENABLE_TABLES, text=f"tables enable {target.id} {off[number % len(off)]}")


def _disable(target: Managed, number: int) -> Errand:
    on = sorted(name for name, is_on in target.tables.items() if is_on) or ["users"]
    text = f"tables disable {target.id} {on[number % len(on)]} {REASON}"
    return Errand(kind=Kind.DISABLE_TABLES, text=text, by_admin=True)


def _set_token(target: Managed, number: int) -> Errand:
    form = {"Expo access token": f"expo-of-{target.label}-{number}"}
    return Errand(kind=Kind.SET_TOKEN, text=f"notifications token set {target.id}", form=form)


def _delete_token(target: Managed, number: int) -> Errand:
    del number
    return Errand(kind=Kind.DELETE_TOKEN, text=f"notifications token delete {target.id} {REASON}")


_ERRANDS: Mapping[Kind, Callable[[Managed, int], Errand]] = {
    Kind.DELETE_DATABASE: _delete,
    Kind.REGISTER_DATABASE: _register,
    Kind.UPDATE_DATABASE: _relabel,
    Kind.REMOVE_DEVICES: _remove,
    Kind.ENABLE_TABLES: _enable,
    Kind.DISABLE_TABLES: _disable,
    Kind.SET_TOKEN: _set_token,
    Kind.DELETE_TOKEN: _delete_token,
}
KINDS = tuple(_ERRANDS)


async def patiently(act: Callable[[], Awaitable[Delivery]]) -> bool:
    """Try until a bot takes it; False where none does, or it can no longer be done."""
    for _ in range(TRIES):
        try:
            if (await act()).is_acknowledged:
                return True
        except CannotDoError:
            return False
        await asyncio.sleep(AGAIN_SECONDS)
    return False


async def ask(stage: Stage, person: Person, wanted: Errand, manner: Manner = ON_TIME) -> Request | None:
    """Type it and fill in its form; the request that came of it, None where the bot died over it."""
    since = datetime.now(UTC)
    while (left_open := person.modal) is not None:
        with suppress(CannotDoError):
            await person.close(left_open)
    if not await patiently(lambda: person.command(CHANNEL, f"/cloudsync {wanted.text}", manner=manner)):
        return None
    if wanted.form and not await _fill(person, wanted.form, manner):
        return None
    return await newest_request(stage, person, since, wanted)


async def _fill(person: Person, form: Mapping[str, Any], manner: Manner) -> bool:
    try:
        modal = await person.wait_for(lambda: form_of(person), PATIENCE_SECONDS)
        assert modal is not None
        await person.fill(modal, form)
    except (TimeoutError, CannotDoError, AssertionError):
        return False
    return await patiently(lambda: person.submit(modal, manner=manner))


def form_of(person: Person) -> View | None:
    """The form in front, once more than its title has come."""
    modal = person.modal
    return modal if modal is not None and "submit" in modal.payload else None


async def newest_request(stage: Stage, person: Person, since: datetime, wanted: Errand) -> Request | None:
    """The request of this errand that was opened since, as soon as there is one."""
    waited = 0.0
    while waited < PATIENCE_SECONDS:
        seen = stage.workspace.version
        found = await requests_of(stage.database, person.id, since)
        mine = [request for request in found if wanted.is_asked_by(request)]
        if mine:
            return mine[-1]
        waited += await _something_new(stage, seen)
    return None


async def _something_new(stage: Stage, seen: int) -> float:
    """Whoever opened a request soon shows something of it: until then nobody looks often. How long that took."""
    started = time.monotonic()
    await asyncio.sleep(SOONEST_SECONDS)
    with suppress(TimeoutError):
        async with asyncio.timeout(LATEST_SECONDS - SOONEST_SECONDS):
            await stage.workspace.news(after=seen)
    return time.monotonic() - started


def card_of(stage: Stage, request: Request) -> Message | None:
    """The channel's message of a request."""
    for message in islice(reversed(stage.workspace.messages), LOOKED_AT):
        payload = (message.metadata or {}).get("event_payload") or {}
        if payload.get("marker") == request.id:
            return message
    return None


def question_to(person: Person, request: Request) -> Message | None:
    """The private question about a request, with **Confirm**."""
    newest = islice(reversed(person.workspace.messages), LOOKED_AT)
    mine = (one for one in newest if one.visible_to == person.id and request.id in str(one.blocks))
    return next((one for one in mine if "Confirm" in buttons_of(one)), None)


async def press(stage: Stage, person: Person, request: Request, button: str, manner: Manner = ON_TIME) -> bool:
    """Press a button on the request's message once it is there; False where it never is, or says something else.

    Whoever delivers more than once also presses twice: two acts, each with a trigger of its own.
    """
    with suppress(TimeoutError):
        shown = await stage.workspace.wait_for(
            lambda: card_of(stage, request) if request.gate is Gate.APPROVE else question_to(person, request),
            PATIENCE_SECONDS,
        )
        assert shown is not None
        clicks = 1 if manner.copies == 1 else 2
        pressed = (patiently(lambda: person.click(shown, button, manner=manner)) for _ in range(clicks))
        return any(await asyncio.gather(*pressed))
    return False


async def carry_through(
    stage: Stage, number: int, kind: Kind, target: Managed, manner: Manner = ON_TIME
) -> Request | None:
    """Ask, and get it decided; what comes of it is the truth checker's business."""
    wanted = errand(kind, target, number)
    person = stage.approver(number) if wanted.by_admin else stage.operator(number)
    request = await ask(stage, person, wanted, manner)
    if request is None or request.gate is Gate.NONE:
        return request
    decider = person if request.gate is Gate.CONFIRM else stage.approver((number + 1) % 4)
    if request.state is RequestState.PENDING:
        button = "Confirm" if request.gate is Gate.CONFIRM else "Approve"
        await press(stage, decider, request, button, manner)
    return request
